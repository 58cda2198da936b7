"""Mean target registration error: how far landmarks end up from where they belong.

References
----------
Fitzpatrick, West, Maurer, "Predicting error in rigid-body point-based registration", IEEE Transactions on Medical
Imaging 17 (1998), https://doi.org/10.1109/42.736021
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bioimagehub.challenges.landmarks import LandmarkErrors

TITLE = "Mean target registration error"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "µm"
VERSION = 1


def score(errors: LandmarkErrors) -> float:
    """Return the mean distance of the landmarks in µm; NaN without landmarks."""
    return errors.error(np.mean)
