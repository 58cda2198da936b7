"""Mean absolute error of the astigmatism |U − V| of micrographs.

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

TITLE = "Astigmatism error"
BETTER = "lower"
BEST = 0.0
WORST = float("inf")
UNIT = "Å"
VERSION = 1


def score(errors: CtfErrors) -> float:
    """Return the mean over the micrographs in Å; NaN if there is none."""
    return errors.astigmatism / errors.micrographs if errors.micrographs else nan
