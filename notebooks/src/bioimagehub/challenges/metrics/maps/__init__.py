"""Metrics of maps, from the `Shells` of a pair or of several that were pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.maps import mean_fsc, resolution_0143, resolution_05

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "mean_fsc": mean_fsc,
    "resolution_05": resolution_05,
    "resolution_0143": resolution_0143,
}
