"""CT: how many tracks are found from their first to their last frame.

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

TITLE = "CT, complete tracks"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return 2 complete / (true + predicted tracks); NaN if there is no track at all."""
    tracks = counts.tracks + counts.predicted_tracks
    return 2 * counts.complete / tracks if tracks else nan
