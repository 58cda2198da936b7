"""Metrics of instance segmentation, from the `Counts` of an image or of several that were pooled.

Those that depend on an IoU threshold also have ``curve(counts)``: the value at each threshold, float64, shape
(thresholds,). Their ``score(counts)`` is the value at the threshold of the conventions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bioimagehub.challenges.errors import UnknownMetricError
from bioimagehub.challenges.metrics.instances import (
    aggregated_jaccard,
    aggregated_jaccard_plus,
    average_precision,
    count_difference,
    f1,
    matched_dice,
    matched_iou,
    mean_dice,
    merges,
    panoptic_quality,
    precision,
    recall,
    splits,
    symmetric_best_dice,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from bioimagehub.challenges.counts import Counts
    from bioimagehub.challenges.metrics import Metric


class CurveMetric(Protocol):
    """A metric with a value at each IoU threshold."""

    def score(self, counts: Counts, /) -> float:
        """Return the number that goes into a table."""
        ...

    def curve(self, counts: Counts, /) -> NDArray[np.float64]:
        """Return the value at each IoU threshold."""
        ...


CURVES: dict[str, CurveMetric] = {
    "average_precision": average_precision,
    "f1": f1,
    "matched_dice": matched_dice,
    "matched_iou": matched_iou,
    "panoptic_quality": panoptic_quality,
    "precision": precision,
    "recall": recall,
}

METRICS: dict[str, Metric] = {
    "average_precision": average_precision,
    "f1": f1,
    "matched_iou": matched_iou,
    "panoptic_quality": panoptic_quality,
    "precision": precision,
    "recall": recall,
    "aggregated_jaccard": aggregated_jaccard,
    "aggregated_jaccard_plus": aggregated_jaccard_plus,
    "count_difference": count_difference,
    "matched_dice": matched_dice,
    "mean_dice": mean_dice,
    "merges": merges,
    "splits": splits,
    "symmetric_best_dice": symmetric_best_dice,
}


def find_curve(name: str) -> Callable[[Counts], NDArray[np.float64]]:
    """Return the function that gives a metric at each IoU threshold.

    Raises
    ------
    UnknownMetricError
        If there is no metric of that name that has one.
    """
    try:
        return CURVES[name].curve
    except KeyError:
        msg = f"The metric {name!r} has no curve over IoU thresholds. These have: {', '.join(sorted(CURVES))}."
        raise UnknownMetricError(msg + " Choose one of them.") from None
