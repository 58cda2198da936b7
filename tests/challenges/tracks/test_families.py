from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.tracks import Conventions, Lineage, Tracks, measure
from bioimagehub.challenges.tracks.families import find_families, shared_matches
from challenges.strategies import unhurried
from challenges.tracks.movies import make_movie


def relatives(lineage: Lineage) -> np.ndarray:
    """Whether two tracks are of one family, by walking up from each; only children are their parents."""
    related = np.eye(len(lineage), dtype=bool)
    for row in range(len(lineage)):
        above = row
        while lineage.parent_row[above] >= 0:
            above = lineage.parent_row[above]
            related[row, above] = related[above, row] = True
    # A chain has the relatives of its members: those of its first and of its last track.
    chain = find_families(lineage).chain
    return np.array([related[chain == one].any(axis=0) for one in chain])


@unhurried
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_families_and_their_sums_by_walking(seed: int, other: int) -> None:
    true, predicted = (make_movie(one, frames=8)[1].lineage for one in (seed, other))
    rng = np.random.default_rng(seed)
    families = [find_families(lineage) for lineage in (true, predicted)]
    related = [relatives(lineage) for lineage in (true, predicted)]
    by_track = rng.integers(0, 3, (len(true), len(predicted)))
    by_chain = np.zeros((len(families[0].first), len(families[1].first)), np.int64)
    np.add.at(by_chain, np.ix_(families[0].chain, families[1].chain), by_track)
    i, j = np.nonzero(by_chain)
    shared = shared_matches(*families, i, j, by_chain[i, j])
    firsts = [np.unique(each.chain, return_index=True)[1] for each in families]
    expected = related[0].astype(int) @ by_track @ related[1].T
    assert shared.tolist() == expected[firsts[0][i], firsts[1][j]].tolist()
    totals = families[0].totals(by_chain.sum(axis=1))
    assert totals.tolist() == (related[0] @ by_track.sum(axis=1))[firsts[0]].tolist()


def test_tracks_and_their_only_children_are_one() -> None:
    """1 goes on as 2; 2 divides into 3 and 4; 4 goes on as 5."""
    rows = [(1, 0, 0, 0), (2, 1, 1, 1), (3, 2, 4, 2), (4, 2, 3, 2), (5, 4, 4, 4), (6, 0, 4, 0)]
    families = find_families(Lineage.from_rows(rows))
    assert [families.chain[0] == families.chain[1], families.chain[3] == families.chain[4]] == [True, True]
    assert families.totals(np.ones(4, np.int64))[families.chain].tolist() == [3, 3, 2, 2, 2, 1]


def test_a_mother_of_very_many() -> None:
    """As large as a matrix of all pairs of daughters, it would not be done soon."""
    daughters = 20_000
    frames = np.zeros((2, 1, 2 * daughters), np.int32)
    frames[0] = 1
    frames[1, 0, ::2] = np.arange(2, daughters + 2)
    rows = [(1, 0, 0, 0), *((label, 1, 1, 1) for label in range(2, daughters + 2))]
    tracks = Tracks(frames, Lineage.from_rows(rows))
    counts = measure(tracks, tracks, conventions=Conventions())
    assert (counts.association, counts.matched_divisions) == (daughters + 1, 1)
