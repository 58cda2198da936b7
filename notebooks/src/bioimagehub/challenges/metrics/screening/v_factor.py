"""V-factor: the range of the means over the doses, against the mean standard deviation at a dose.

References
----------
Ravkin, "Quality measures for imaging-based cellular assays", Society for Biomolecular Screening (2004), as in
CellProfiler; Jones et al., "CellProfiler Analyst", BMC Bioinformatics 9 (2008), https://doi.org/10.1186/1471-2105-9-482
"""

from __future__ import annotations

from math import inf, isnan, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.profiles import Screen

TITLE = "V-factor"
BETTER = "higher"
BEST = 1.0
WORST = -float("inf")
UNIT = "1"
VERSION = 1

FEWEST_DOSES = 2


def score(screen: Screen) -> float:
    """Return 1 − 6 mean(σ) / (max µ − min µ): −∞ if all means are equal, NaN with too few doses or wells."""
    spreads = [moments.deviation(screen.conventions.ddof) for _, moments in screen.doses]
    means = [moments.mean for _, moments in screen.doses]
    if len(means) < FEWEST_DOSES or any(map(isnan, spreads)):
        return nan
    span = max(means) - min(means)
    return 1 - 6 * sum(spreads) / len(spreads) / span if span > 0 else -inf
