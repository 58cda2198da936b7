"""What the metrics of instances are computed from: sums over the objects of one image, or of several."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.contingency import contingency
from bioimagehub.challenges.conventions import Conventions
from bioimagehub.challenges.errors import ConventionError
from bioimagehub.challenges.matching import match
from bioimagehub.challenges.outcomes import Outcome, outcomes
from bioimagehub.challenges.overlaps import best_dice_sums, best_partners, dice, heaviest_pairs, jaccard_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from bioimagehub.challenges.contingency import Contingency
    from bioimagehub.challenges.matching import Matching


@dataclass(frozen=True, eq=False, repr=False)
class Counts:
    """Matched and unmatched objects at each IoU threshold, and sums over overlaps that need no threshold.

    Attributes
    ----------
    conventions : Conventions
        The thresholds, and how objects were matched at them.
    n_truth, n_prediction : int
        Number of true and of predicted objects.
    tp : ndarray of int64, shape (thresholds,)
        True positives: matched pairs.
    excused : ndarray of int64, shape (thresholds,)
        Predicted objects without a partner that are no error, because they lie mostly in the region to be ignored.
    iou_sum, dice_sum : ndarray of float64, shape (thresholds,)
        Sums of the intersections over union and of the Dice coefficients of the matched pairs.
    jaccard, jaccard_plus : (int, int)
        Intersection and union in pixels for the aggregated Jaccard index and AJI+, see
        `bioimagehub.challenges.overlaps.jaccard_sums`.
    best_dice : (float, float)
        Sums over true and over predicted objects of the best Dice coefficient that each has with any object.
    splits, merges : int
        True objects that were split, and predicted objects that merge several, at the single threshold; see
        `bioimagehub.challenges.outcomes`.
    """

    conventions: Conventions
    n_truth: int
    n_prediction: int
    tp: NDArray[np.int64]
    excused: NDArray[np.int64]
    iou_sum: NDArray[np.float64]
    dice_sum: NDArray[np.float64]
    jaccard: tuple[int, int]
    jaccard_plus: tuple[int, int]
    best_dice: tuple[float, float]
    splits: int
    merges: int

    @property
    def fp(self) -> NDArray[np.int64]:
        """False positives at each threshold: predicted objects without a partner, but those that are excused."""
        return self.n_prediction - self.tp - self.excused

    @property
    def fn(self) -> NDArray[np.int64]:
        """False negatives at each threshold: true objects without a partner."""
        return self.n_truth - self.tp

    @property
    def at(self) -> int:
        """Position of the threshold of the single-threshold scores."""
        return self.conventions.fractions.index(self.conventions.at)

    def __repr__(self) -> str:
        return f"<Counts: {self.n_truth} true objects, {self.n_prediction} predicted, matched {self.tp.tolist()}>"

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        values = {name: _plain(value) for name, value in vars(self).items()}
        return values | {"conventions": self.conventions.as_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Counts:
        """Return the counts that `as_dict` wrote, exactly."""
        sums = {name: np.array(values[name], np.float64) for name in ("iou_sum", "dice_sum")}
        whole = {name: np.array(values[name], np.int64) for name in ("tp", "excused")}
        pairs = {name: tuple(values[name]) for name in ("jaccard", "jaccard_plus", "best_dice")}
        return cls(**values | sums | whole | pairs | {"conventions": Conventions.from_dict(values["conventions"])})

    def ratio(self, numerator: NDArray[Any], denominator: NDArray[np.int64]) -> NDArray[np.float64]:
        """Divide at each threshold, with the conventions for the empty case, which are the same for all metrics.

        If there is no object at all, the result is `conventions.empty_value`. If there are objects and a
        denominator is 0, the result is 0: whoever predicts nothing where there is something has a precision of 0.
        """
        quotient = np.zeros(len(self.tp))
        np.divide(numerator, denominator, out=quotient, where=denominator > 0)
        is_empty = (self.tp + self.fp + self.fn) == 0
        return np.where(is_empty, self.conventions.empty_value, quotient)

    def share(self, numerator: float, denominator: float) -> float:
        """Divide sums that depend on no threshold; the special cases are those of `ratio`."""
        if self.n_truth == 0 and self.n_prediction == 0:
            return self.conventions.empty_value
        return numerator / denominator if denominator else 0.0


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def measure(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    conventions: Conventions,
    spacing: Sequence[float] | None = None,  # noqa: ARG001  all families have it
    name: str = "case",
) -> Counts:
    """Return the counts of one pair of label images.

    Parameters
    ----------
    truth, prediction : array of int or uint, both (y, x), (z, y, x) or with more axes
        Label images, 0 is background.
    conventions : Conventions
        Thresholds and the rules for special cases.
    spacing : sequence of float, optional
        Size of a pixel in micrometres, an axis each. Overlaps do not depend on it.
    name : str
        What messages call the image.

    Raises
    ------
    NotALabelImageError, NegativeLabelError, LabelShapeError
        See `bioimagehub.challenges.labels.check_pair`.

    Examples
    --------
    >>> measure([[1, 1, 0, 2]], [[1, 1, 0, 0]], conventions=Conventions())
    <Counts: 2 true objects, 1 predicted, matched [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]>
    """
    return count(contingency(truth, prediction, name=name, ignore=conventions.ignore), conventions)


def count(table: Contingency, conventions: Conventions) -> Counts:
    """Match the objects of an image at all thresholds and count.

    Parameters
    ----------
    table : Contingency
        The overlaps of the ground truth and the prediction.
    conventions : Conventions
        Thresholds, and whether they are closed.
    """
    matchings = [match(table, threshold, closed=conventions.closed) for threshold in conventions.fractions]
    iou, coefficient = table.iou, dice(table)
    areas = table.prediction_areas + table.prediction_ignored
    outside = conventions.excuse & (2 * table.prediction_ignored > areas)
    truth, prediction = outcomes(matchings[conventions.fractions.index(conventions.at)])
    return Counts(
        conventions,
        table.n_truth,
        table.n_prediction,
        np.array([matching.tp for matching in matchings], np.int64),
        np.array([outside.sum() - outside[_matched(matching)].sum() for matching in matchings], np.int64),
        np.array([iou[matching.overlaps].sum() for matching in matchings], np.float64),
        np.array([coefficient[matching.overlaps].sum() for matching in matchings], np.float64),
        jaccard_sums(table, best_partners(table)),
        jaccard_sums(table, heaviest_pairs(table)),
        best_dice_sums(table),
        int((truth == Outcome.SPLIT).sum()),
        int((prediction == Outcome.MERGER).sum()),
    )


def _matched(matching: Matching) -> NDArray[np.int64]:
    """Return the positions of the predicted objects that have a partner."""
    return matching.table.prediction_index[matching.overlaps]


def pool(counts: Sequence[Counts]) -> Counts:
    """Add up the counts of images that were scored by the same conventions, as if they were one image.

    Parameters
    ----------
    counts : sequence of Counts
        At least one. Sums of fractions are rounded once, so the order does not matter.

    Raises
    ------
    ConventionError
        If they were not scored by the same conventions.
    """
    conventions = counts[0].conventions
    if any(one.conventions is not conventions and one.conventions != conventions for one in counts):
        told = " and ".join(sorted({f"({one.conventions})" for one in counts})[:2])
        msg = f"Counts by different conventions cannot be added: {told}. Score all images by the same ones."
        raise ConventionError(msg)

    return Counts(
        conventions,
        sum(one.n_truth for one in counts),
        sum(one.n_prediction for one in counts),
        np.sum([one.tp for one in counts], axis=0),
        np.sum([one.excused for one in counts], axis=0),
        _exact_sum([one.iou_sum for one in counts]),
        _exact_sum([one.dice_sum for one in counts]),
        (sum(one.jaccard[0] for one in counts), sum(one.jaccard[1] for one in counts)),
        (sum(one.jaccard_plus[0] for one in counts), sum(one.jaccard_plus[1] for one in counts)),
        (fsum(one.best_dice[0] for one in counts), fsum(one.best_dice[1] for one in counts)),
        sum(one.splits for one in counts),
        sum(one.merges for one in counts),
    )


def _exact_sum(rows: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.array([fsum(column) for column in np.stack(rows, axis=1).tolist()])
