"""SEG: how well true objects are outlined.

References
----------
Maška et al., "A benchmark for comparison of cell tracking algorithms", Bioinformatics 30 (2014),
https://doi.org/10.1093/bioinformatics/btu080
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.counts import TrackCounts

TITLE = "SEG, segmentation accuracy"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return the mean over the segmented true objects of the IoU with their match, or 0; NaN if none is segmented."""
    return counts.iou_sum / counts.segmented if counts.segmented else nan
