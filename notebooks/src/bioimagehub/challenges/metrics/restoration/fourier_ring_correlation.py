"""Mean Fourier ring correlation: which spatial frequencies were restored. In 3D, of shells.

References
----------
Nieuwenhuizen et al., "Measuring image resolution in optical nanoscopy", Nature Methods 10 (2013),
https://doi.org/10.1038/nmeth.2448; Saxton and Baumeister (1982), https://doi.org/10.1111/j.1365-2818.1982.tb00405.x
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.intensities import Intensities

TITLE = "Mean Fourier ring correlation"
BETTER = "higher"
BEST = 1.0
WORST = -1.0
UNIT = "1"
VERSION = 1


def score(cases: Intensities) -> float:
    """Return the mean over the rings in which the truth has power, without frequency 0; NaN if there is none."""
    return cases.ring_sum / cases.rings if cases.rings else nan
