"""What a reader of a board should know before believing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.challenges.boards.measured import Measured

FEW_CASES = 10


def remark(measured: Sequence[Measured]) -> tuple[str, ...]:
    """Return remarks on the numbers of the entries that compete; see `Board.remarks`."""
    cases = len(measured[0].scores.cases)
    remarks = []
    if cases == 1:
        remarks.append("There is one case: nothing can be said of how sure the ranks are.")
    elif cases < FEW_CASES:
        remarks.append(f"With {cases} cases, intervals are narrower than they should be. Take the ranks as a hint.")
    for one in measured:
        values = np.asarray(one.scores.values)
        title = one.column.title
        silent = [name for name, point in zip(one.scores.entries, one.points, strict=True) if np.isnan(point)]
        if silent:
            remarks.append(f"{title}: no case says anything about {', '.join(sorted(silent))}, so there is no score.")
        if perfect := int(np.count_nonzero(one.scores.gains == np.inf)):
            remarks.append(
                f"{title}: {perfect} {'scores' if perfect > 1 else 'score'} of cases {'are' if perfect > 1 else 'is'} "
                "infinite, the best there is. One makes a mean infinite; a median bears it."
            )
        if lost := int(np.count_nonzero(one.scores.gains == -np.inf)):
            remarks.append(
                f"{title}: {lost} {'scores' if lost > 1 else 'score'} of cases {'are' if lost > 1 else 'is'} infinite, "
                "the worst there is, as of a missing case. One makes a mean infinite."
            )
        if left_out := int(np.count_nonzero(np.isnan(values))):
            remarks.append(f"{title}: {left_out} of {values.size} scores of cases say nothing and are left out.")
    return tuple(remarks)
