"""The overlaps of the objects of two label images: one table from which every overlap metric follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.labels import check_pair

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LARGEST_LABEL = 2**32 - 1


@dataclass(frozen=True, eq=False, repr=False)
class Contingency:
    """The areas of all objects, and the intersections of those that overlap.

    Areas and intersections are counted in pixels (voxels in 3D). Objects are in the order of their labels;
    overlaps in the order of truth, then prediction. Background (0) is no object. All arrays are read-only.

    Attributes
    ----------
    truth_labels, prediction_labels : ndarray of int, shape (objects,)
        The labels that occur, ascending.
    truth_areas, prediction_areas : ndarray of int64, shape (objects,)
        Pixels of each object, those outside the other image's objects included.
    truth_index, prediction_index : ndarray of int64, shape (overlaps,)
        Which truth and which predicted object overlap, as positions in the arrays above.
    intersection : ndarray of int64, shape (overlaps,)
        Pixels that both objects have; at least 1.
    """

    truth_labels: NDArray[np.integer[Any]]
    prediction_labels: NDArray[np.integer[Any]]
    truth_areas: NDArray[np.int64]
    prediction_areas: NDArray[np.int64]
    truth_index: NDArray[np.int64]
    prediction_index: NDArray[np.int64]
    intersection: NDArray[np.int64]

    @property
    def n_truth(self) -> int:
        """Number of objects in the ground truth."""
        return len(self.truth_labels)

    @property
    def n_prediction(self) -> int:
        """Number of predicted objects."""
        return len(self.prediction_labels)

    @property
    def union(self) -> NDArray[np.int64]:
        """Pixels that either object of an overlap has, int64, shape (overlaps,)."""
        areas = self.truth_areas[self.truth_index] + self.prediction_areas[self.prediction_index]
        return areas - self.intersection

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of each overlap, float64 in (0, 1], shape (overlaps,)."""
        return self.intersection / self.union

    def __repr__(self) -> str:
        found = f"{self.n_truth} true objects, {self.n_prediction} predicted, {len(self.intersection)} overlaps"
        return f"<Contingency: {found}>"


def contingency(truth: ArrayLike, prediction: ArrayLike, *, name: str = "image") -> Contingency:
    """Return the table of overlaps of two label images, in one pass over them.

    Parameters
    ----------
    truth, prediction : array of int or uint, both (y, x), (z, y, x) or with more axes
        Label images, 0 is background. Labels need not be consecutive; memory grows with the number of
        overlaps and not with the largest label.
    name : str
        What messages call the image.

    Returns
    -------
    Contingency

    Raises
    ------
    NotALabelImageError, NegativeLabelError, LabelShapeError
        See `bioimagehub.challenges.labels.check_pair`.

    Examples
    --------
    >>> table = contingency([[1, 1, 0, 9]], [[4, 0, 0, 9]])
    >>> table.truth_labels, table.truth_areas
    (array([1, 9]), array([2, 1]))
    >>> table.iou
    array([0.5, 1. ])
    """
    # Numba takes half a second to import; who only reads labels does not wait for it.
    from bioimagehub.challenges.kernel import count_pairs

    truth, prediction = check_pair(truth, prediction, name)
    truth_names, truth_codes = _coded(truth)
    prediction_names, prediction_codes = _coded(prediction)
    dtype = np.promote_types(truth_codes.dtype, prediction_codes.dtype)
    i, j, pixels = count_pairs(truth_codes.astype(dtype, copy=False), prediction_codes.astype(dtype, copy=False))
    truth_labels, truth_index, truth_areas = _objects(i, pixels)
    prediction_labels, prediction_index, prediction_areas = _objects(j, pixels)
    overlaps = (i != 0) & (j != 0)
    table = Contingency(
        truth_labels if truth_names is None else truth_names[truth_labels],
        prediction_labels if prediction_names is None else prediction_names[prediction_labels],
        truth_areas,
        prediction_areas,
        truth_index[overlaps],
        prediction_index[overlaps],
        pixels[overlaps],
    )
    for values in vars(table).values():
        values.flags.writeable = False
    return table


def _coded(
    labels: NDArray[np.integer[Any]],
) -> tuple[NDArray[np.integer[Any]] | None, NDArray[np.unsignedinteger[Any]]]:
    """Return the label of each code (None where the labels are the codes), and the pixels as codes below 2³²."""
    flat = np.ascontiguousarray(labels).reshape(-1)
    flat = flat.astype(flat.dtype.newbyteorder("="), copy=False)
    if flat.dtype.itemsize < 8:
        return None, flat.view(f"u{flat.dtype.itemsize}")
    if int(flat.max()) <= LARGEST_LABEL:
        return None, flat.astype(np.uint32)
    names, codes = np.unique(flat, return_inverse=True)
    if names[0] != 0:  # code 0 means background
        names = np.concatenate([np.zeros(1, names.dtype), names])
        codes = codes + 1
    return names, codes.astype(np.uint32)


def _objects(
    labels: NDArray[np.int64], pixels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the labels but 0, the position of each pair's label in them (−1 for 0), and their areas."""
    found, index = np.unique(labels, return_inverse=True)
    areas = np.zeros(len(found), np.int64)
    np.add.at(areas, index, pixels)
    background = int(found[0] == 0)
    return found[background:], index - background, areas[background:]
