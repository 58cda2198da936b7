"""LNK: how much work it is to correct the links between objects that are found.

References
----------
Matula et al., "Cell tracking accuracy measurement based on comparison of acyclic oriented graphs", PLOS ONE 10 (2015),
https://doi.org/10.1371/journal.pone.0144959
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.tracks.counts import one_minus

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.counts import TrackCounts

TITLE = "LNK, linking accuracy"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return 1 − (ED + 1.5 EA + EC) / (1.5 edges), not below 0."""
    return one_minus(counts.ed + 1.5 * counts.ea + counts.ec, 1.5 * counts.edges)
