"""Metrics of screens, from the `Screen` of a case or of several pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.screening import (
    moa_accuracy_nsc,
    moa_accuracy_nscb,
    ssmd,
    v_factor,
    z_prime_factor,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "moa_accuracy_nsc": moa_accuracy_nsc,
    "moa_accuracy_nscb": moa_accuracy_nscb,
    "ssmd": ssmd,
    "v_factor": v_factor,
    "z_prime_factor": z_prime_factor,
}
