"""Score tracked sequences of label images against ground truth, as in the Cell Tracking Challenge.

>>> import numpy as np
>>> from bioimagehub.challenges.tracks import Conventions, Lineage, Tracks, measure
>>> tracks = Tracks(np.array([[[1, 0]], [[1, 0]]]), Lineage.from_rows([(1, 0, 1, 0)]))
>>> measure(tracks, tracks, conventions=Conventions()).complete
1
"""

from __future__ import annotations

from bioimagehub.challenges.tracks.consistency import find_problems
from bioimagehub.challenges.tracks.conventions import Conventions
from bioimagehub.challenges.tracks.counts import TrackCounts, pool
from bioimagehub.challenges.tracks.ctc_folders import open_ctc_folder, write_ctc_folder
from bioimagehub.challenges.tracks.lineage import Lineage
from bioimagehub.challenges.tracks.lineage_files import format_lineage, parse_lineage
from bioimagehub.challenges.tracks.measuring import measure
from bioimagehub.challenges.tracks.sequences import Segmentation, Tracks

__all__ = [
    "Conventions",
    "Lineage",
    "Segmentation",
    "TrackCounts",
    "Tracks",
    "find_problems",
    "format_lineage",
    "measure",
    "open_ctc_folder",
    "parse_lineage",
    "pool",
    "write_ctc_folder",
]
