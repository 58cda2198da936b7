"""The largest and then cheapest one-to-one pairing of a sparse graph, compiled.

Costs are pairs: how many rows stay alone, and the sum of what the pairs cost. They are compared by the first, and by
the second where the first is equal. One number made of both, such as a cost of 10¹⁰ for staying alone, would
swallow the digits of the small costs, and the pairing found would not be the cheapest.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.kernel import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@compiled
def _start(
    first: NDArray[np.int64],
    columns: NDArray[np.int64],
    costs: NDArray[np.float64],
    row_mate: NDArray[np.int64],
    column_mate: NDArray[np.int64],
    row_price: NDArray[np.float64],
) -> None:
    """Give each row its cheapest column, if no row before it has taken that."""
    for row in range(row_mate.size):
        if first[row] == first[row + 1]:
            continue
        best = first[row]
        for edge in range(first[row] + 1, first[row + 1]):
            taken = column_mate[columns[edge]] >= 0, column_mate[columns[best]] >= 0
            if costs[edge] < costs[best] or (costs[edge] == costs[best] and taken == (False, True)):
                best = edge
        row_price[row, 1] = costs[best]
        if column_mate[columns[best]] < 0:
            row_mate[row] = columns[best]
            column_mate[columns[best]] = row


@compiled
def _search(
    source: int,
    first: NDArray[np.int64],
    columns: NDArray[np.int64],
    costs: NDArray[np.float64],
    column_mate: NDArray[np.int64],
    row_price: NDArray[np.float64],
    column_price: NDArray[np.float64],
    distance: NDArray[np.float64],
    before: NDArray[np.int64],
    seen: NDArray[np.int64],
    done: list[int],
) -> tuple[int, int, float, float]:
    """Find the cheapest way to let one more row in; return its end (a free column, or a row that goes), and its cost.

    Dijkstra's algorithm over the columns; of those at one distance the free come first, as the search ends there.
    `seen` is 2·source + 1 for the columns that were reached, and 2·source + 2 for those that are settled, which are
    listed in `done`.
    """
    heap = [(0.0, 0.0, -1)]
    heap.clear()
    row, far, near = source, 0.0, 0.0
    goer, goer_far, goer_near = source, 1.0 - row_price[source, 0], -row_price[source, 1]
    while True:
        for edge in range(first[row], first[row + 1]):
            column = columns[edge]
            if seen[column] == 2 * source + 2:
                continue
            step_far = -row_price[row, 0] - column_price[column, 0]
            step_near = costs[edge] - row_price[row, 1] - column_price[column, 1]
            if step_far <= 0.0 and step_near < 0.0:  # by rounding
                step_far, step_near = 0.0, 0.0
            to_far, to_near = far + step_far, near + step_near
            known = seen[column] == 2 * source + 1
            if known and (distance[column, 0], distance[column, 1]) <= (to_far, to_near):
                continue
            seen[column] = 2 * source + 1
            distance[column, 0], distance[column, 1] = to_far, to_near
            before[column] = row
            heappush(heap, (to_far, to_near, column if column_mate[column] < 0 else column + column_mate.size))
        out_far, out_near = far + 1.0 - row_price[row, 0], near - row_price[row, 1]
        if (out_far, out_near) < (goer_far, goer_near):
            goer, goer_far, goer_near = row, out_far, out_near
        column = -1
        while len(heap) > 0 and column < 0:
            far, near, column = heappop(heap)
            column %= column_mate.size
            if seen[column] == 2 * source + 2:
                column = -1
        if column < 0 or (goer_far, goer_near) < (far, near):
            return -1, goer, goer_far, goer_near
        if column_mate[column] < 0:
            return column, -1, far, near
        seen[column] = 2 * source + 2
        done.append(column)
        row = column_mate[column]


@compiled
def _pair(
    first: NDArray[np.int64], columns: NDArray[np.int64], costs: NDArray[np.float64], width: int
) -> NDArray[np.int64]:
    rows = first.size - 1
    row_mate, column_mate = np.full(rows, -1), np.full(width, -1)
    row_price, column_price = np.zeros((rows, 2)), np.zeros((width, 2))
    distance, before, seen = np.zeros((width, 2)), np.full(width, -1), np.full(width, -1)
    _start(first, columns, costs, row_mate, column_mate, row_price)
    done = [-1]
    for source in range(rows):
        if row_mate[source] >= 0 or first[source] == first[source + 1]:
            continue
        done.clear()
        end, goer, far, near = _search(
            source, first, columns, costs, column_mate, row_price, column_price, distance, before, seen, done
        )
        row_price[source, 0] += far
        row_price[source, 1] += near
        for column in done:
            row = column_mate[column]
            row_price[row, 0] += far - distance[column, 0]
            row_price[row, 1] += near - distance[column, 1]
            column_price[column, 0] -= far - distance[column, 0]
            column_price[column, 1] -= near - distance[column, 1]
        if goer == source:
            continue
        if goer >= 0:
            end = row_mate[goer]
            row_mate[goer] = -1
        while True:
            row = before[end]
            following = row_mate[row]
            row_mate[row] = end
            column_mate[end] = row
            if row == source:
                break
            end = following
    return row_mate


def pair(
    first: NDArray[np.int64], columns: NDArray[np.int64], costs: NDArray[np.float64], width: int
) -> NDArray[np.int64]:
    """Choose as many edges as possible such that no row and no column is in two, and of these choices the cheapest.

    Parameters
    ----------
    first : ndarray of int64, shape (rows + 1,)
        Position of the first edge of each row; the last is the number of edges.
    columns : ndarray of int64, shape (edges,)
        The column of each edge, 0 to `width` − 1.
    costs : ndarray of float64, shape (edges,)
        Finite, of any sign.
    width : int
        Number of columns.

    Returns
    -------
    ndarray of int64, shape (rows,)
        The column of each row; −1 for a row that stays alone.

    Notes
    -----
    Shortest augmenting paths with prices [1]_, one row after the other. A search never leaves the connected
    component of its row and ends at the first free column, so that the time follows the crowding and not the number of
    points.

    References
    ----------
    .. [1] Jonker, Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
       Computing 38 (1987), https://doi.org/10.1007/BF02278710

    Examples
    --------
    Row 0 would be cheapest with column 0, but then row 1 had none.

    >>> pair(np.array([0, 2, 3]), np.array([0, 1, 0]), np.array([1.0, 5.0, 2.0]), 2)
    array([1, 0])
    """
    mates: NDArray[Any] = _pair(first, columns, costs, width)
    return mates


@compiled
def _take(order: NDArray[np.int64], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
    row_taken, column_taken = np.zeros(rows.max() + 1, np.bool_), np.zeros(columns.max() + 1, np.bool_)
    chosen = np.zeros(order.size, np.bool_)
    for k in range(order.size):
        row, column = rows[order[k]], columns[order[k]]
        if not row_taken[row] and not column_taken[column]:
            chosen[k] = row_taken[row] = column_taken[column] = True
    return chosen


def take_in_order(order: NDArray[np.int64], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose edges in an order, each if both of its ends are still free.

    Parameters
    ----------
    order : ndarray of int64, shape (edges to try,)
        Positions in the arrays of edges.
    rows, columns : ndarray of int64, shape (edges,)
        The ends of each edge, from 0 on.

    Returns
    -------
    ndarray of int64, shape (chosen,)
        Positions of the chosen edges, in the order in which they were taken.

    Examples
    --------
    >>> take_in_order(np.array([2, 0, 1]), np.array([0, 0, 1]), np.array([0, 1, 0]))
    array([2, 1])
    """
    if len(order) == 0:
        return order
    taken: NDArray[np.int64] = order[_take(order, rows, columns)]
    return taken
