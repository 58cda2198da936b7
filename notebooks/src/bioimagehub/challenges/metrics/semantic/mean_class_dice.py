"""Mean Dice coefficient of classes: twice the shared pixels over the pixels of both.

References
----------
Dice, "Measures of the amount of ecologic association between species", Ecology 26 (1945),
https://doi.org/10.2307/1932409
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.classes import ClassCounts

TITLE = "Mean Dice of classes"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: ClassCounts) -> float:
    """Return the mean over the classes that count and that truth or prediction has."""
    return counts.mean(counts.dice)
