"""BC(i): how many divisions are found within i frames, without inventing any.

References
----------
Ulman et al., "An objective comparison of cell-tracking algorithms", Nature Methods 14 (2017), online methods,
https://doi.org/10.1038/nmeth.4473
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.counts import TrackCounts

TITLE = "BC(i), branching correctness"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return the F1 score of divisions; NaN if the truth has none."""
    if not counts.divisions:
        return nan
    return 2 * counts.matched_divisions / (counts.divisions + counts.predicted_divisions)
