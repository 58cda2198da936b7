"""Mean intersection over union of classes.

References
----------
Everingham et al., "The PASCAL visual object classes challenge: a retrospective", International Journal of Computer
Vision 111 (2015), https://doi.org/10.1007/s11263-014-0733-5
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.classes import ClassCounts

TITLE = "Mean IoU of classes"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: ClassCounts) -> float:
    """Return the mean over the classes that count and that truth or prediction has."""
    return counts.mean(counts.iou)
