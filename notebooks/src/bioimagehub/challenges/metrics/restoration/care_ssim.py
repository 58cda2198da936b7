"""Structural similarity as in content-aware restoration (CARE): after the normalisation of `care_psnr`.

References
----------
Weigert et al., "Content-aware image restoration", Nature Methods 15 (2018), https://doi.org/10.1038/s41592-018-0216-7;
Wang et al. (2004), https://doi.org/10.1109/TIP.2003.819861
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.intensities import Intensities

TITLE = "CARE-normalised SSIM"
BETTER = "higher"
BEST = 1.0
WORST = -1.0
UNIT = "1"
VERSION = 1


def score(cases: Intensities) -> float:
    """Return the mean over the pixels; NaN if the image is smaller than a window or its percentiles are equal."""
    return cases.care_ssim_sum / cases.care_ssim_pixels if cases.care_ssim_pixels else nan
