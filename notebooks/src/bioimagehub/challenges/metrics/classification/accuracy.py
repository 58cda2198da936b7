"""Accuracy: the share of items whose class is right.

References
----------
Grandini et al., "Metrics for multi-class classification: an overview" (2020), https://arxiv.org/abs/2008.05756
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.answers import Answers

TITLE = "Accuracy"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(answers: Answers) -> float:
    """Return the share; NaN if there are no items."""
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(answers.truth, answers.prediction)) if answers.truth else nan
