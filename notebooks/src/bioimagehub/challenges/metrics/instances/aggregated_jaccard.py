"""Aggregated Jaccard index (AJI): intersections over unions of all objects, summed before they are divided.

Each true object takes the predicted object of the largest IoU, also one that another has taken. Objects that are left
add their areas to the unions.

References
----------
Kumar et al., "A dataset and a technique for generalized nuclear segmentation for computational pathology", IEEE
Transactions on Medical Imaging 36 (2017), algorithm 1, https://doi.org/10.1109/TMI.2017.2677499
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.counts import Counts

TITLE = "Aggregated Jaccard index"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: Counts) -> float:
    """Return ΣI / (ΣU + areas of true and predicted objects without a partner)."""
    return counts.share(*counts.jaccard)
