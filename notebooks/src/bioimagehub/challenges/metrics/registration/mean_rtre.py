"""Mean relative target registration error: the error divided by the diagonal of the image.

References
----------
Borovec et al., "ANHIR: automatic non-rigid histological image registration challenge", IEEE Transactions on Medical
Imaging 39 (2020), https://doi.org/10.1109/TMI.2020.2986331
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bioimagehub.challenges.landmarks import LandmarkErrors

TITLE = "Mean relative target registration error"
BETTER = "lower"
BEST = 0.0
WORST = inf
UNIT = "1"
VERSION = 1


def score(errors: LandmarkErrors) -> float:
    """Return the mean relative error; NaN without landmarks or without a known diagonal."""
    return errors.relative_error(np.mean)
