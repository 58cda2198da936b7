"""What a biologist asks of tracks: are they whole, are divisions found, are cell cycles as long as they are.

References
----------
Ulman et al., "An objective comparison of cell-tracking algorithms", Nature Methods 14 (2017),
https://doi.org/10.1038/nmeth.4473, online methods
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bioimagehub.challenges.tracks.conventions import Fractions
    from bioimagehub.challenges.tracks.graphs import MatchedGraphs
    from bioimagehub.challenges.tracks.lineage import Lineage


def count_complete(graphs: MatchedGraphs) -> int:
    """Count the true tracks that one predicted track has to itself in all frames, beginning and ending with it."""
    truth, prediction = graphs.truth, graphs.prediction
    if not truth.size or not prediction.size:
        return 0
    lowest = np.minimum.reduceat(graphs.assigned, truth.first)
    whole = (lowest >= 0) & (lowest == np.maximum.reduceat(graphs.assigned, truth.first))
    same = (truth.lineage.begin == prediction.lineage.begin[lowest]) & (
        truth.lineage.end == prediction.lineage.end[lowest]
    )
    return int((whole & same).sum())


def track_fractions(graphs: MatchedGraphs, rule: Fractions) -> list[float]:
    """Return how much of each true track the longest run of one predicted track has, for those that have any.

    Parameters
    ----------
    graphs : MatchedGraphs
        The two graphs.
    rule : {"every", "first"}
        Which predicted tracks count; see `bioimagehub.challenges.tracks.Conventions`.

    Returns
    -------
    list of float
        Above 0 up to 1, in the order of the true labels.
    """
    truth, assigned = graphs.truth, graphs.assigned
    changes = (np.diff(assigned) != 0) | (np.diff(truth.track) != 0)
    start = np.flatnonzero(np.concatenate([np.ones(min(truth.size, 1), bool), changes]))
    lengths = np.diff(np.append(start, truth.size))
    runs = zip(truth.track[start].tolist(), assigned[start].tolist(), lengths.tolist(), strict=True)
    best: dict[int, dict[int, int]] = defaultdict(dict)
    for track, predicted, length in runs:
        if predicted >= 0:
            best[predicted][track] = max(length, best[predicted].get(track, 0))
    longest: dict[int, int] = {}
    for found in best.values():
        whole = [track for track, length in found.items() if length == truth.lengths[track]]
        last = min(whole) if whole and rule == "first" else len(truth.lineage)
        for track, length in found.items():
            if track <= last:
                longest[track] = max(length, longest.get(track, 0))
    return [length / int(truth.lengths[track]) for track, length in sorted(longest.items())]


def match_divisions(graphs: MatchedGraphs, tolerance: int) -> list[tuple[int, int]]:
    """Return the true divisions that are found, as rows of the true and of the predicted mother.

    A predicted division is a true one if both have as many daughters; the last frames of the mothers, and the first
    frames of daughters, differ by `tolerance` at most; and mothers match one to one in the last frame that both have,
    daughters in the first.

    Parameters
    ----------
    graphs : MatchedGraphs
        The two graphs.
    tolerance : int
        In frames; the i of BC(i).
    """
    lineage = graphs.truth.lineage
    families = children(lineage), children(graphs.prediction.lineage)
    found: list[tuple[int, int]] = []
    taken: set[int] = set()
    for mother in np.flatnonzero(lineage.divides).tolist():
        for candidate in _candidates(graphs, mother, tolerance):
            if candidate not in taken and _same_daughters(
                graphs, families[0][mother], families[1].get(candidate, []), tolerance
            ):
                found.append((mother, candidate))
                taken.add(candidate)
                break
    return found


def children(lineage: Lineage) -> Mapping[int, list[int]]:
    """Return the rows of the children of each row that has any."""
    found: dict[int, list[int]] = defaultdict(list)
    for row, parent in enumerate(lineage.parent_row.tolist()):
        if parent >= 0:
            found[parent].append(row)
    return found


def _candidates(graphs: MatchedGraphs, mother: int, tolerance: int) -> list[int]:
    """Return the predicted tracks that a true mother has to itself in the last frame that both have."""
    end = int(graphs.truth.lineage.end[mother])
    found = []
    for frame in range(end, end - tolerance - 1, -1):
        node = graphs.truth.node(mother, frame)
        predicted = int(graphs.assigned[node]) if node >= 0 else -1
        if predicted >= 0:
            predicted_end = int(graphs.prediction.lineage.end[predicted])
            if min(predicted_end, end) == frame and abs(predicted_end - end) <= tolerance:
                found.append(predicted)
    return found


def _same_daughters(graphs: MatchedGraphs, daughters: list[int], predicted: list[int], tolerance: int) -> bool:
    """Tell whether each daughter has a predicted one to itself, in the first frame that both have."""
    if len(daughters) != len(predicted):
        return False
    begin = graphs.prediction.lineage.begin
    among = set(predicted)
    found = set()
    for daughter in daughters:
        true_begin = int(graphs.truth.lineage.begin[daughter])
        for frame in range(true_begin, true_begin + tolerance + 1):
            node = graphs.truth.node(daughter, frame)
            other = int(graphs.assigned[node]) if node >= 0 else -1
            near = other in among and abs(true_begin - int(begin[other])) <= tolerance
            if near and frame == max(true_begin, int(begin[other])):
                found.add(other)
                break
    return len(found) == len(daughters)


def cycle_lengths(lineage: Lineage) -> tuple[int, ...]:
    """Count the tracks that begin and end with a division, by their last minus their first frame.

    Returns
    -------
    tuple of int
        How many last 0 frames, 1 frame, and so on; empty if there are none.
    """
    parent = lineage.parent_row
    whole = lineage.divides & (parent >= 0)
    whole[whole] = lineage.divides[parent[whole]]
    lengths = (lineage.end - lineage.begin)[whole]
    return tuple(np.bincount(lengths).tolist()) if len(lengths) else ()
