"""Mean relative error of counts: |c − c₀| / c₀.

References
----------
Ljosa, Sokolnicki, Carpenter, "Annotated high-throughput microscopy image sets for validation", Nature Methods 9
(2012), https://doi.org/10.1038/nmeth.2083
"""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bioimagehub.challenges.tallies import Tallies

TITLE = "Relative error of counts"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "1"
VERSION = 1


def score(tallies: Tallies) -> float:
    """Return the mean of |c − c₀| / c₀ over the items that are not left out; NaN if there are none."""
    return float(np.nanmean(tallies.relative)) if not np.isnan(tallies.relative).all() else nan
