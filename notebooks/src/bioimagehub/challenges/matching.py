"""Which predicted object stands for which true object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.assignment import assign
from bioimagehub.challenges.conventions import HALF, Threshold, check_side, parse_threshold

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from bioimagehub.challenges.contingency import Contingency


@dataclass(frozen=True, eq=False, repr=False)
class Matching:
    """A one-to-one matching of true and predicted objects at one IoU threshold.

    Attributes
    ----------
    table : Contingency
        The overlaps that were matched.
    threshold : Fraction
        The IoU threshold.
    closed : bool
        True for IoU ≥ threshold, False for IoU > threshold.
    overlaps : ndarray of int64, shape (matched,)
        Positions of the matched pairs in the arrays of the table, ascending.
    """

    table: Contingency
    threshold: Fraction
    closed: bool
    overlaps: NDArray[np.int64]

    @property
    def tp(self) -> int:
        """True positives: matched pairs."""
        return len(self.overlaps)

    @property
    def fp(self) -> int:
        """False positives: predicted objects without a partner."""
        return self.table.n_prediction - self.tp

    @property
    def fn(self) -> int:
        """False negatives: true objects without a partner."""
        return self.table.n_truth - self.tp

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of each matched pair, float64, shape (matched,)."""
        return self.table.iou[self.overlaps]

    @property
    def pairs(self) -> NDArray[np.integer[Any]]:
        """Truth label and prediction label of each matched pair, int, shape (matched, 2)."""
        table = self.table
        return np.stack(
            [
                table.truth_labels[table.truth_index[self.overlaps]],
                table.prediction_labels[table.prediction_index[self.overlaps]],
            ],
            axis=1,
        )

    @property
    def missed(self) -> NDArray[np.integer[Any]]:
        """Labels of the true objects without a partner, int, shape (fn,)."""
        return np.delete(self.table.truth_labels, self.table.truth_index[self.overlaps])

    @property
    def false(self) -> NDArray[np.integer[Any]]:
        """Labels of the predicted objects without a partner, int, shape (fp,)."""
        return np.delete(self.table.prediction_labels, self.table.prediction_index[self.overlaps])

    def __repr__(self) -> str:
        sign = "≥" if self.closed else ">"
        return f"<Matching at IoU {sign} {self.threshold}: {self.tp} TP, {self.fp} FP, {self.fn} FN>"


def match(table: Contingency, threshold: Threshold = HALF, *, closed: bool = True) -> Matching:
    """Match as many objects one to one as overlap enough; of several such matchings, take one of the largest IoU sum.

    Parameters
    ----------
    table : Contingency
        The overlaps of two label images.
    threshold : float or Fraction
        Intersection over union that a pair needs, from 0 to 1; see
        `bioimagehub.challenges.conventions.parse_threshold`.
    closed : bool
        True if a pair at the threshold matches (IoU ≥ t), False if not (IoU > t).

    Returns
    -------
    Matching

    Raises
    ------
    ThresholdError
        If the threshold is out of range, or if every pair or none would pass it.

    Notes
    -----
    With t = k/d, the test I/U ≥ t is made as d·I ≥ k·U in whole numbers: a division would round, and pairs
    that lie exactly on a threshold are common (objects of few pixels; an object cut into halves).

    Above one half each object has one partner at most, as two disjoint objects cannot both cover more
    than half of a third [1]_. At one half exactly, an object has two partners only if they are its two halves,
    and then these have no other partner; both are worth the same and the one with the lower label is taken. So
    an assignment has to be solved for t < ½ only.

    References
    ----------
    .. [1] Kirillov et al., "Panoptic segmentation", CVPR 2019, section 4.1,
       https://doi.org/10.1109/CVPR.2019.00963

    Examples
    --------
    Half of the truth is found: IoU is 0.5.

    >>> from bioimagehub.challenges import contingency
    >>> table = contingency([[1, 1, 0]], [[4, 0, 0]])
    >>> match(table).tp, match(table, closed=False).tp
    (1, 0)
    >>> match(table).pairs
    array([[1, 4]])
    """
    t = parse_threshold(threshold)
    check_side(t, closed=closed)
    near = table.intersection * t.denominator
    far = table.union * t.numerator
    overlaps = np.flatnonzero(near >= far if closed else near > far)
    if t < HALF:
        i, j = table.truth_index[overlaps], table.prediction_index[overlaps]
        overlaps = overlaps[assign(i, j, table.iou[overlaps])]
    elif t == HALF and closed:
        overlaps = overlaps[np.unique(table.truth_index[overlaps], return_index=True)[1]]
        overlaps = np.sort(overlaps[np.unique(table.prediction_index[overlaps], return_index=True)[1]])
    return Matching(table, t, closed, overlaps)
