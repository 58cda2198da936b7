"""Metrics of estimated contrast transfer functions, from the `CtfErrors` of a case or of several pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.ctf import (
    astigmatism_angle_error,
    astigmatism_error,
    defocus_u_error,
    defocus_v_error,
    mean_defocus_error,
    phase_resolution,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "astigmatism_angle_error": astigmatism_angle_error,
    "astigmatism_error": astigmatism_error,
    "defocus_u_error": defocus_u_error,
    "defocus_v_error": defocus_v_error,
    "mean_defocus_error": mean_defocus_error,
    "phase_resolution": phase_resolution,
}
