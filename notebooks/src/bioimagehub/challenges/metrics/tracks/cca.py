"""CCA: whether cell cycles are as long as they are in truth.

References
----------
Ulman et al., "An objective comparison of cell-tracking algorithms", Nature Methods 14 (2017), online methods,
https://doi.org/10.1038/nmeth.4473
"""

from __future__ import annotations

from itertools import accumulate
from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.counts import TrackCounts

TITLE = "CCA, cell cycle accuracy"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return 1 − the largest gap of the distributions of lengths; 0 without predicted cycles, NaN without true ones."""
    if not sum(counts.cycles):
        return nan
    if not sum(counts.predicted_cycles):
        return 0.0
    longest = max(len(counts.cycles), len(counts.predicted_cycles))
    true, predicted = (_shares(each, longest) for each in (counts.cycles, counts.predicted_cycles))
    return 1 - max(abs(a - b) for a, b in zip(true, predicted, strict=True))


def _shares(histogram: tuple[int, ...], length: int) -> list[float]:
    """Return the share of cycles that last no longer than 0, 1, … frames."""
    total = sum(histogram)
    return [count / total for count in accumulate(histogram + (0,) * (length - len(histogram)))]
