"""Efficiency of single-molecule localisation: the mean of the lateral and the axial one; in 2D the lateral one.

References
----------
Sage et al., "Super-resolution fight club: assessment of 2D and 3D single-molecule localization microscopy software",
Nature Methods 16 (2019), https://doi.org/10.1038/s41592-019-0364-4
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.spots import axial_efficiency, lateral_efficiency

if TYPE_CHECKING:
    from bioimagehub.challenges.localisation import SpotCounts

TITLE = "Efficiency"
BETTER = "higher"
BEST = 1.0
WORST = -inf
UNIT = "1"
VERSION = 1


def score(counts: SpotCounts) -> float:
    """Return the mean efficiency of the directions that the points have."""
    lateral = lateral_efficiency.score(counts)
    return (lateral + axial_efficiency.score(counts)) / 2 if "z" in counts.axes else lateral
