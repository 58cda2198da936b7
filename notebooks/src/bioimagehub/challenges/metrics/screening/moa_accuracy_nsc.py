"""Accuracy of the mechanism of action by the nearest profile of another compound (NSC, not the same compound).

References
----------
Ljosa et al., "Comparison of methods for image-based profiling of cellular morphological responses to small-molecule
treatment", J. Biomol. Screen. 18 (2013), https://doi.org/10.1177/1087057113503553
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.profiles import Screen

TITLE = "Mechanism accuracy (NSC)"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(screen: Screen) -> float:
    """Return the share of the treatments that have a neighbour to be found; NaN if there is none."""
    return screen.same_mechanism / screen.compared if screen.compared else nan
