"""Metrics of boundaries, from the `SurfaceCounts` of a case or of several that were pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.boundaries import (
    boundary_f,
    hausdorff,
    hausdorff_95,
    mean_object_boundary_f,
    mean_object_hausdorff,
    mean_object_hausdorff_95,
    mean_object_normalised_surface_distance,
    normalised_surface_distance,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "boundary_f": boundary_f,
    "hausdorff": hausdorff,
    "hausdorff_95": hausdorff_95,
    "mean_object_boundary_f": mean_object_boundary_f,
    "mean_object_hausdorff": mean_object_hausdorff,
    "mean_object_hausdorff_95": mean_object_hausdorff_95,
    "mean_object_normalised_surface_distance": mean_object_normalised_surface_distance,
    "normalised_surface_distance": normalised_surface_distance,
}
