"""Metrics of semantic segmentation, from the `ClassCounts` of a case or of several that were pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.semantic import (
    frequency_weighted_iou,
    mean_class_boundary_f,
    mean_class_dice,
    mean_class_hausdorff,
    mean_class_hausdorff_95,
    mean_class_iou,
    mean_class_normalised_surface_distance,
    pixel_accuracy,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "frequency_weighted_iou": frequency_weighted_iou,
    "mean_class_boundary_f": mean_class_boundary_f,
    "mean_class_dice": mean_class_dice,
    "mean_class_hausdorff": mean_class_hausdorff,
    "mean_class_hausdorff_95": mean_class_hausdorff_95,
    "mean_class_iou": mean_class_iou,
    "mean_class_normalised_surface_distance": mean_class_normalised_surface_distance,
    "pixel_accuracy": pixel_accuracy,
}
