"""What became of each object: matched, missed, split, merged or made up. For tables and overlays."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import UnknownLabelError
from bioimagehub.challenges.labels import check_labels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from bioimagehub.challenges.matching import Matching


class Outcome(IntEnum):
    """What became of an object; the numbers are those of the images of outcomes.

    A piece of an object is an object of the other image that has more than half of its own area inside it.
    """

    BACKGROUND = 0
    MATCHED = 1
    MISSED = 2
    SPLIT = 3
    MERGED = 4
    FALSE = 5
    FRAGMENT = 6
    MERGER = 7


def outcomes(matching: Matching) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return what became of each true and of each predicted object.

    Returns
    -------
    truth : ndarray of uint8, shape (true objects,)
        In the order of ``matching.table.truth_labels``:
        `Outcome.MATCHED`; `Outcome.SPLIT`, not matched and of two or more pieces; `Outcome.MERGED`, not matched
        and one of two or more pieces of a predicted object; or `Outcome.MISSED`, for any other reason.
    prediction : ndarray of uint8, shape (predicted objects,)
        In the order of ``matching.table.prediction_labels``:
        `Outcome.MATCHED`; `Outcome.MERGER`, not matched and of two or more pieces; `Outcome.FRAGMENT`, not matched
        and one of two or more pieces of a true object; or `Outcome.FALSE`, for any other reason.

    Examples
    --------
    >>> from bioimagehub.challenges import contingency, match
    >>> table = contingency([[1, 1, 1, 0, 2, 0, 3]], [[7, 8, 9, 0, 0, 4, 3]])
    >>> truth, prediction = outcomes(match(table))
    >>> [Outcome(one).name for one in truth]
    ['SPLIT', 'MISSED', 'MATCHED']
    >>> [Outcome(one).name for one in prediction]
    ['MATCHED', 'FALSE', 'FRAGMENT', 'FRAGMENT', 'FRAGMENT']
    """
    table = matching.table
    i, j = table.truth_index, table.prediction_index
    split, fragment = _composites(i, j, 2 * table.intersection > table.prediction_areas[j])
    merger, merged = _composites(j, i, 2 * table.intersection > table.truth_areas[i])
    truth = np.full(table.n_truth, Outcome.MISSED, np.uint8)
    truth[merged] = Outcome.MERGED
    truth[split] = Outcome.SPLIT
    truth[i[matching.overlaps]] = Outcome.MATCHED
    prediction = np.full(table.n_prediction, Outcome.FALSE, np.uint8)
    prediction[fragment] = Outcome.FRAGMENT
    prediction[merger] = Outcome.MERGER
    prediction[j[matching.overlaps]] = Outcome.MATCHED
    return truth, prediction


def _composites(
    whole: NDArray[np.int64], part: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the objects of two or more pieces, and these pieces, from the overlaps and which part lies inside."""
    whole, part = whole[inside], part[inside]
    composite = np.bincount(whole)[whole] > 1 if len(whole) else np.zeros(0, bool)
    return whole[composite], part[composite]


def paint(labels: ArrayLike, names: NDArray[np.integer[Any]], values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image that has, at the pixels of each object, the value given for it.

    Parameters
    ----------
    labels : array of int or uint, any shape
        A label image.
    names : ndarray of int, shape (objects,)
        All labels of the image but 0, ascending, such as ``table.truth_labels``.
    values : ndarray of uint8, shape (objects,)
        The value of each, such as `truth_outcomes` gives.

    Returns
    -------
    ndarray of uint8, shape of `labels`
        0 is background.

    Raises
    ------
    UnknownLabelError
        If the image has a label that `names` has not.

    Examples
    --------
    >>> paint([[0, 7], [9, 9]], np.array([7, 9]), np.array([1, 2], np.uint8))
    array([[0, 1],
           [2, 2]], dtype=uint8)
    """
    pixels = check_labels(labels)
    known = np.concatenate([np.zeros(1, names.dtype), names])
    position = np.minimum(np.searchsorted(known, pixels), len(known) - 1)
    strange = pixels[known[position] != pixels]
    if strange.size:
        msg = (
            f"The label image has the label {strange.min()}, for which there is no value. Expected values for all "
            "labels. Give the image that was scored, with the labels of its own: truth_labels or prediction_labels."
        )
        raise UnknownLabelError(msg)
    return np.concatenate([np.zeros(1, np.uint8), values])[position]
