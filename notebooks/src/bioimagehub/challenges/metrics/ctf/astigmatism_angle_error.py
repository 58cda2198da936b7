"""Mean absolute error of the angle of astigmatism, modulo 180°, weighted by the true |U − V|.

Without astigmatism there is no angle, so such a micrograph has no weight.

References
----------
Marabini et al., "CTF Challenge: result summary", J. Struct. Biol. 190 (2015),
https://doi.org/10.1016/j.jsb.2015.04.003
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.ctf import CtfErrors

TITLE = "Astigmatism angle error"
BETTER = "lower"
BEST = 0.0
WORST = 90.0
UNIT = "°"
VERSION = 1


def score(errors: CtfErrors) -> float:
    """Return the weighted mean in degrees, from 0 to 90; NaN if no micrograph is astigmatic."""
    return errors.angle / errors.angle_weight if errors.angle_weight > 0 else nan
