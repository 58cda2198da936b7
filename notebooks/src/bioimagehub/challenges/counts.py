"""What the metrics are computed from: the outcome of matching, at each threshold, of one image or of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.contingency import contingency
from bioimagehub.challenges.conventions import Conventions
from bioimagehub.challenges.matching import match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from bioimagehub.challenges.contingency import Contingency


@dataclass(frozen=True, eq=False, repr=False)
class Counts:
    """Matched and unmatched objects at each IoU threshold.

    Attributes
    ----------
    conventions : Conventions
        The thresholds, and how objects were matched at them.
    n_truth, n_prediction : int
        Number of true and of predicted objects.
    tp : ndarray of int64, shape (thresholds,)
        True positives: matched pairs.
    iou_sum : ndarray of float64, shape (thresholds,)
        Sum of the intersections over union of the matched pairs.
    """

    conventions: Conventions
    n_truth: int
    n_prediction: int
    tp: NDArray[np.int64]
    iou_sum: NDArray[np.float64]

    @property
    def fp(self) -> NDArray[np.int64]:
        """False positives at each threshold: predicted objects without a partner."""
        return self.n_prediction - self.tp

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
        return {
            "conventions": self.conventions.as_dict(),
            "n_truth": self.n_truth,
            "n_prediction": self.n_prediction,
            "tp": self.tp.tolist(),
            "iou_sum": self.iou_sum.tolist(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Counts:
        """Return the counts that `as_dict` wrote, exactly."""
        return cls(
            Conventions.from_dict(values["conventions"]),
            values["n_truth"],
            values["n_prediction"],
            np.array(values["tp"], np.int64),
            np.array(values["iou_sum"], np.float64),
        )

    def ratio(self, numerator: NDArray[Any], denominator: NDArray[np.int64]) -> NDArray[np.float64]:
        """Divide, with the conventions for the empty case, which are the same for all metrics.

        If there is no object at all, the result is `conventions.empty_value`. If there are objects and a
        denominator is 0, the result is 0: whoever predicts nothing where there is something has a precision of 0.
        """
        if self.n_truth == 0 and self.n_prediction == 0:
            return np.full(len(self.tp), self.conventions.empty_value)
        quotient = np.zeros(len(self.tp))
        np.divide(numerator, denominator, out=quotient, where=denominator > 0)
        return quotient


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
    return count(contingency(truth, prediction, name=name), conventions)


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
    tp = np.array([matching.tp for matching in matchings], np.int64)
    iou_sum = np.array([matching.iou.sum() for matching in matchings], np.float64)
    return Counts(conventions, table.n_truth, table.n_prediction, tp, iou_sum)


def pool(counts: Sequence[Counts]) -> Counts:
    """Add up the counts of images that were scored by the same conventions, as if they were one image.

    Parameters
    ----------
    counts : sequence of Counts
        At least one.
    """
    return Counts(
        counts[0].conventions,
        sum(one.n_truth for one in counts),
        sum(one.n_prediction for one in counts),
        np.sum([one.tp for one in counts], axis=0),
        np.sum([one.iou_sum for one in counts], axis=0),
    )
