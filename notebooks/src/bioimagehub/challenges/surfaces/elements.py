"""Where the surface of a mask is: its voxels at the rim, or the elements between the corners of voxels."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product
from math import hypot
from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.kernel import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Areas of the surface inside a cube of eight voxels, as marching cubes draws it: for one of the cubes that are turned
# or mirrored into each other (bit 7 − (4z + 2y + x) is the voxel at z, y, x) the normals of its triangles, times 8.
# Taking inside for outside changes nothing.
NORMALS = {
    0b00000001: ((1, 1, 1),),
    0b00000011: ((2, 2, 0), (2, 2, 0)),
    0b00000110: ((1, 1, 1), (1, 1, 1)),
    0b00000111: ((1, 1, 1), (2, 2, 2), (4, 0, 0)),
    0b00001111: ((4, 0, 0), (4, 0, 0)),
    0b00010110: ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
    0b00010111: ((1, 1, 1), (1, 1, 1), (2, 2, 2), (2, 2, 2)),
    0b00011000: ((1, 1, 1), (1, 1, 1)),
    0b00011001: ((0, 2, 2), (0, 2, 2), (1, 1, 1)),
    0b00011011: ((0, 2, 2), (1, 1, 1), (2, 0, 2), (3, 3, 3)),
    0b00011110: ((1, 1, 1), (1, 1, 1), (2, 2, 2), (4, 0, 0)),
    0b00111100: ((2, 2, 0), (2, 2, 0), (2, 2, 0), (2, 2, 0)),
    0b01101001: ((1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1)),
}
CORNERS = tuple(product((0, 1), repeat=3))


def rim(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the voxels of a mask that share a face with the background; what lies outside the image is background.

    Returns
    -------
    ndarray of int64, shape (voxels, axes)
        Their indices.

    Examples
    --------
    >>> len(rim(np.ones((3, 3), bool)))
    8
    """
    deep = np.ascontiguousarray(mask)[None] if mask.ndim == 2 else np.ascontiguousarray(mask)
    places = np.empty((_walk(deep, mask.ndim, np.empty((0, 3), np.int64)), 3), np.int64)
    _walk(deep, mask.ndim, places)
    return places[:, 3 - mask.ndim :]


@compiled
def _walk(mask: NDArray[np.bool_], axes: int, places: NDArray[np.int64]) -> int:
    """Count the voxels at the rim, in the order in which they lie in memory; write them down where there is room."""
    depth, height, width = mask.shape
    found = 0
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                if not mask[z, y, x]:
                    continue
                inside = 0 < y < height - 1 and 0 < x < width - 1
                inside = inside and mask[z, y - 1, x] and mask[z, y + 1, x]
                inside = inside and mask[z, y, x - 1] and mask[z, y, x + 1]
                if axes == 3:
                    inside = inside and 0 < z < depth - 1 and mask[z - 1, y, x] and mask[z + 1, y, x]
                if not inside:
                    if found < len(places):
                        places[found, 0], places[found, 1], places[found, 2] = z, y, x
                    found += 1
    return found


def elements(mask: NDArray[np.bool_], spacing: tuple[float, ...]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the corners between voxels through which the surface runs, and how much of it is there.

    Parameters
    ----------
    mask : ndarray of bool, shape (y, x) or (z, y, x)
        What lies outside the image is background.
    spacing : tuple of float
        Size of a voxel along each axis.

    Returns
    -------
    corners : ndarray of int64, shape (elements, axes)
        Index of the voxel after the corner along all axes.
    sizes : ndarray of float64, shape (elements,)
        Length of the contour (2D) or area of the surface (3D) in the square or cube around the corner.

    References
    ----------
    Nikolov et al., "Clinically applicable segmentation of head and neck anatomy for radiotherapy", Journal of Medical
    Internet Research 23 (2021), https://doi.org/10.2196/26151

    Examples
    --------
    One pixel has four corners, and a contour of four short diagonals.

    >>> elements(np.ones((1, 1), bool), (1.0, 1.0))[1].round(3).tolist()
    [0.707, 0.707, 0.707, 0.707]
    """
    padded = np.pad(mask, 1).astype(np.uint8)
    codes = np.zeros([size + 1 for size in mask.shape], np.uint8)
    for corner in product((0, 1), repeat=mask.ndim):
        codes = codes * 2 + padded[tuple(slice(at, size + 1 + at) for at, size in zip(corner, mask.shape, strict=True))]
    corners = np.argwhere((codes != 0) & (codes != 2 ** (2**mask.ndim) - 1))
    sizes = _lengths(spacing) if mask.ndim == 2 else _areas(spacing)
    return corners, sizes[codes[tuple(corners.T)]]


def _lengths(spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the length of the contour in a square of four pixels, by its code."""
    diagonal = 0.5 * hypot(*spacing)
    by_code = dict.fromkeys((1, 2, 4, 7), diagonal) | {3: spacing[1], 5: spacing[0], 6: 2 * diagonal}
    return np.array([by_code.get(min(code, 15 - code), 0.0) for code in range(16)])


@cache
def _areas(spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the area of the surface in a cube of eight voxels, by its code."""
    z, y, x = spacing
    faces = np.array([y * x, z * x, z * y]) / 8
    return np.array([sum(float(np.linalg.norm(normal * faces)) for normal in one) for one in _all_normals()])


@cache
def _all_normals() -> list[list[NDArray[np.int64]]]:
    """Return the normals of all 256 cubes, by turning and mirroring those of the table."""
    found: list[list[NDArray[np.int64]]] = [[]] * 256
    for code, normals in NORMALS.items():
        inside = [corner for bit, corner in enumerate(CORNERS) if code >> (7 - bit) & 1]
        for order in permutations(range(3)):
            turned = [np.array([normal[axis] for axis in order]) for normal in normals]
            for mirrored in CORNERS:
                moved = [
                    tuple(corner[axis] ^ flip for axis, flip in zip(order, mirrored, strict=True)) for corner in inside
                ]
                new = sum(1 << (7 - CORNERS.index(corner)) for corner in moved)
                found[new] = found[255 - new] = turned
    return found
