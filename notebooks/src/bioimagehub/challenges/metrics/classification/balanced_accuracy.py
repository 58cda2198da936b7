"""Balanced accuracy: the mean over the true classes of the share of their items that is right.

References
----------
Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010,
https://doi.org/10.1109/ICPR.2010.764
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.answers import Answers

TITLE = "Balanced accuracy"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(answers: Answers) -> float:
    """Return the mean over the classes that the ground truth has; NaN if there are no items."""
    from sklearn.metrics import recall_score

    if not answers.truth:
        return nan
    # balanced_accuracy_score is the same, and warns where a class is answered that the truth does not have.
    return float(recall_score(answers.truth, answers.prediction, labels=answers.classes_of_truth, average="macro"))
