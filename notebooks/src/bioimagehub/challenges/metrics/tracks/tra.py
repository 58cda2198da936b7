"""TRA: how much work it is to correct the objects and the links between them.

References
----------
Matula et al., "Cell tracking accuracy measurement based on comparison of acyclic oriented graphs", PLOS ONE 10 (2015),
https://doi.org/10.1371/journal.pone.0144959
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.tracks import aogm
from bioimagehub.challenges.tracks.counts import one_minus

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.counts import TrackCounts

TITLE = "TRA, tracking accuracy"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return 1 − AOGM / (10 nodes + 1.5 edges), not below 0."""
    return one_minus(aogm.score(counts), 10 * counts.nodes + 1.5 * counts.edges)
