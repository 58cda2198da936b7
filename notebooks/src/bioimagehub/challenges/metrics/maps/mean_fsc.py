"""Mean Fourier shell correlation: the area under the curve from the first shell to the Nyquist frequency.

References
----------
Harauz and van Heel, "Exact filters for general geometry three dimensional reconstruction", Optik 73 (1986); the area
as a score in the EMDataResource challenges: Lawson et al., "Cryo-EM model validation recommendations based on outcomes
of the 2019 EMDataResource challenge", Nature Methods 18 (2021), https://doi.org/10.1038/s41592-020-01051-w
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.fourier import Shells

TITLE = "Mean Fourier shell correlation"
BETTER = "higher"
BEST = 1.0
WORST = -1.0
UNIT = "1"
VERSION = 1


def score(shells: Shells) -> float:
    """Return the mean over the shells in which the truth has power, but that of frequency 0; NaN if there is none."""
    told = shells.told
    return float(told.mean()) if len(told) else nan
