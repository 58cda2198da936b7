"""Coarser levels of an image: means for intensities, the most frequent value for labels."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SMALLEST = 128
"""A level whose y and x are at most this long is the last one: a thumbnail."""

_ISOTROPIC = 1.5
"""z is halved with y and x as long as its spacing is at most this many times theirs."""


def plan_factors(axes: Sequence[str], shape: Sequence[int], spacing: Sequence[float | None]) -> list[tuple[int, ...]]:
    """Plan by how much each level is coarser than level 0 along each axis.

    Parameters
    ----------
    axes, shape, spacing : sequence
        As in `bioimagehub.catalogs.Record`. z is halved only where its spacing is known.

    Returns
    -------
    list of tuple of int
        One for each level; the first is all ones. ``t`` and ``c`` are never made coarser.

    Examples
    --------
    >>> plan_factors("zyx", (60, 256, 256), (0.29, 0.26, 0.26))
    [(1, 1, 1), (2, 2, 2)]
    >>> plan_factors("cyx", (3, 512, 300), (None, None, None))
    [(1, 1, 1), (1, 2, 2), (1, 4, 4)]
    """
    sizes = dict(zip(axes, shape, strict=True))
    steps = dict(zip(axes, spacing, strict=True))
    factors = dict.fromkeys(axes, 1)
    levels = [tuple(factors.values())]
    while max(math.ceil(sizes[axis] / factors[axis]) for axis in "yx") > SMALLEST:
        thin = _is_thin(steps, factors) and sizes.get("z", 1) > 1
        for axis in "zyx" if thin else "yx":
            factors[axis] *= 2
        levels.append(tuple(factors.values()))
    return levels


def _is_thin(steps: dict[str, float | None], factors: dict[str, int]) -> bool:
    """Whether the z-slices lie about as close as the pixels within them, at the present level."""
    z, y = steps.get("z"), steps["y"]
    return z is not None and y is not None and z * factors["z"] <= _ISOTROPIC * y * factors["y"]


def shrink_image(image: NDArray[Any], factors: Sequence[int]) -> NDArray[Any]:
    """Average blocks of pixels.

    Parameters
    ----------
    image : ndarray
        Any real type.
    factors : sequence of int
        Block length along each axis, 1 or 2. A block that sticks out over the edge averages what it has.

    Returns
    -------
    ndarray
        Of the same type; integers are rounded half to even.
    """
    mean = np.mean(_corners(image, factors), axis=0, dtype=np.float64)
    if np.issubdtype(image.dtype, np.integer):
        mean = np.rint(mean)
    return mean.astype(image.dtype)


def shrink_labels(labels: NDArray[Any], factors: Sequence[int]) -> NDArray[Any]:
    """Take the most frequent label of each block; of equally frequent ones the largest, so background loses.

    Parameters
    ----------
    labels : ndarray of int
        0 is background.
    factors : sequence of int
        Block length along each axis, 1 or 2.

    Returns
    -------
    ndarray
        Of the same type. No value appears that was not in `labels`.
    """
    corners = -np.sort(-_corners(labels, factors).astype(np.int64), axis=0)
    votes = np.stack([(corners == corner).sum(axis=0) for corner in corners])
    winner = votes.argmax(axis=0)
    chosen: NDArray[Any] = np.take_along_axis(corners, winner[np.newaxis], axis=0)[0].astype(labels.dtype)
    return chosen


def _corners(array: NDArray[Any], factors: Sequence[int]) -> NDArray[Any]:
    """Stack the pixels of each block along a new first axis; the edge is repeated where a block sticks out."""
    padding = [(0, -size % factor) for size, factor in zip(array.shape, factors, strict=True)]
    padded = np.pad(array, padding, mode="edge")
    offsets = itertools.product(*(range(factor) for factor in factors))
    return np.stack(
        [padded[tuple(slice(o, None, f) for o, f in zip(offset, factors, strict=True))] for offset in offsets]
    )
