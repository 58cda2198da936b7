"""Mean boundary F of objects.

Missed and invented objects count as surfaces without another one: the diagonal of the image, or 0.

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

TITLE = "Mean boundary F of objects"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: SurfaceCounts) -> float:
    """Return the mean over matched, missed and invented objects."""
    return counts.mean_of_objects("boundary_f")
