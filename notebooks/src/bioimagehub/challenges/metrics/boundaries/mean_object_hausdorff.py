"""Mean Hausdorff distance of objects.

Missed and invented objects count as surfaces without another one: the diagonal of the image, or 0.

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

TITLE = "Mean Hausdorff distance of objects"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "µm"
VERSION = 1


def score(counts: SurfaceCounts) -> float:
    """Return the mean over matched, missed and invented objects, in µm."""
    return counts.mean_of_objects("hausdorff")
