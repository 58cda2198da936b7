"""Normalised root mean square error.

References
----------
Fienup, "Invariant error metrics for image reconstruction", Applied Optics 36 (1997),
https://doi.org/10.1364/AO.36.008352
"""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.intensities import Intensities

TITLE = "Normalised RMSE"
BETTER = "lower"
BEST = 0.0
WORST = float("inf")
UNIT = "1"
VERSION = 1


def score(cases: Intensities) -> float:
    """Return √(Σ(p − t)²/n) over the norm of the conventions; NaN if the ground truth has a norm of 0."""
    norms = {
        "euclidean": sqrt(cases.truth_squares / cases.pixels),
        "mean": abs(cases.truth_sum) / cases.pixels,
        "min-max": cases.truth_high - cases.truth_low,
    }
    norm = norms[cases.conventions.normalisation]
    return sqrt(cases.mean_squared_error) / norm if norm > 0 else nan
