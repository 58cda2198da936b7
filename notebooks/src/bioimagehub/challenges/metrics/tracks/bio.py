"""BIO: the mean of CT, TF, BC(i) and CCA.

References
----------
Ulman et al., "An objective comparison of cell-tracking algorithms", Nature Methods 14 (2017), online methods,
https://doi.org/10.1038/nmeth.4473
"""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.tracks import bc, cca, ct, tf

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.counts import TrackCounts

TITLE = "BIO, biological score"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: TrackCounts) -> float:
    """Return the mean of those of CT, TF, BC(i) and CCA that have a value; NaN if none has."""
    values = [value for metric in (ct, tf, bc, cca) if not isnan(value := metric.score(counts))]
    return sum(values) / len(values) if values else nan
