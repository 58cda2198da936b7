"""Average precision of points: the area under the curve of precision and recall over the confidences.

In order of confidence each predicted point takes the nearest true point within the cut-off that is free, as boxes do in
COCO; predictions of one confidence are one step of the curve. Without confidences there is one step.

References
----------
Lin et al., "Microsoft COCO: common objects in context", ECCV 2014, https://doi.org/10.48550/arXiv.1405.0312
Bepler et al., "Positive-unlabeled convolutional neural networks for particle picking in cryo-electron micrographs",
Nature Methods 16 (2019), https://doi.org/10.1038/s41592-019-0575-8
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bioimagehub.challenges.localisation import SpotCounts

TITLE = "Average precision of picking"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: SpotCounts) -> float:
    """Return the area, as the conventions say: interpolated, at 101 recalls, or in steps."""
    if counts.n_truth == 0 or counts.n_prediction == 0:
        return counts.ratio(0, 0)
    precision, recall = counts.precision_recall()
    if counts.conventions.area != "steps":
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    if counts.conventions.area == "coco":
        at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
        return float(np.append(precision, 0.0)[at].mean())
    # Steps of recall in whole points, so that a perfect prediction is 1 and not nearly 1.
    return float(np.sum(counts.level_hits * precision)) / counts.n_truth
