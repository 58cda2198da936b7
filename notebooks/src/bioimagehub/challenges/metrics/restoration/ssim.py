"""Structural similarity: means, variances and covariance in Gaussian windows, compared.

References
----------
Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE Trans. Image Process. 13
(2004), https://doi.org/10.1109/TIP.2003.819861
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.intensities import Intensities

TITLE = "SSIM"
BETTER = "higher"
BEST = 1.0
WORST = -1.0
UNIT = "1"
VERSION = 1


def score(cases: Intensities) -> float:
    """Return the mean over the pixels; NaN if the image is smaller than a window or has no range."""
    return cases.ssim_sum / cases.ssim_pixels if cases.ssim_pixels else nan
