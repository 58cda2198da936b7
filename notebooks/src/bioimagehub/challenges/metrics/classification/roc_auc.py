"""Area under the ROC curve: how often an item of a class gets a higher probability of it than another item.

The mean over the classes, each against the rest.

References
----------
Hand and Till, "A simple generalisation of the area under the ROC curve for multiple class classification problems",
Machine Learning 45 (2001), https://doi.org/10.1023/A:1010920819831; Fawcett (2006),
https://doi.org/10.1016/j.patrec.2005.10.010
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.answers import mean_defined

if TYPE_CHECKING:
    from bioimagehub.challenges.answers import Answers

TITLE = "ROC AUC"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(answers: Answers) -> float:
    """Return the mean over the classes that some items have and others have not; NaN if there is none."""
    from sklearn.metrics import roc_auc_score

    truth, chances = np.array(answers.truth), answers.chances
    classes = answers.classes_of_truth if len(answers.classes_of_truth) > 1 else []
    return mean_defined([float(roc_auc_score(truth == k, chances[:, k])) for k in classes])
