"""Where the objects of a label image are: bounding boxes and centroids, in one pass, for labels of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bioimagehub.challenges.kernel import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Boxes(NamedTuple):
    """Bounding boxes and centroids, in pixels.

    Attributes
    ----------
    low, high : ndarray of int64, shape (objects, axes)
        First pixel, and one past the last, along each axis.
    centroid : ndarray of float64, shape (objects, axes)
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    centroid: NDArray[np.float64]


@compiled
def _survey(
    labels: NDArray[Any],
    names: NDArray[Any],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    sums: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Add each pixel (z, y, x) to the box and the sums of its object."""
    zero = labels.dtype.type(0)
    for z in range(labels.shape[0]):
        for y in range(labels.shape[1]):
            last = zero
            at = 0
            for x in range(labels.shape[2]):
                label = labels[z, y, x]
                if label == zero:
                    continue
                if label != last:
                    at = np.searchsorted(names, label)
                    last = label
                if at == names.size or names[at] != label:
                    continue
                counts[at] += 1
                position = (z, y, x)
                for axis in range(3):
                    low[at, axis] = min(low[at, axis], position[axis])
                    high[at, axis] = max(high[at, axis], position[axis] + 1)
                    sums[at, axis] += position[axis]


def find_boxes(labels: NDArray[np.integer[Any]], names: NDArray[np.integer[Any]]) -> Boxes:
    """Return the box and the centroid of each object.

    Parameters
    ----------
    labels : ndarray of int, shape (y, x) or (z, y, x)
        A label image.
    names : ndarray of int, shape (objects,)
        Labels of the image but 0, ascending; other labels are passed over.

    Examples
    --------
    >>> boxes = find_boxes(np.array([[0, 5, 5], [0, 0, 5], [2**40, 0, 0]]), np.array([5, 2**40]))
    >>> boxes.low.tolist(), boxes.high.tolist()
    ([[0, 1], [2, 0]], [[2, 3], [3, 1]])
    >>> boxes.centroid[1].tolist()
    [2.0, 0.0]
    """
    volume = labels.reshape((1,) * (3 - labels.ndim) + labels.shape)
    low = np.full((len(names), 3), np.iinfo(np.int64).max)
    high = np.zeros((len(names), 3), np.int64)
    sums = np.zeros((len(names), 3))
    counts = np.zeros(len(names), np.int64)
    native = volume.astype(volume.dtype.newbyteorder("="), copy=False)
    _survey(native, names.astype(native.dtype), low, high, sums, counts)
    axes = slice(3 - labels.ndim, None)
    return Boxes(low[:, axes], high[:, axes], (sums / counts[:, None])[:, axes])
