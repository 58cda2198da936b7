"""Splits: true objects that were cut into pieces.

A true object is split if nothing matches it and two or more predicted objects lie in it by more than half.

References
----------
Caicedo et al., "Evaluation of deep learning strategies for nucleus segmentation in fluorescence images",
Cytometry A 95 (2019), https://doi.org/10.1002/cyto.a.23863
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.counts import Counts

TITLE = "Splits"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "1"
VERSION = 1


def score(counts: Counts) -> float:
    """Return the number of true objects that were split."""
    return float(counts.splits)
