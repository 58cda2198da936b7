"""Mean over the classes of the distance that 95 % of each surface do not exceed.

References
----------
Huttenlocher, Klanderman, Rucklidge, "Comparing images using the Hausdorff distance", IEEE Transactions on Pattern
Analysis and Machine Intelligence 15 (1993), https://doi.org/10.1109/34.232073
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.classes import ClassCounts

TITLE = "Mean Hausdorff distance of classes, 95th percentile"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "µm"
VERSION = 1

NEEDS = "boundaries"
"""The convention without which it has no value."""


def score(counts: ClassCounts) -> float:
    """Return the mean over the classes but 0 that truth or prediction has."""
    return counts.mean_of_surfaces("hausdorff_95")
