"""Log loss: the mean of −ln of the probability that was given to the true class.

References
----------
Good, "Rational decisions", J. R. Stat. Soc. B 14 (1952), https://doi.org/10.1111/j.2517-6161.1952.tb00104.x
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.answers import Answers

TITLE = "Log loss"
BETTER = "lower"
BEST = 0.0
# −ln 2⁻⁵²
WORST = 36.04365338911715
UNIT = "1"
VERSION = 1


def score(answers: Answers) -> float:
    """Return the mean; a probability below 2⁻⁵² counts as 2⁻⁵², so no item costs more than 36.04; NaN without items."""
    from sklearn.metrics import log_loss

    if not answers.truth:
        return nan
    if len(answers.labels) == 1:
        return 0.0
    return float(log_loss(answers.truth, answers.chances, labels=list(range(len(answers.labels)))))
