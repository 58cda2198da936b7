"""Hausdorff distance at 95 %: the distance that 95 % of each surface do not exceed.

References
----------
Huttenlocher, Klanderman, Rucklidge, "Comparing images using the Hausdorff distance", IEEE Transactions on Pattern
Analysis and Machine Intelligence 15 (1993), https://doi.org/10.1109/34.232073

Reinke et al., "Understanding metric-related pitfalls in image analysis validation", Nature Methods 21 (2024),
https://doi.org/10.1038/s41592-023-02150-0
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.surfaces import SurfaceCounts

TITLE = "Hausdorff distance, 95th percentile"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "µm"
VERSION = 1


def score(counts: SurfaceCounts) -> float:
    """Return the larger of the 95th percentiles of the two directions, or as the conventions say, in µm."""
    return counts.hausdorff_95()
