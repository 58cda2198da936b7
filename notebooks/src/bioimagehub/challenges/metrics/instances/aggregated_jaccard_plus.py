"""AJI+: the aggregated Jaccard index with one partner an object, chosen for the largest sum of IoU.

References
----------
Graham et al., "HoVer-Net: simultaneous segmentation and classification of nuclei in multi-tissue histology images",
Medical Image Analysis 58 (2019), whose program defines it, https://doi.org/10.1016/j.media.2019.101563
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.counts import Counts

TITLE = "AJI+"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: Counts) -> float:
    """Return ΣI / (ΣU + areas of true and predicted objects without a partner)."""
    return counts.share(*counts.jaccard_plus)
