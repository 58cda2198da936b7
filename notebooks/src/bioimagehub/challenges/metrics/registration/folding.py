"""Folding: the percentage of the image that a registration turns inside out.

There the determinant of the Jacobian of the transformation is not above 0.

References
----------
Hering et al., "Learn2Reg: comprehensive multi-task medical image registration challenge, dataset and evaluation in the
era of deep learning", IEEE Transactions on Medical Imaging 42 (2023), https://doi.org/10.1109/TMI.2022.3213983
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.landmarks import LandmarkErrors

TITLE = "Negative Jacobian"
BETTER = "lower"
BEST = 0.0
WORST = 100.0
UNIT = "%"
VERSION = 1


def score(errors: LandmarkErrors) -> float:
    """Return the percentage of folded voxels; NaN without a displacement field."""
    return 100 * errors.folded / errors.voxels if errors.voxels else nan
