"""Matthews correlation coefficient, of any number of classes.

References
----------
Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", Comput. Biol. Chem. 28 (2004),
https://doi.org/10.1016/j.compbiolchem.2004.09.006
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from bioimagehub.challenges.answers import says_nothing

if TYPE_CHECKING:
    from bioimagehub.challenges.answers import Answers

TITLE = "Matthews correlation"
BETTER = "higher"
BEST = 1.0
WORST = -1.0
UNIT = "1"
VERSION = 1


def score(answers: Answers) -> float:
    """Return the coefficient, from −1 to 1: 0 for a constant answer; by the conventions if the truth has one class."""
    from sklearn.metrics import matthews_corrcoef

    if says_nothing(answers):
        return nan
    # scikit-learn warns of a table of one class.
    if len({*answers.truth, *answers.prediction}) == 1:
        return 0.0
    return float(matthews_corrcoef(answers.truth, answers.prediction))
