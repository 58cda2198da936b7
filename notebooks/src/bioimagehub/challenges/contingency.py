"""The overlaps of the objects of two label images: one table from which every overlap metric follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.blocks import is_lazy, lazy_pairs
from bioimagehub.challenges.labels import check_pair
from bioimagehub.challenges.pairs import find_pairs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from bioimagehub.challenges.pairs import Pairs


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
    prediction_ignored : ndarray of int64, shape (objects,)
        Pixels of each predicted object in the region of the truth that is ignored; they are not in its area.
        All 0 where nothing is ignored.
    """

    truth_labels: NDArray[np.integer[Any]]
    prediction_labels: NDArray[np.integer[Any]]
    truth_areas: NDArray[np.int64]
    prediction_areas: NDArray[np.int64]
    truth_index: NDArray[np.int64]
    prediction_index: NDArray[np.int64]
    intersection: NDArray[np.int64]
    prediction_ignored: NDArray[np.int64]

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


def contingency(
    truth: ArrayLike, prediction: ArrayLike, *, name: str = "image", ignore: int | None = None
) -> Contingency:
    """Return the table of overlaps of two label images, in one pass over them.

    Parameters
    ----------
    truth, prediction : array of int or uint, both (y, x), (z, y, x) or with more axes
        Label images, 0 is background. Labels may be as large as their type holds and need not be consecutive; memory
        grows with the number of overlaps and not with the largest label. Of an array that is opened and not
        loaded (Zarr, HDF5, xarray, Dask) one block after the other is read; of Dask arrays, many at once. The
        table is the same.
    name : str
        What messages call the image.
    ignore : int, optional
        The label of the ground truth that marks pixels to be left out of both images. An object that lies
        there altogether is in the table no more.

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
    if is_lazy(truth) or is_lazy(prediction):
        return tabulate(lazy_pairs(truth, prediction, name=name), ignore=ignore)
    return tabulate(find_pairs(*check_pair(truth, prediction, name)), ignore=ignore)


def tabulate(pairs: Pairs, *, ignore: int | None = None) -> Contingency:
    """Return the table of overlaps that follows from the pairs of labels of all pixels.

    Parameters
    ----------
    pairs : Pairs
        Of a whole image.
    ignore : int, optional
        The label of the ground truth that marks pixels to be left out.
    """
    i, j, pixels = pairs.truth, pairs.prediction, pairs.pixels
    ignored = i == ignore if ignore is not None else np.zeros(len(i), np.bool_)
    lost_labels, lost_pixels = j[ignored], pixels[ignored]
    i, j, pixels = i[~ignored], j[~ignored], pixels[~ignored]
    truth_labels, truth_index, truth_areas = _objects(i, pixels)
    prediction_labels, prediction_index, prediction_areas = _objects(j, pixels)
    lost = np.zeros(len(prediction_labels), np.int64)
    _, places, sources = np.intersect1d(prediction_labels, lost_labels, assume_unique=True, return_indices=True)
    lost[places] = lost_pixels[sources]
    overlaps = (i != 0) & (j != 0)
    table = Contingency(
        _signed(truth_labels),
        _signed(prediction_labels),
        truth_areas,
        prediction_areas,
        truth_index[overlaps],
        prediction_index[overlaps],
        pixels[overlaps],
        lost,
    )
    for values in vars(table).values():
        values.flags.writeable = False
    return table


def _objects(
    labels: NDArray[np.uint64], pixels: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the labels but 0, the position of each pair's label in them (−1 for 0), and their areas."""
    found, index = np.unique(labels, return_inverse=True)
    areas = np.zeros(len(found), np.int64)
    np.add.at(areas, index, pixels)
    background = int(len(found) > 0 and found[0] == 0)
    return found[background:], index - background, areas[background:]


def _signed(labels: NDArray[np.uint64]) -> NDArray[np.integer[Any]]:
    """Return labels as int64, unless one is too large."""
    return labels if len(labels) and labels[-1] > np.iinfo(np.int64).max else labels.astype(np.int64)
