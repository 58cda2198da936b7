"""The metrics, one module each, all of the same shape.

Each module has two functions. ``curve(counts)`` gives the value at each IoU threshold, float64, shape (thresholds,).
``score(counts)`` gives the one number that goes into a table. Both take the counts of one image, or
of several that were pooled (`bioimagehub.challenges.counts`). All values lie between 0 and 1, and higher is better.
To add a metric, add a module with these two functions, its line in `METRICS`, and its page in docs/reference/metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bioimagehub.challenges.errors import UnknownMetricError
from bioimagehub.challenges.metrics import (
    average_precision,
    f1,
    matched_iou,
    panoptic_quality,
    precision,
    recall,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bioimagehub.challenges.counts import Counts

__all__ = [
    "METRICS",
    "Metric",
    "average_precision",
    "f1",
    "find_metric",
    "matched_iou",
    "panoptic_quality",
    "precision",
    "recall",
]


class Metric(Protocol):
    """What a module of this package offers."""

    def curve(self, counts: Counts) -> NDArray[np.float64]:
        """Return the value at each IoU threshold."""
        ...

    def score(self, counts: Counts) -> float:
        """Return the number that goes into a table."""
        ...


METRICS: dict[str, Metric] = {
    "average_precision": average_precision,
    "f1": f1,
    "matched_iou": matched_iou,
    "panoptic_quality": panoptic_quality,
    "precision": precision,
    "recall": recall,
}


def find_metric(name: str) -> Metric:
    """Return the metric of a name.

    Raises
    ------
    UnknownMetricError
        If there is none of that name.
    """
    try:
        return METRICS[name]
    except KeyError:
        msg = f"There is no metric {name!r}. These exist: {', '.join(sorted(METRICS))}. Choose one of them."
        raise UnknownMetricError(msg) from None
