"""Peak signal-to-noise ratio after the best affine change of the prediction, over the range of the ground truth.

Many networks give intensities on a scale of their own; this one does not mind.

References
----------
Weigert et al., "Content-aware image restoration", Nature Methods 15 (2018), https://doi.org/10.1038/s41592-018-0216-7;
`scale_invariant_psnr` of the package careamics, after Krull et al., "Noise2Void", CVPR 2019,
https://doi.org/10.1109/CVPR.2019.00223
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from bioimagehub.challenges.intensities.decibel import decibel

if TYPE_CHECKING:
    from bioimagehub.challenges.intensities import Intensities

TITLE = "Scale-invariant PSNR"
BETTER = "higher"
BEST = float("inf")
WORST = -float("inf")
UNIT = "dB"
VERSION = 1


def score(cases: Intensities) -> float:
    """Return the ratio in dB: infinite if the fit is exact, NaN if the ground truth has one value only."""
    return decibel(1.0, cases.fitted_error / cases.fitted_pixels) if cases.fitted_pixels else nan
