"""Metrics of spots, localisations and particles, from the `SpotCounts` of a case or of several that were pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.spots import (
    axial_efficiency,
    axial_rmse,
    lateral_efficiency,
    lateral_rmse,
    localisation_rmse,
    picking_average_precision,
    rmse_x,
    rmse_y,
    smlm_efficiency,
    spot_f1,
    spot_jaccard,
    spot_precision,
    spot_recall,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "axial_efficiency": axial_efficiency,
    "axial_rmse": axial_rmse,
    "lateral_efficiency": lateral_efficiency,
    "lateral_rmse": lateral_rmse,
    "localisation_rmse": localisation_rmse,
    "picking_average_precision": picking_average_precision,
    "rmse_x": rmse_x,
    "rmse_y": rmse_y,
    "smlm_efficiency": smlm_efficiency,
    "spot_f1": spot_f1,
    "spot_jaccard": spot_jaccard,
    "spot_precision": spot_precision,
    "spot_recall": spot_recall,
}
