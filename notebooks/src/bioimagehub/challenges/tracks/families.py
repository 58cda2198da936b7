"""Which tracks are of one family: a track, all its ancestors, and all its descendants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.kernel import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.challenges.tracks.lineage import Lineage


@dataclass(frozen=True, eq=False)
class Families:
    """The chains of a lineage, numbered so that the descendants of each have the numbers that follow its own.

    A chain is a track with its only child, and that one's only child, and so on. Two chains are of one family if
    their spans, from `first` up to and without `last`, have a number in common: of two such spans, one is in the other.

    Attributes
    ----------
    first : ndarray of int64, shape (chains,)
        Number of each chain.
    last : ndarray of int64, shape (chains,)
        The number after its last descendant.
    chain : ndarray of int64, shape (tracks,)
        The chain of each track of the lineage, as a position in the other arrays.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    chain: NDArray[np.int64]

    def totals(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sum of the values of all chains of the family of each chain, int64, shape (chains,)."""
        # A span meets another if it begins before that one's end, but for those that end before it begins.
        begun = _running(self.first, values, len(values))
        ended = _running(self.last, values, len(values))
        return begun[self.last] - ended[self.first + 1]


def find_families(lineage: Lineage) -> Families:
    """Return the families of a lineage without problems."""
    parent = lineage.parent_row.tolist()
    only = (lineage.n_children == 1).tolist()
    order = np.argsort(lineage.begin, kind="stable").tolist()  # parents come before their children
    head = list(range(len(parent)))
    for row in order:
        if parent[row] >= 0 and only[parent[row]]:
            head[row] = head[parent[row]]
    above = [head[one] if one >= 0 else -1 for one in parent]
    heads = [row for row in order if head[row] == row]
    size = [1] * len(parent)
    for row in reversed(heads):
        if above[row] >= 0:
            size[above[row]] += size[row]
    first = [0] * len(parent)
    free = [0] * len(parent)  # the next number for a child of each chain
    roots = 0
    for row in heads:
        if above[row] < 0:
            first[row] = roots
            roots += size[row]
        else:
            first[row] = free[above[row]]
            free[above[row]] += size[row]
        free[row] = first[row] + 1
    positions = {row: position for position, row in enumerate(heads)}
    firsts, sizes = (np.array([values[row] for row in heads], np.int64) for values in (first, size))
    return Families(firsts, firsts + sizes, np.array([positions[row] for row in head], np.int64))


def shared_matches(
    true: Families,
    predicted: Families,
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    matches: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return, for each pair of chains, the matches between all chains of the one family and all of the other.

    Parameters
    ----------
    true, predicted : Families
        Of the two lineages.
    i, j : ndarray of int64, shape (pairs,)
        The chains of each pair that has matches.
    matches : ndarray of int64, shape (pairs,)
        How many.

    Returns
    -------
    ndarray of int64, shape (pairs,)

    Notes
    -----
    As in `Families.totals`, on both sides: four sums of all pairs whose ends lie below two bounds. So it takes
    n log n steps, while the product of the matrices of families may have as many entries as there are pairs of chains.
    """
    total = np.zeros(len(i), np.int64)
    sides = []
    for families, chains in ((true, i), (predicted, j)):
        first, last = families.first[chains], families.last[chains]
        # Ends of spans, the bound below which they count (without it), and the sign.
        sides.append(((first, last, 1), (last, first + 1, -1)))
    for x, x_bound, x_sign in sides[0]:
        for y, y_bound, y_sign in sides[1]:
            total += x_sign * y_sign * _below(x, y, matches, x_bound, y_bound)
    return total


def _running(ends: NDArray[np.int64], values: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Return the sum of the values whose end lies below 0, 1, … `length` + 1."""
    sums = np.zeros(length + 2, np.int64)
    np.add.at(sums, ends + 1, values)
    return np.cumsum(sums)


def _below(
    x: NDArray[np.int64],
    y: NDArray[np.int64],
    weights: NDArray[np.int64],
    x_bound: NDArray[np.int64],
    y_bound: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return, for each pair of bounds, the sum of the weights of the points with x and y below them."""
    by_x, by_bound = np.argsort(x, kind="stable"), np.argsort(x_bound, kind="stable")
    # How many points lie below each bound, in the order of the bounds.
    count = np.searchsorted(x[by_x], x_bound[by_bound])
    sums = np.zeros(len(x), np.int64)
    sums[by_bound] = _sum_below(y[by_x], weights[by_x], count, y_bound[by_bound], int(max(y.max(), y_bound.max())) + 2)
    return sums


@compiled
def _sum_below(
    y: NDArray[Any], weights: NDArray[Any], count: NDArray[Any], bound: NDArray[Any], length: int
) -> NDArray[Any]:
    """For each query, sum the weights of its first `count` points with y below its bound.

    A binary indexed tree over y (Fenwick 1994): a sum and an addition take log(length) steps each.
    """
    tree = np.zeros(length + 1, np.int64)
    sums = np.zeros(len(count), np.int64)
    added = 0
    for query in range(len(count)):
        while added < count[query]:
            place = y[added] + 1
            while place <= length:
                tree[place] += weights[added]
                place += place & -place
            added += 1
        place = bound[query]
        while place > 0:
            sums[query] += tree[place]
            place -= place & -place
    return sums
