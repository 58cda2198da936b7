"""DET: how much work it is to correct the detected objects.

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

TITLE = "DET, detection accuracy"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return 1 − (5 NS + 10 FN + FP) / (10 nodes), not below 0."""
    return one_minus(5 * counts.ns + 10 * counts.fn + counts.fp, 10 * counts.nodes)
