"""Hausdorff distance: the largest distance of either surface to the other.

References
----------
Huttenlocher, Klanderman, Rucklidge, "Comparing images using the Hausdorff distance", IEEE Transactions on Pattern
Analysis and Machine Intelligence 15 (1993), https://doi.org/10.1109/34.232073
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.surfaces import SurfaceCounts

TITLE = "Hausdorff distance"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "µm"
VERSION = 1


def score(counts: SurfaceCounts) -> float:
    """Return max over both surfaces of the distance to the other one, in µm."""
    return counts.hausdorff()
