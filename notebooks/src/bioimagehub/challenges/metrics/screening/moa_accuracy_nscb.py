"""Accuracy of the mechanism of action by the nearest profile of another compound in another batch (NSCB).

References
----------
Ljosa et al., "Comparison of methods for image-based profiling of cellular morphological responses to small-molecule
treatment", J. Biomol. Screen. 18 (2013), https://doi.org/10.1177/1087057113503553;
Ando, McLean and Berndl (2017), https://doi.org/10.1101/161422
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.profiles import Screen

TITLE = "Mechanism accuracy (NSCB)"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(screen: Screen) -> float:
    """Return the share of the treatments that have a neighbour to be found; NaN if there is none."""
    return (
        screen.same_mechanism_in_other_batch / screen.compared_in_other_batch if screen.compared_in_other_batch else nan
    )
