"""TF: how much of a detected track is found without a break.

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

TITLE = "TF, track fractions"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return the mean fraction of the detected true tracks; 0 if none is detected, NaN if there is none."""
    if counts.detected:
        return counts.fraction_sum / counts.detected
    return 0.0 if counts.tracks else nan
