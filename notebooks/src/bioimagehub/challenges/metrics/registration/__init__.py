"""Metrics of registration, from the `LandmarkErrors` of a case or of several that were pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.registration import (
    folding,
    max_tre,
    mean_rtre,
    mean_tre,
    median_rtre,
    median_tre,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "folding": folding,
    "max_tre": max_tre,
    "mean_rtre": mean_rtre,
    "mean_tre": mean_tre,
    "median_rtre": median_rtre,
    "median_tre": median_tre,
}
