"""Mean Hausdorff distance of objects at 95 %.

Missed and invented objects count as surfaces without another one: the diagonal of the image, or 0.

References
----------
Reinke et al., "Understanding metric-related pitfalls in image analysis validation", Nature Methods 21 (2024),
https://doi.org/10.1038/s41592-023-02150-0
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.surfaces import SurfaceCounts

TITLE = "Mean Hausdorff distance of objects, 95th percentile"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "µm"
VERSION = 1


def score(counts: SurfaceCounts) -> float:
    """Return the mean over matched, missed and invented objects, in µm."""
    return counts.mean_of_objects("hausdorff_95")
