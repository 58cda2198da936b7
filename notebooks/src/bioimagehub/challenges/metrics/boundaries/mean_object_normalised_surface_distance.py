"""Mean normalised surface distance of objects.

Missed and invented objects count as surfaces without another one: the diagonal of the image, or 0.

References
----------
Nikolov et al., "Clinically applicable segmentation of head and neck anatomy for radiotherapy", Journal of Medical
Internet Research 23 (2021), https://doi.org/10.2196/26151
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.surfaces import SurfaceCounts

TITLE = "Mean normalised surface distance of objects"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: SurfaceCounts) -> float:
    """Return the mean over matched, missed and invented objects."""
    return counts.mean_of_objects("normalised_surface_distance")
