"""Ranking: the results in tiers of equal score, best first, without a score for each record.

The score of a record is the sum over the clauses of rarity times the weight of the best place where the clause was
found. There are few places, so few sums: each is a set, which the sets of the clauses give by intersection.
Among equals the order of the catalog decides.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyroaring import BitMap

    from bioimagehub.catalogs.index.matching import Hits

_PATIENCE = 1000
_EQUAL = 1e-9


def rank(records: BitMap, hits: Sequence[Hits]) -> Iterator[BitMap]:
    """Divide records into tiers, the best first.

    Parameters
    ----------
    records : BitMap
        Each of them is among the records of each of `hits`.
    hits : sequence of Hits
        One for each clause.

    Yields
    ------
    BitMap
        Records of equal score. They are exact until a thousand sets were looked at; what then remains comes in
        the order of what it could score at most.
    """
    if not records:
        return
    clauses = sorted((_part(records, one) for one in hits), key=lambda levels: -levels[0][0])
    best = [levels[0][0] for levels in clauses]
    order = count()
    heap = [(-sum(best), next(order), 0, records)]
    tier, score = None, 0.0
    steps = 0
    while heap:
        bound, _, depth, part = heapq.heappop(heap)
        if tier is not None and -bound < score - _EQUAL:
            yield tier
            tier = None
        if depth == len(clauses) or steps > _PATIENCE:
            tier, score = (part, -bound) if tier is None else (tier | part, score)
            continue
        steps += 1
        for weight, level in clauses[depth]:
            share = part & level
            if share:
                heapq.heappush(heap, (bound + best[depth] - weight, next(order), depth + 1, share))
    if tier is not None:
        yield tier


def _part(records: BitMap, hits: Hits) -> list[tuple[float, BitMap]]:
    """Part the records by the best level that they are in."""
    levels, left = [], records
    for weight, level in hits.levels:
        share = left & level
        if share:
            levels.append((weight, share))
            left = left - share
    return levels
