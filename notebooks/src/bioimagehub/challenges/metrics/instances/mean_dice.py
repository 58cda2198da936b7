"""Mean Dice: how well each true object is covered by the predicted object that fits it best; 0 if it is missed.

References
----------
Scharr et al., "Leaf segmentation in plant phenotyping: a collation study", Machine Vision and Applications 27 (2016),
https://doi.org/10.1007/s00138-015-0737-3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.counts import Counts

TITLE = "Mean Dice"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: Counts) -> float:
    """Return Σ best Dice of true objects / true objects."""
    return counts.share(counts.best_dice[0], counts.n_truth)
