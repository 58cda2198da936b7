"""Mean over the classes of the share of both surfaces within the tolerance of the other one.

References
----------
Nikolov et al., "Clinically applicable segmentation of head and neck anatomy for radiotherapy", Journal of Medical
Internet Research 23 (2021), https://doi.org/10.2196/26151
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.classes import ClassCounts

TITLE = "Mean normalised surface distance of classes"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1

NEEDS = "boundaries"
"""The convention without which it has no value."""


def score(counts: ClassCounts) -> float:
    """Return the mean over the classes but 0 that truth or prediction has."""
    return counts.mean_of_surfaces("normalised_surface_distance")
