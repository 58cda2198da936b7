"""The mistakes of an instance segmentation: objects that are missed, split, merged or made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.contingency import contingency
from bioimagehub.challenges.conventions import Conventions
from bioimagehub.challenges.errors import ExplorerError
from bioimagehub.challenges.explorer.mistakes import AXES, Mistake, check_spacing, sort_mistakes
from bioimagehub.challenges.labels import check_pair
from bioimagehub.challenges.matching import match
from bioimagehub.challenges.outcomes import Outcome, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from bioimagehub.challenges.contingency import Contingency
    from bioimagehub.challenges.explorer.mistakes import Side


def find_mistakes(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    conventions: Conventions | None = None,
    spacing: Sequence[float] | None = None,
    name: str = "case",
) -> list[Mistake]:
    """Return every object of truth and prediction without a partner, from the matching that scores.

    Parameters
    ----------
    truth, prediction : array of int or uint, both (y, x) or (z, y, x)
        Label images, 0 is background.
    conventions : Conventions, optional
        Its single threshold, and whether it is closed, decide what matches.
    spacing : sequence of float, optional
        Size of a pixel along (z,) y, x in µm.
    name : str
        What messages call the case.

    Returns
    -------
    list of Mistake
        By size, the largest first. What is matched is no mistake, whatever its IoU; nor is what the conventions excuse.

    Raises
    ------
    NotALabelImageError, NegativeLabelError, LabelShapeError
        See `bioimagehub.challenges.labels.check_pair`.
    ExplorerError
        If there are more axes, or the spacing does not fit.

    Examples
    --------
    >>> found = find_mistakes([[1, 1, 0, 0, 2, 2]], [[1, 1, 0, 3, 0, 0]], spacing=(0.5, 0.5))
    >>> [(one.kind, one.label, one.centre) for one in found]
    [('missed', 2, (0.0, 2.25)), ('false', 3, (0.0, 1.5))]
    """
    conventions = conventions or Conventions()
    true, predicted = check_pair(truth, prediction, name)
    if true.ndim > len(AXES):
        msg = f"{name} has {true.ndim} axes. Expected (y, x) or (z, y, x). Look at one timepoint at a time."
        raise ExplorerError(msg)
    steps = check_spacing(spacing, true.ndim, name)
    table = contingency(true, predicted, name=name, ignore=conventions.ignore)
    fates = outcomes(match(table, conventions.at, closed=conventions.closed))
    ignored = 2 * table.prediction_ignored > table.prediction_areas + table.prediction_ignored
    fates[1][ignored & conventions.excuse] = Outcome.MATCHED  # no mistake, as in `counts.count`
    mistakes = [
        *_list_side("truth", true, table, fates[0], steps),
        *_list_side("prediction", predicted, table, fates[1], steps),
    ]
    return sort_mistakes(mistakes)


def _list_side(
    side: Side,
    labels: NDArray[np.integer[Any]],
    table: Contingency,
    fates: NDArray[np.uint8],
    spacing: tuple[float, ...] | None,
) -> Iterator[Mistake]:
    from bioimagehub.challenges.explorer.boxes import find_boxes  # compiled: not before it is needed

    names, areas, index = table.truth_labels, table.truth_areas, table.truth_index
    others, other_index = table.prediction_labels, table.prediction_index
    if side == "prediction":
        names, areas, index, others, other_index = others, table.prediction_areas, other_index, names, index
    wrong = np.flatnonzero(fates != Outcome.MATCHED)
    if not len(wrong):
        return
    boxes = find_boxes(labels, names)
    best, iou = _best_overlaps(index, table.iou, len(names))
    for at in wrong.tolist():
        yield Mistake(
            Outcome(int(fates[at])).name.lower(),
            side,
            int(names[at]),
            tuple(boxes.low[at].tolist()),
            tuple(boxes.high[at].tolist()),
            tuple(boxes.centroid[at].tolist()),
            int(areas[at]),
            spacing,
            float(iou[at]),
            int(others[other_index[best[at]]]) if best[at] >= 0 else None,
        )


def _best_overlaps(
    index: NDArray[np.int64], iou: NDArray[np.float64], objects: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each object the position of the overlap with the largest IoU, −1 if it has none, and this IoU."""
    order = np.argsort(iou, kind="stable")
    best = np.full(objects, -1)
    best[index[order]] = order  # of several, the last one stays
    found = np.zeros(objects)
    found[index[order]] = iou[order]
    return best, found
