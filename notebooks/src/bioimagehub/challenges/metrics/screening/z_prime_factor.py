"""Z′-factor: the gap between the positive and the negative controls, each widened by three standard deviations.

References
----------
Zhang, Chung and Oldenburg, "A simple statistical parameter for use in evaluation and validation of high throughput
screening assays", J. Biomol. Screen. 4 (1999), https://doi.org/10.1177/108705719900400206
"""

from __future__ import annotations

from math import inf, isnan, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.profiles import Screen

TITLE = "Z′-factor"
BETTER = "higher"
BEST = 1.0
WORST = -float("inf")
UNIT = "1"
VERSION = 1


def score(screen: Screen) -> float:
    """Return 1 − 3 (σ₊ + σ₋) / |µ₊ − µ₋|: −∞ for equal means, NaN if a control has too few wells."""
    ddof = screen.conventions.ddof
    spread = screen.positive.deviation(ddof) + screen.negative.deviation(ddof)
    gap = abs(screen.positive.mean - screen.negative.mean)
    if isnan(spread):
        return nan
    return 1 - 3 * spread / gap if gap > 0 else -inf
