"""Bias of counts: how many more, or fewer, objects are counted than there are, on average, without the sign.

References
----------
Lempitsky, Zisserman, "Learning to count objects in images", Advances in Neural Information Processing Systems 23
(2010). The mean absolute error: Willmott, Matsuura, Climate Research 30 (2005), https://doi.org/10.3354/cr030079
"""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.tallies import Tallies

TITLE = "Bias of counts"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "1"
VERSION = 1


def score(tallies: Tallies) -> float:
    """Return |mean of c − c₀|; the sign is that of the mean of the differences. NaN without items."""
    return float(abs(tallies.differences.mean())) if tallies.truth else nan
