from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bioimagehub.challenges.errors import ExplorerError
from bioimagehub.challenges.explorer.tracks import find_mistakes
from bioimagehub.challenges.tracks import Conventions, Lineage, Tracks, measure

# Two cells; the first divides, the second stays. The prediction loses a daughter, swaps a link and makes one up.
TRUTH = Tracks(
    np.array([[[1, 1, 0, 0, 5, 5, 0, 0]], [[1, 1, 0, 0, 5, 5, 0, 0]], [[2, 2, 0, 3, 3, 0, 5, 5]]]),
    Lineage.from_rows([(1, 0, 1, 0), (2, 2, 2, 1), (3, 2, 2, 1), (5, 0, 2, 0)]),
)
PREDICTION = Tracks(
    np.array([[[1, 1, 0, 0, 5, 5, 0, 0]], [[1, 1, 0, 7, 5, 5, 0, 0]], [[5, 5, 0, 0, 0, 0, 1, 1]]]),
    Lineage.from_rows([(1, 0, 2, 0), (5, 0, 2, 0), (7, 1, 1, 0)]),
)


def test_nodes_and_links() -> None:
    found = find_mistakes(TRUTH, PREDICTION, spacing=(1.0, 0.5))
    assert sorted((one.kind, one.frame, one.label, one.partner) for one in found) == [
        ("false", 1, 7, None),
        ("false link", 2, 1, 1),
        ("false link", 2, 5, 5),
        ("missed", 2, 3, None),
        ("missing link", 2, 2, 1),
        ("missing link", 2, 3, 1),
        ("missing link", 2, 5, 5),
    ]
    (missed,) = [one for one in found if one.kind == "missed"]
    assert (missed.low, missed.high, missed.centre) == ((0, 3), (1, 5), (0.0, 1.75))


def random_tracks(seed: int) -> Tracks:
    """Blocks that appear, move and are lost, each a track for as long as it is in its column."""
    rng = np.random.default_rng(seed)
    frames = np.zeros((5, 6, 24), np.int32)
    rows = []
    for column in range(8):
        begin, end = sorted(rng.integers(0, 5, 2).tolist())
        label = column + 1
        split = begin + 1 if end > begin + 1 and rng.random() < 0.5 else None
        for frame in range(begin, end + 1):
            name = label + 10 if split is not None and frame >= split else label
            frames[frame, 1 : 2 + rng.integers(1, 4), 3 * column : 3 * column + 2] = name
        if split is None:
            rows.append((label, begin, end, 0))
        else:
            rows += [(label, begin, split - 1, 0), (label + 10, split, end, label)]
    return Tracks(frames, Lineage.from_rows(rows))


@pytest.mark.parametrize("rule", ["table", "divisions"])
@pytest.mark.parametrize("seed", range(6))
def test_as_many_as_the_scorer_counts(seed: int, rule: str) -> None:
    conventions = Conventions(parent_links=rule)
    truth, prediction = random_tracks(seed), random_tracks(seed + 100)
    counts = measure(truth, prediction, conventions=conventions)
    found = Counter(one.kind for one in find_mistakes(truth, prediction, conventions=conventions))
    assert (found["missed"], found["false"]) == (counts.fn, counts.fp)
    assert (found["false link"], found["missing link"], found["wrong link"]) == (counts.ed, counts.ea, counts.ec)


def test_merged_cells() -> None:
    frames = np.array([[[1, 1, 2, 2, 2]]])
    truth = Tracks(frames, Lineage.from_rows([(1, 0, 0, 0), (2, 0, 0, 0)]))
    prediction = Tracks((frames > 0).astype(int), Lineage.from_rows([(1, 0, 0, 0)]))
    (one,) = find_mistakes(truth, prediction)
    assert (one.kind, one.side, one.size) == ("merger", "prediction", 5)


def test_spacing_of_a_frame() -> None:
    with pytest.raises(ExplorerError, match="2 positive numbers"):
        find_mistakes(TRUTH, PREDICTION, spacing=(1.0, 1.0, 1.0))
