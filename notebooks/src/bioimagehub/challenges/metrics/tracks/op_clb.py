"""OP_CLB: the score of the Cell Linking Benchmark.

References
----------
Maška et al., "The Cell Tracking Challenge: 10 years of objective benchmarking", Nature Methods 20 (2023),
https://doi.org/10.1038/s41592-023-01879-y
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.tracks import bio, lnk

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.counts import TrackCounts

TITLE = "OP_CLB, Cell Linking Benchmark"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return (LNK + BIO) / 2."""
    return (lnk.score(counts) + bio.score(counts)) / 2
