"""Pixel accuracy: the share of the pixels whose class is right.

References
----------
Long, Shelhamer, Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015,
https://doi.org/10.1109/CVPR.2015.7298965
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.classes import ClassCounts

TITLE = "Pixel accuracy"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: ClassCounts) -> float:
    """Return the share of right pixels among those that are not ignored; NaN if all are."""
    return counts.correct / counts.pixels if counts.pixels else nan
