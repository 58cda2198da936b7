"""Where the objects of a label image lie, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.kernel import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@compiled
def _extent(image: NDArray[Any], box: NDArray[np.int64]) -> None:
    """Widen a box until it holds all pixels that are not 0."""
    for z in range(image.shape[0]):
        for y in range(image.shape[1]):
            row = image[z, y]
            found = row[0]
            for x in range(row.size):
                found |= row[x]
            if not found:
                continue
            first, last = 0, row.size - 1
            while not row[first]:
                first += 1
            while not row[last]:
                last -= 1
            for axis, low, high in ((0, z, z), (1, y, y), (2, first, last)):
                box[0, axis] = min(box[0, axis], low)
                box[1, axis] = max(box[1, axis], high + 1)


@compiled
def _boxes(image: NDArray[Any], names: NDArray[Any], boxes: NDArray[np.int64]) -> None:
    """Widen the box of each label until it holds all pixels of it."""
    for z in range(image.shape[0]):
        for y in range(image.shape[1]):
            row = image[z, y]
            start = 0
            while start < row.size:
                end = start + 1
                while end < row.size and row[end] == row[start]:
                    end += 1
                if row[start]:
                    box = boxes[np.searchsorted(names, row[start])]
                    for axis, low, high in ((0, z, z), (1, y, y), (2, start, end - 1)):
                        box[0, axis] = min(box[0, axis], low)
                        box[1, axis] = max(box[1, axis], high + 1)
                start = end


def find_extent(image: NDArray[Any]) -> NDArray[np.int64]:
    """Return the box that holds all pixels which are not 0.

    Parameters
    ----------
    image : ndarray of int or uint, shape (y, x) or (z, y, x)

    Returns
    -------
    ndarray of int64, shape (2, axes)
        First index along each axis, and the index after the last; the first is larger where all pixels are 0.

    Examples
    --------
    >>> find_extent(np.array([[0, 0, 0], [0, 7, 7]])).tolist()
    [[1, 1], [2, 3]]
    """
    box = _empty_boxes(image, 1)
    _extent(_deep(image), box[0])
    return box[0, :, 3 - image.ndim :]


def find_boxes(image: NDArray[Any], names: NDArray[Any]) -> NDArray[np.int64]:
    """Return the box of each object of a label image.

    Parameters
    ----------
    image : ndarray of int or uint, shape (y, x) or (z, y, x)
        A label image, 0 is background.
    names : ndarray of int, shape (objects,)
        All labels that occur but 0, ascending.

    Returns
    -------
    ndarray of int64, shape (objects, 2, axes)
        First index along each axis, and the index after the last.

    Examples
    --------
    >>> find_boxes(np.array([[5, 0, 0], [0, 7, 7]]), np.array([5, 7])).tolist()
    [[[0, 0], [1, 1]], [[1, 1], [2, 3]]]
    """
    boxes = _empty_boxes(image, len(names))
    pixels = _deep(image)
    _boxes(pixels, names.astype(pixels.dtype), boxes)
    return boxes[:, :, 3 - image.ndim :]


def _deep(image: NDArray[Any]) -> NDArray[Any]:
    """Return the pixels with three axes and of an unsigned type, so that little has to be compiled."""
    pixels = np.ascontiguousarray(image, image.dtype.newbyteorder("=")).view(f"u{image.dtype.itemsize}")
    return pixels[None] if pixels.ndim == 2 else pixels


def _empty_boxes(image: NDArray[Any], objects: int) -> NDArray[np.int64]:
    boxes = np.zeros((objects, 2, 3), np.int64)
    boxes[:, 0] = max(image.shape) + 1
    return boxes
