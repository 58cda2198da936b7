"""The objects of a frame that stand for each other: a predicted one that has more than half of a true one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bioimagehub.challenges.contingency import contingency

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class FrameMatch(NamedTuple):
    """The objects of a frame, and which match.

    Attributes
    ----------
    truth, prediction : ndarray of int, shape (objects,)
        The labels, ascending.
    truth_label, prediction_label : ndarray of int, shape (matches,)
        The labels of each match. A true object is in one match at most, a predicted one may be in several.
    iou : ndarray of float64, shape (matches,)
        Intersection over union of each match.
    """

    truth: NDArray[np.integer[Any]]
    prediction: NDArray[np.integer[Any]]
    truth_label: NDArray[np.integer[Any]]
    prediction_label: NDArray[np.integer[Any]]
    iou: NDArray[np.float64]


def match_frame(truth: ArrayLike, prediction: ArrayLike, *, name: str = "frame") -> FrameMatch:
    """Match the objects of a frame by the rule of the Cell Tracking Challenge.

    Parameters
    ----------
    truth, prediction : array of int or uint, both (y, x) or (z, y, x)
        Label images, 0 is background.
    name : str
        What messages call the frame.

    Raises
    ------
    NotALabelImageError, NegativeLabelError, LabelShapeError
        See `bioimagehub.challenges.labels.check_pair`.

    Notes
    -----
    A true object R and a predicted one S match if |R ∩ S| > |R| / 2 [1]_; compared in whole pixels, 2 |R ∩ S| > |R|.

    References
    ----------
    .. [1] Matula et al., "Cell tracking accuracy measurement based on comparison of acyclic oriented graphs",
       PLOS ONE 10 (2015), https://doi.org/10.1371/journal.pone.0144959

    Examples
    --------
    Of object 1 one half is found, of object 2 two thirds.

    >>> match_frame([[1, 1, 0, 2, 2, 2]], [[7, 0, 0, 8, 8, 0]]).prediction_label.tolist()
    [8]
    """
    table = contingency(truth, prediction, name=name)
    matched = np.flatnonzero(2 * table.intersection > table.truth_areas[table.truth_index])
    return FrameMatch(
        table.truth_labels,
        table.prediction_labels,
        table.truth_labels[table.truth_index[matched]],
        table.prediction_labels[table.prediction_index[matched]],
        table.iou[matched],
    )
