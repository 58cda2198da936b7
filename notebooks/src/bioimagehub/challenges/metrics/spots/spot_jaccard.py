"""Jaccard index of points: the pairs, among all that either side has.

References
----------
Chenouard et al., "Objective comparison of particle tracking methods", Nature Methods 11 (2014),
https://doi.org/10.1038/nmeth.2808

Sage et al., "Super-resolution fight club: assessment of 2D and 3D single-molecule localization microscopy software",
Nature Methods 16 (2019), https://doi.org/10.1038/s41592-019-0364-4
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.localisation import SpotCounts

TITLE = "Jaccard index of spots"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: SpotCounts) -> float:
    """Return TP / (TP + FP + FN)."""
    return counts.ratio(counts.tp, counts.tp + counts.fp + counts.fn)
