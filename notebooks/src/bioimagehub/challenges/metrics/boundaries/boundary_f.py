"""Boundary F: the harmonic mean of precision and recall of the boundary, within a tolerance.

References
----------
Martin, Fowlkes, Malik, "Learning to detect natural image boundaries using local brightness, color, and texture
cues", IEEE Transactions on Pattern Analysis and Machine Intelligence 26 (2004),
https://doi.org/10.1109/TPAMI.2004.1273918
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.surfaces import SurfaceCounts

TITLE = "Boundary F"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: SurfaceCounts) -> float:
    """Return the harmonic mean of the shares of the two surfaces that lie within the tolerance."""
    return counts.boundary_f()
