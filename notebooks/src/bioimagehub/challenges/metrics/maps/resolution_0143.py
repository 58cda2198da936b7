"""Resolution at FSC 0.143, the threshold for half maps, each made of half of the data.

References
----------
Rosenthal and Henderson, "Optimal determination of particle orientation, absolute hand, and contrast loss in
single-particle electron cryomicroscopy", J. Mol. Biol. 333 (2003), https://doi.org/10.1016/j.jmb.2003.07.013
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.fourier import Shells

TITLE = "Resolution at FSC 0.143"
BETTER = "lower"
# Of no map: the best that one can reach is its Nyquist limit, two voxels.
BEST = 0.0
WORST = float("inf")
UNIT = "Å"
VERSION = 1

THRESHOLD = 0.143


def score(shells: Shells) -> float:
    """Return the resolution in Å at the crossing of the conventions; see `Shells.resolution` for the ends."""
    return shells.resolution(THRESHOLD)
