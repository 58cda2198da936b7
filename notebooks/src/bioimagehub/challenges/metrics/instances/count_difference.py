"""Difference in count: how many objects too many or too few there are, whichever they are.

References
----------
Scharr et al., "Leaf segmentation in plant phenotyping: a collation study", Machine Vision and Applications 27 (2016),
https://doi.org/10.1007/s00138-015-0737-3
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.counts import Counts

TITLE = "Difference in count"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "1"
VERSION = 1


def score(counts: Counts) -> float:
    """Return |predicted objects − true objects|."""
    return float(abs(counts.n_prediction - counts.n_truth))
