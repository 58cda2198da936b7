"""What the metrics of spots and particles are computed from: matched points and how far they are off."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.choices import ratio
from bioimagehub.challenges.errors import PointsError
from bioimagehub.challenges.point_matching import SpotConventions, match_points
from bioimagehub.challenges.points import SPATIAL, Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.point_matching import PointMatching

NM_PER_UM = 1000


@dataclass(frozen=True, eq=False, repr=False)
class SpotCounts:
    """Matched and unmatched points, and the squares of their errors.

    Attributes
    ----------
    conventions : SpotConventions
        How the points were matched.
    axes : tuple of str
        The axes of space, such as z, y, x.
    n_truth, n_prediction : int
        Number of true and of predicted points.
    tp : int
        True positives: matched pairs.
    squares : tuple of float, shape (axes,)
        Sum of the squared errors of the matched pairs along each axis, in µm².
    confidences : ndarray of float64, shape (levels,)
        The confidences that occur among the predictions, descending; one level of 0 if none are given.
    level_predictions, level_hits : ndarray of int64, shape (levels,)
        How many predictions have this confidence, and how many of them hit a true point that none of a higher
        confidence hit.
    """

    conventions: SpotConventions
    axes: tuple[str, ...]
    n_truth: int
    n_prediction: int
    tp: int
    squares: tuple[float, ...]
    confidences: NDArray[np.float64]
    level_predictions: NDArray[np.int64]
    level_hits: NDArray[np.int64]

    @property
    def fp(self) -> int:
        """False positives: predicted points without a partner."""
        return self.n_prediction - self.tp

    @property
    def fn(self) -> int:
        """False negatives: true points without a partner."""
        return self.n_truth - self.tp

    def __repr__(self) -> str:
        return f"<SpotCounts: {self.n_truth} true points, {self.n_prediction} predicted, {self.tp} matched>"

    def ratio(self, numerator: float, denominator: float) -> float:
        """Divide; without any point the value of the conventions, and 0 if the denominator is 0."""
        return ratio(numerator, denominator, self.n_truth + self.n_prediction, self.conventions.empty)

    def rmse(self, axes: str = SPATIAL) -> float:
        """Return the root of the mean squared error along some axes together, in µm.

        If no true point was matched, it is the cut-off, which no pair exceeds. NaN if there is no true point, or
        none of the axes.
        """
        return float("nan") if self.n_truth == 0 else self._error(axes)

    def _error(self, axes: str) -> float:
        used = [square for axis, square in zip(self.axes, self.squares, strict=True) if axis in axes]
        if not used:
            return float("nan")
        if self.tp:
            return sqrt(fsum(used) / self.tp)
        lateral, axial = self.conventions.cutoff, self.conventions.axial_cutoff
        if axial is None or "z" not in self.axes:
            return lateral
        limits = ([axial] if "z" in axes else []) + ([lateral] if set(axes) & {"x", "y"} else [])
        return sqrt(fsum(limit * limit for limit in limits))

    def efficiency(self, axes: str, alpha: float) -> float:
        """Return 1 − √((1 − J)² + (α·RMSE)²), J the Jaccard index, and the RMSE the cut-off if nothing was matched.

        Without any point it is the value of the conventions for that; NaN if the points have none of the axes.

        Parameters
        ----------
        axes : str
            The axes of the error.
        alpha : float
            What a nanometre costs, in percent.
        """
        if self.n_truth + self.n_prediction == 0:
            return self.ratio(0, 0)
        jaccard = self.ratio(self.tp, self.tp + self.fp + self.fn)
        return 1 - sqrt((1 - jaccard) ** 2 + (alpha * self._error(axes) * NM_PER_UM / 100) ** 2)

    def precision_recall(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return precision and recall of the predictions down to each level of confidence, shape (levels,)."""
        hits = np.cumsum(self.level_hits)
        return hits / np.cumsum(self.level_predictions), hits / max(self.n_truth, 1)

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        return {
            "conventions": self.conventions.as_dict(),
            "axes": list(self.axes),
            "n_truth": self.n_truth,
            "n_prediction": self.n_prediction,
            "tp": self.tp,
            "squares": list(self.squares),
            "confidences": self.confidences.tolist(),
            "level_predictions": self.level_predictions.tolist(),
            "level_hits": self.level_hits.tolist(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SpotCounts:
        """Return the counts that `as_dict` wrote, exactly."""
        return cls(
            SpotConventions.from_dict(values["conventions"]),
            tuple(values["axes"]),
            values["n_truth"],
            values["n_prediction"],
            values["tp"],
            tuple(values["squares"]),
            np.array(values["confidences"], np.float64),
            np.array(values["level_predictions"], np.int64),
            np.array(values["level_hits"], np.int64),
        )


def measure(
    truth: Points,
    prediction: Points,
    *,
    conventions: SpotConventions,
    spacing: Sequence[float] | None = None,  # noqa: ARG001  all families have it
    name: str = "case",
) -> SpotCounts:
    """Return the counts of one pair of sets of points.

    Parameters
    ----------
    truth, prediction : Points
        Of the same axes, in micrometres. Points of different timepoints or channels never match.
    conventions : SpotConventions
        The cut-off and the rules for special cases.
    spacing : sequence of float, optional
        Not used: coordinates are physical.
    name : str
        What messages call the case.

    Raises
    ------
    PointsError
        See `bioimagehub.challenges.point_matching.match_points`.

    Examples
    --------
    >>> truth, prediction = Points([[0, 0], [5, 5]]), Points([[0, 0.5], [9, 9]])
    >>> measure(truth, prediction, conventions=SpotConventions(cutoff=1))
    <SpotCounts: 2 true points, 2 predicted, 1 matched>
    """
    matching = match_points(truth, prediction, conventions, name=name)
    errors = truth.spatial[matching.truth_index] - prediction.spatial[matching.prediction_index]
    return SpotCounts(
        conventions,
        tuple(axis for axis in truth.axes if axis in SPATIAL),
        len(truth),
        len(prediction),
        len(errors),
        tuple(fsum(column) for column in (errors**2).T),
        *_levels(prediction, matching),
    )


def _levels(
    prediction: Points, matching: PointMatching
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the confidences, and the predictions and hits of each.

    In order of confidence each prediction takes the nearest true point within the cut-off that is free, as in
    COCO. Among equal confidences the nearest pair comes first, so that the order of the file does not matter.
    """
    from bioimagehub.challenges.pairing import take_in_order

    confidence = prediction.confidence if prediction.confidence is not None else np.zeros(len(prediction))
    levels, level = np.unique(-confidence, return_inverse=True)
    rows, columns, squares = matching.candidates
    taken = take_in_order(np.lexsort((rows, columns, squares, level[columns])), rows, columns)
    predictions = np.bincount(level, minlength=len(levels))
    hits = np.bincount(level[columns[taken]], minlength=len(levels))
    return 0.0 - levels, predictions.astype(np.int64), hits.astype(np.int64)


def pool(counts: Sequence[SpotCounts]) -> SpotCounts:
    """Add up the counts of cases that were scored by the same conventions, as if they were one case.

    Parameters
    ----------
    counts : sequence of SpotCounts
        At least one.

    Raises
    ------
    PointsError
        If the cases do not have the same axes.
    """
    axes = {one.axes for one in counts}
    if len(axes) > 1:
        listed = " and ".join(sorted(", ".join(names) for names in axes))
        msg = f"Cases with points along {listed} cannot be pooled. Expected the same axes. Rank by the mean of cases."
        raise PointsError(msg)
    levels, level = np.unique(-np.concatenate([one.confidences for one in counts]), return_inverse=True)
    predictions, hits = np.zeros((2, len(levels)), np.int64)
    np.add.at(predictions, level, np.concatenate([one.level_predictions for one in counts]))
    np.add.at(hits, level, np.concatenate([one.level_hits for one in counts]))
    return SpotCounts(
        counts[0].conventions,
        counts[0].axes,
        sum(one.n_truth for one in counts),
        sum(one.n_prediction for one in counts),
        sum(one.tp for one in counts),
        tuple(fsum(values) for values in zip(*(one.squares for one in counts), strict=True)),
        0.0 - levels,
        predictions,
        hits,
    )
