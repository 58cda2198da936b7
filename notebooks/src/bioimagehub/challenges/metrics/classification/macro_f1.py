"""Macro F1: the mean over the classes of 2 TP / (2 TP + FP + FN).

References
----------
Opitz and Burst, "Macro F1 and macro F1" (2019), https://arxiv.org/abs/1911.03347; Sokolova and Lapalme (2009),
https://doi.org/10.1016/j.ipm.2009.03.002
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from bioimagehub.challenges.answers import mean_defined

if TYPE_CHECKING:
    from bioimagehub.challenges.answers import Answers

TITLE = "Macro F1"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(answers: Answers) -> float:
    """Return the mean over the classes of the conventions; NaN if there are no items."""
    from sklearn.metrics import f1_score

    if not answers.truth:
        return nan
    conventions = answers.conventions
    over = answers.classes_of_truth if conventions.average == "truth" else range(len(answers.labels))
    absent = nan if conventions.absent == "nan" else 0.0
    each = f1_score(answers.truth, answers.prediction, labels=list(over), average=None, zero_division=absent)
    return mean_defined(each.tolist())
