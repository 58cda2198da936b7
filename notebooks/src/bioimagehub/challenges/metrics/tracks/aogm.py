"""AOGM: the work of turning the graph of a prediction into that of the truth.

References
----------
Matula et al., "Cell tracking accuracy measurement based on comparison of acyclic oriented graphs", PLOS ONE 10 (2015),
https://doi.org/10.1371/journal.pone.0144959
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.counts import TrackCounts

TITLE = "AOGM, cost of correcting the graph"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return 5 NS + 10 FN + FP + ED + 1.5 EA + EC, 0 for a perfect prediction, without an upper bound."""
    nodes = 5 * counts.ns + 10 * counts.fn + counts.fp
    return float(nodes + counts.ed + 1.5 * counts.ea + counts.ec)
