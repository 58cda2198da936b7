"""CHOTA: detection, and association over whole lineages, in one number.

References
----------
Kaiser et al., "CHOTA: A higher order accuracy metric for cell tracking", ECCV workshops 2024,
https://doi.org/10.48550/arXiv.2408.11571
"""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.counts import TrackCounts

TITLE = "CHOTA"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return √(association / (TP + FP + FN)); NaN if there is no object at all."""
    objects = counts.nodes + counts.fp  # TP + FN + FP
    return sqrt(counts.association / objects) if objects else nan
