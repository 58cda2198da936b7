"""Mean over the classes of the F score of the surfaces within the tolerance of each other.

References
----------
Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC (2013),
https://doi.org/10.5244/C.27.32
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.classes import ClassCounts

TITLE = "Mean boundary F of classes"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1

NEEDS = "boundaries"
"""The convention without which it has no value."""


def score(counts: ClassCounts) -> float:
    """Return the mean over the classes but 0 that truth or prediction has."""
    return counts.mean_of_surfaces("boundary_f")
