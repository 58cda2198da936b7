"""Peak signal-to-noise ratio: 10 log₁₀ of the squared data range over the mean squared error, in decibel.

References
----------
Wang and Bovik, "Mean squared error: love it or leave it?", IEEE Signal Process. Mag. 26 (2009),
https://doi.org/10.1109/MSP.2008.930649
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.intensities.decibel import decibel

if TYPE_CHECKING:
    from bioimagehub.challenges.intensities import Intensities

TITLE = "PSNR"
BETTER = "higher"
BEST = float("inf")
WORST = -float("inf")
UNIT = "dB"
VERSION = 1


def score(cases: Intensities) -> float:
    """Return the ratio in dB: infinite for identical images, NaN if the data range is 0."""
    return decibel(cases.data_range**2, cases.mean_squared_error)
