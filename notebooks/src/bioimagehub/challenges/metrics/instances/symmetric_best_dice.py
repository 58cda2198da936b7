"""Symmetric best Dice (SBD): the mean best Dice over true, or over predicted objects, whichever is lower.

References
----------
Scharr et al., "Leaf segmentation in plant phenotyping: a collation study", Machine Vision and Applications 27 (2016),
https://doi.org/10.1007/s00138-015-0737-3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.counts import Counts

TITLE = "Symmetric best Dice"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: Counts) -> float:
    """Return min(Σ best Dice of true objects / true objects, the same of predicted objects)."""
    return min(
        counts.share(counts.best_dice[0], counts.n_truth), counts.share(counts.best_dice[1], counts.n_prediction)
    )
