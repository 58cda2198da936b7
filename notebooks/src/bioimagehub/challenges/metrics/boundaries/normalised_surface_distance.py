"""Normalised surface distance: the share of both surfaces that lies within a tolerance of the other one.

Also called surface Dice.

References
----------
Nikolov et al., "Clinically applicable segmentation of head and neck anatomy for radiotherapy", Journal of Medical
Internet Research 23 (2021), https://doi.org/10.2196/26151
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.surfaces import SurfaceCounts

TITLE = "Normalised surface distance"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: SurfaceCounts) -> float:
    """Return the share of both surfaces together that lies within the tolerance."""
    return counts.normalised_surface_distance()
