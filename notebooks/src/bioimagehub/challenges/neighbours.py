"""Which points of two sets lie within a distance of each other, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bioimagehub.challenges.errors import PointsError
from bioimagehub.challenges.kernel import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A list of so many pairs takes 800 MB. A hundred thousand spots have room for 500 candidates each.
LARGEST_CANDIDATES = 50_000_000
# Room for all cells of a grid, and for the padding that keeps the ends of its lines apart, in 63 bits.
LARGEST_GRID = 2.0**60
# Cells are wider than the cut-off by more than rounding can move a point.
SLACK = 1 + 1e-6


class Neighbours(NamedTuple):
    """The near pairs, grouped by point of the first set, in an order of its own.

    ``order_a`` and ``order_b`` give the original position of each point of the two sets. The pairs of point i are
    those from ``first[i]`` to ``first[i + 1]``: ``columns`` is the point of the second set, ``squares``
    the squared distance.
    """

    order_a: NDArray[np.int64]
    order_b: NDArray[np.int64]
    first: NDArray[np.int64]
    columns: NDArray[np.int64]
    squares: NDArray[np.float64]


@compiled
def _candidates(
    a: NDArray[np.int64], b: NDArray[np.int64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int]:
    """Return where, in the sorted cells b, the neighbours of each of the sorted cells a begin and end; and how many.

    Both ends only move forward, so that nothing is searched.
    """
    ranges = np.zeros((a.size, offsets.size, 2), np.int64)
    total = 0
    for k in range(offsets.size):
        low = high = 0
        for i in range(a.size):
            cell = a[i] + offsets[k]
            while low < b.size and b[low] < cell - 1:
                low += 1
            high = max(low, high)
            while high < b.size and b[high] <= cell + 1:
                high += 1
            ranges[i, k, 0], ranges[i, k, 1] = low, high
            total += high - low
    return ranges, total


@compiled
def _near(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    ranges: NDArray[np.int64],
    total: int,
    lateral: float,
    axial: float,
    closed: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    first = np.zeros(len(a) + 1, np.int64)
    columns, squares = np.empty(total, np.int64), np.empty(total, np.float64)
    found = 0
    axes = a.shape[1]
    for i in range(len(a)):
        for k in range(ranges.shape[1]):
            for j in range(ranges[i, k, 0], ranges[i, k, 1]):
                flat = depth = 0.0
                for axis in range(axes):
                    step = a[i, axis] - b[j, axis]
                    if axis == axes - 3:
                        depth = abs(step)
                    else:
                        flat += step * step
                square = flat + depth * depth
                measured = flat if axial > 0 else square
                if closed:
                    near = measured <= lateral * lateral and (axial == 0 or depth <= axial)
                else:
                    near = measured < lateral * lateral and (axial == 0 or depth < axial)
                if near:
                    columns[found], squares[found] = j, square
                    found += 1
        first[i + 1] = found
    return first, columns[:found], squares[:found]


def find_neighbours(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    frames: tuple[NDArray[np.int64], NDArray[np.int64]],
    lateral: float,
    axial: float | None,
    *,
    closed: bool,
) -> Neighbours:
    """Return all pairs of points that are of one frame and near.

    Parameters
    ----------
    a, b : ndarray of float64, shape (points, 2 or 3)
        Finite coordinates along z (if there), y and x.
    frames : tuple of ndarray of int64, shape (points,)
        Number of the frame of each point of a and of b, from 0 on.
    lateral : float
        Largest distance; along y and x only if `axial` is given.
    axial : float or None
        Largest distance along z.
    closed : bool
        Whether a pair at the largest distance is near.

    Raises
    ------
    PointsError
        If the points are so crowded that the pairs would not fit into memory.
    """
    widths = np.array([axial or lateral, lateral, lateral][-a.shape[1] :]) * SLACK
    if len(a) == 0 or len(b) == 0:
        none = np.zeros(0, np.int64)
        return Neighbours(none, none, np.zeros(1, np.int64), none, np.zeros(0))
    low, high = a.min(axis=0), a.max(axis=0)
    # What lies outside the box of the first set is near nothing; without it, the grid has an end.
    inside = np.flatnonzero(((b >= low - widths) & (b <= high + widths)).all(axis=1))
    # Wider cells where finer ones could not be numbered: more pairs to compare, the same found.
    most = (LARGEST_GRID / (frames[0].max() + 1)) ** (1 / a.shape[1]) - 6
    widths = np.maximum(widths, (high - low) / most)
    lines = np.floor((high - low) / widths) + 5
    strides = np.append(np.cumprod(lines[:0:-1])[::-1], 1).astype(np.int64)
    frame_stride = int(strides[0] * lines[0])
    cells_a = np.floor((a - low) / widths).astype(np.int64) @ strides + frames[0] * frame_stride
    cells_b = np.floor((b[inside] - low) / widths).astype(np.int64) @ strides + frames[1][inside] * frame_stride
    order_a, order_b = np.argsort(cells_a, kind="stable"), np.argsort(cells_b, kind="stable")
    steps = np.array(np.meshgrid(*[[-1, 0, 1]] * (a.shape[1] - 1))).reshape(a.shape[1] - 1, -1)
    offsets = np.sort(strides[:-1] @ steps)
    ranges, total = _candidates(cells_a[order_a], cells_b[order_b], offsets)
    if total > LARGEST_CANDIDATES:
        msg = (
            f"{total:,} pairs of points are to be compared, as {len(a):,} and {len(b):,} points are crowded within the "
            f"cut-off. Expected at most {LARGEST_CANDIDATES:,}. Leave out double points, or lower the cut-off."
        )
        raise PointsError(msg)
    order_b = inside[order_b]
    near = _near(a[order_a], b[order_b], ranges, total, lateral, axial or 0.0, closed)
    return Neighbours(order_a, order_b, *near)
