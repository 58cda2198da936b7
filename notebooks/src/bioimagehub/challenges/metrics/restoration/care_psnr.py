"""Peak signal-to-noise ratio as in content-aware restoration (CARE).

Two percentiles of the ground truth become 0 and 1, the prediction is fitted to it by an affine change with the least
squared error, and the data range is 1.

References
----------
Weigert et al., "Content-aware image restoration", Nature Methods 15 (2018), https://doi.org/10.1038/s41592-018-0216-7
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from bioimagehub.challenges.intensities.decibel import decibel

if TYPE_CHECKING:
    from bioimagehub.challenges.intensities import Intensities

TITLE = "CARE-normalised PSNR"
BETTER = "higher"
BEST = float("inf")
WORST = -float("inf")
UNIT = "dB"
VERSION = 1


def score(cases: Intensities) -> float:
    """Return the ratio in dB: infinite if the fit is exact, NaN if the two percentiles are equal."""
    return decibel(1.0, cases.care_error / cases.care_pixels) if cases.care_pixels else nan
