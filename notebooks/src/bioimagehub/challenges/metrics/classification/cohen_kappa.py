"""Cohen's kappa: agreement beyond what the frequencies of the classes give by chance.

References
----------
Cohen, "A coefficient of agreement for nominal scales", Educ. Psychol. Meas. 20 (1960),
https://doi.org/10.1177/001316446002000104
"""

from __future__ import annotations

from collections import Counter
from math import nan
from typing import TYPE_CHECKING

from bioimagehub.challenges.answers import says_nothing

if TYPE_CHECKING:
    from bioimagehub.challenges.answers import Answers

TITLE = "Cohen's kappa"
BETTER = "higher"
BEST = 1.0
WORST = -1.0
UNIT = "1"
VERSION = 1


def score(answers: Answers) -> float:
    """Return kappa, from −1 to 1; NaN without items, and by the conventions if the ground truth has one class."""
    if says_nothing(answers):
        return nan
    true, guessed = Counter(answers.truth), Counter(answers.prediction)
    total = len(answers.truth)
    # In whole numbers, so that agreement and agreement by chance are compared exactly.
    chance = sum(true[k] * guessed[k] for k in true)
    agreed = total * sum(t == p for t, p in zip(answers.truth, answers.prediction, strict=True))
    return (agreed - chance) / (total**2 - chance) if total**2 > chance else nan
