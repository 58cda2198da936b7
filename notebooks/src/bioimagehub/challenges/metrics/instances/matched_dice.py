"""Mean matched Dice: how well the matched objects are outlined, whatever was missed.

References
----------
Dice, "Measures of the amount of ecologic association between species", Ecology 26 (1945), for the coefficient of two
areas, https://doi.org/10.2307/1932409
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bioimagehub.challenges.counts import Counts

TITLE = "Mean matched Dice"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def curve(counts: Counts) -> NDArray[np.float64]:
    """Return the mean Dice coefficient of the matched pairs at each IoU threshold, float64, shape (thresholds,)."""
    return counts.ratio(counts.dice_sum, counts.tp)


def score(counts: Counts) -> float:
    """Return the value at the threshold of the conventions."""
    return float(curve(counts)[counts.at])
