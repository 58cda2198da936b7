"""Strictly standardised mean difference of the positive and the negative controls, without its sign.

References
----------
Zhang, "A pair of new statistical parameters for quality control in RNA interference high-throughput screening assays",
Genomics 89 (2007), https://doi.org/10.1016/j.ygeno.2006.12.014
"""

from __future__ import annotations

from math import inf, isnan, nan, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.profiles import Screen

TITLE = "SSMD"
BETTER = "higher"
BEST = float("inf")
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(screen: Screen) -> float:
    """Return |µ₊ − µ₋| / √(σ₊² + σ₋²): ∞ for unequal constants, 0 for equal means, NaN with too few wells."""
    ddof = screen.conventions.ddof
    variance = screen.positive.variance(ddof) + screen.negative.variance(ddof)
    gap = abs(screen.positive.mean - screen.negative.mean)
    if isnan(variance) or gap == 0:
        return nan if isnan(variance) else 0.0
    return gap / sqrt(variance) if variance > 0 else inf
