"""Localisation error along y: the root mean squared error of the matched points.

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

TITLE = "RMSE along y"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "µm"
VERSION = 1


def score(counts: SpotCounts) -> float:
    """Return the error in µm: the cut-off if nothing was matched, NaN without true points."""
    return counts.rmse("y")
