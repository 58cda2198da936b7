"""Mean absolute error of the intensities, in their own unit.

References
----------
Willmott and Matsuura, "Advantages of the mean absolute error (MAE) over the root mean square error (RMSE)",
Climate Research 30 (2005), https://doi.org/10.3354/cr030079
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.intensities import Intensities

TITLE = "Mean absolute error"
BETTER = "lower"
BEST = 0.0
WORST = float("inf")
UNIT = "1"
VERSION = 1


def score(cases: Intensities) -> float:
    """Return Σ|p − t| over the pixels."""
    return cases.absolute_error / cases.pixels
