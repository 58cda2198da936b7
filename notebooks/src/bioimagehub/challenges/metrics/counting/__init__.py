"""Metrics of counting, from the `Tallies` of a case or of several that were pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.counting import (
    count_absolute_error,
    count_bias,
    count_relative_error,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "count_absolute_error": count_absolute_error,
    "count_bias": count_bias,
    "count_relative_error": count_relative_error,
}
