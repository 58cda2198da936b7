"""Metrics of restoration, from the `Intensities` of a pair of images or of several that were pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.restoration import (
    care_psnr,
    care_ssim,
    fourier_ring_correlation,
    mean_absolute_error,
    nrmse,
    psnr,
    scale_invariant_psnr,
    ssim,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "care_psnr": care_psnr,
    "care_ssim": care_ssim,
    "fourier_ring_correlation": fourier_ring_correlation,
    "mean_absolute_error": mean_absolute_error,
    "nrmse": nrmse,
    "psnr": psnr,
    "scale_invariant_psnr": scale_invariant_psnr,
    "ssim": ssim,
}
