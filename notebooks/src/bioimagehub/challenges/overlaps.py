"""Sums over the overlaps of objects, where a metric does not ask for a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.assignment import assign_heaviest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.challenges.contingency import Contingency


def best_partners(table: Contingency) -> NDArray[np.int64]:
    """Return, for each true object that overlaps with any, the overlap of the largest IoU.

    Returns
    -------
    ndarray of int64, shape (true objects that overlap,)
        Positions in the arrays of the table, ascending. Several true objects may have the same predicted one. Of
        equal IoU, the predicted object with the lower label is taken.
    """
    if len(table.intersection) == 0:
        return np.zeros(0, np.int64)
    iou, i = table.iou, table.truth_index
    best = np.zeros(table.n_truth)
    np.maximum.at(best, i, iou)
    positions = np.flatnonzero(iou == best[i])
    is_first = np.ones(len(positions), np.bool_)
    is_first[1:] = i[positions[1:]] != i[positions[:-1]]  # the table is in the order of truth, then prediction
    return positions[is_first]


def heaviest_pairs(table: Contingency) -> NDArray[np.int64]:
    """Return the overlaps that pair objects one to one with the largest sum of IoU, as positions in the table."""
    return assign_heaviest(table.truth_index, table.prediction_index, table.iou)


def jaccard_sums(table: Contingency, overlaps: NDArray[np.int64]) -> tuple[int, int]:
    """Return the sums of intersections and of unions over chosen overlaps and the objects that are in none of them.

    Parameters
    ----------
    table : Contingency
        The overlaps of the ground truth and the prediction.
    overlaps : ndarray of int64, shape (chosen,)
        Positions in the arrays of the table.

    Returns
    -------
    intersection, union : int
        In pixels. An object that is in no chosen overlap adds its area to the union.
    """
    truth_alone = np.delete(table.truth_areas, table.truth_index[overlaps])
    prediction_alone = np.delete(table.prediction_areas, table.prediction_index[overlaps])
    union = table.union[overlaps].sum() + truth_alone.sum() + prediction_alone.sum()
    return int(table.intersection[overlaps].sum()), int(union)


def dice(table: Contingency) -> NDArray[np.float64]:
    """Return the Dice coefficient of each overlap, 2 I / (area + area), float64 in (0, 1], shape (overlaps,)."""
    return 2 * table.intersection / (table.union + table.intersection)


def best_dice_sums(table: Contingency) -> tuple[float, float]:
    """Return the sums, over true and over predicted objects, of the largest Dice that each has with any object."""
    values = dice(table)
    best = np.zeros(table.n_truth), np.zeros(table.n_prediction)
    np.maximum.at(best[0], table.truth_index, values)
    np.maximum.at(best[1], table.prediction_index, values)
    return float(best[0].sum()), float(best[1].sum())
