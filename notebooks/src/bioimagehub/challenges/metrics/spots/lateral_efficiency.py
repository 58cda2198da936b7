"""Lateral efficiency of single-molecule localisation: detection and lateral precision in one number.

What is not found and what is invented counts as 1 − J, J the Jaccard index; what is found counts by how far it is off.
It may be below 0.

References
----------
Sage et al., "Super-resolution fight club: assessment of 2D and 3D single-molecule localization microscopy software",
Nature Methods 16 (2019), https://doi.org/10.1038/s41592-019-0364-4
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.localisation import SpotCounts

TITLE = "Lateral efficiency"
BETTER = "higher"
BEST = 1.0
WORST = -inf
UNIT = "1"
VERSION = 1

PERCENT_PER_NM = 1.0


def score(counts: SpotCounts) -> float:
    """Return 1 − √((1 − J)² + (α·RMSE)²), α as in the source."""
    return counts.efficiency("yx", PERCENT_PER_NM)
