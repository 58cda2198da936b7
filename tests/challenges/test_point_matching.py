from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from bioimagehub.challenges import neighbours
from bioimagehub.challenges.errors import ConventionError, PointsError
from bioimagehub.challenges.point_matching import SpotConventions, match_points
from bioimagehub.challenges.points import Points
from challenges.strategies import unhurried

# On a coarse grid, so that equal distances and distances of exactly the cut-off are common.
places = st.lists(st.tuples(*[st.integers(-4, 4)] * 3), max_size=14)


def scattered(density: float, n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """True points, and 90 % of them moved, with as many invented as are missed."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, (n / density) ** 0.5, (n, 2))
    kept = truth[rng.random(n) > 0.1]
    moved = kept + rng.normal(0, 1.2, kept.shape)
    return truth, np.concatenate([moved, rng.uniform(0, truth.max(), (n - len(kept), 2))])


def optimum(truth: np.ndarray, prediction: np.ndarray, cutoff: float) -> tuple[int, float]:
    """SciPy's dense solver with a cost for forbidden pairs that is just large enough to give way to none."""
    squares = cdist(truth, prediction, "sqeuclidean")
    dear = (min(squares.shape) + 1) * cutoff**2
    costs = np.where(squares <= cutoff**2 * (1 + 2e-9), squares, dear)
    chosen = costs[linear_sum_assignment(costs)]
    return int((chosen < dear).sum()), float(chosen[chosen < dear].sum())


@unhurried
@given(places, places, st.sampled_from([1.0, 1.5, 2.0, 3.0]))
def test_equal_to_the_dense_solver(truth: list, prediction: list, cutoff: float) -> None:
    a, b = Points(truth, "zyx"), Points(prediction, "zyx")
    found = match_points(a, b, SpotConventions(cutoff=cutoff))
    expected = optimum(a.coordinates, b.coordinates, cutoff) if truth and prediction else (0, 0.0)
    assert (len(found.distances), (found.distances**2).sum()) == (expected[0], pytest.approx(expected[1]))
    assert found.distances == pytest.approx(
        np.linalg.norm(a.coordinates[found.truth_index] - b.coordinates[found.prediction_index], axis=1)
    )


@unhurried
@given(places, places, st.sampled_from([1.0, 2.0, 2.5]), st.booleans(), st.sampled_from([None, 0.5, 1.0, 4.0]))
def test_candidates_are_all_pairs_within_the_cutoff(
    truth: list, prediction: list, cutoff: float, closed: bool, axial: float | None
) -> None:
    a, b = Points(truth, "zyx"), Points(prediction, "zyx")
    conventions = SpotConventions(cutoff=cutoff, closed=closed, axial_cutoff=axial)
    i, j, squares = match_points(a, b, conventions).candidates
    steps = a.coordinates[:, None] - b.coordinates[None]
    flat, depth = (steps[..., 1:] ** 2).sum(-1), np.abs(steps[..., 0])
    reach = flat if axial is not None else flat + depth**2
    near = reach <= cutoff**2 if closed else reach < cutoff**2
    if axial is not None:
        near &= depth <= axial if closed else depth < axial
    expected = sorted(zip(*(ends.tolist() for ends in np.nonzero(near)), strict=True))
    assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == expected
    assert squares.tolist() == (flat + depth**2)[i, j].tolist()


@unhurried
@given(places, places)
def test_points_of_different_times_never_match(truth: list, prediction: list) -> None:
    found = match_points(Points(truth, "tyx"), Points(prediction, "tyx"), SpotConventions(cutoff=2))
    for i, j in zip(found.truth_index, found.prediction_index, strict=True):
        assert truth[i][0] == prediction[j][0]
    times = {time for time, _, _ in truth}
    alone = [
        match_points(
            Points([p[1:] for p in truth if p[0] == time]),
            Points([p[1:] for p in prediction if p[0] == time]),
            SpotConventions(cutoff=2),
        )
        for time in times
    ]
    assert len(found.distances) == sum(len(one.distances) for one in alone)
    assert (found.distances**2).sum() == pytest.approx(sum((one.distances**2).sum() for one in alone))


def test_times_are_products_too() -> None:
    """Frames 3 and 6 of 0.1 s: 3 · 0.1 is not 0.3, and a frame later is another time."""
    truth = Points([[3 * 0.1, 0, 0], [6 * 0.1, 5, 5]], "tyx")
    assert match_points(truth, Points([[0.3, 0, 0], [0.6, 5, 5]], "tyx")).truth_index.tolist() == [0, 1]
    assert match_points(truth, Points([[0.3001, 0, 0], [0.5999, 5, 5]], "tyx")).truth_index.tolist() == []
    two = Points([[0, 0, 0], [1, 0, 0]], "cyx")
    assert match_points(two, two).prediction_index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("rule", "pairs"),
    # Truth at 0, 2 and prediction at 1.9, 3.9: the nearest pair first leaves the others alone.
    [("optimal", [(0, 0), (1, 1)]), ("greedy", [(1, 0)]), ("mutual", [(1, 0)])],
)
def test_most_pairs_before_short_ones(rule: str, pairs: list[tuple[int, int]]) -> None:
    conventions = SpotConventions(cutoff=2, matching=rule)  # type: ignore[arg-type]
    found = match_points(Points([[0, 0], [0, 2]]), Points([[0, 1.9], [0, 3.9]]), conventions)
    assert list(zip(found.truth_index.tolist(), found.prediction_index.tolist(), strict=True)) == pairs


def test_greedy_and_mutual_are_not_the_same() -> None:
    truth, prediction = Points([[0, 0], [0, 1.0]]), Points([[0, 0.6], [0, 0.9]])
    pairs = {}
    for rule in ("greedy", "mutual"):
        found = match_points(truth, prediction, SpotConventions(cutoff=1, matching=rule))
        pairs[rule] = list(zip(found.truth_index.tolist(), found.prediction_index.tolist(), strict=True))
    # 1 and 0.9 are each other's nearest. 0.6 is 0.4 from 1, which is taken, and 0.6 from 0, which is left to it.
    assert pairs == {"greedy": [(0, 0), (1, 1)], "mutual": [(1, 1)]}


@pytest.mark.parametrize(("density", "least"), [(0.0005, 0.0), (0.0222, 0.01), (0.1389, 0.05)])
def test_matcher_decides_when_points_are_crowded(density: float, least: float) -> None:
    """With the nearest pair first, or only mutual nearest pairs, F1 falls with the density and not with the errors."""
    truth, prediction = scattered(density)
    a, b = Points(truth), Points(prediction)
    tp = {
        rule: len(match_points(a, b, SpotConventions(cutoff=3, matching=rule)).distances)
        for rule in ("optimal", "greedy", "mutual")
    }
    assert tp["optimal"] == optimum(truth, prediction, 3)[0]
    assert tp["optimal"] - tp["greedy"] >= least * 2000
    assert tp["greedy"] - tp["mutual"] >= least * 2000
    # One-way nearest neighbours use points twice and find more than there can be.
    distance, nearest = cKDTree(truth).query(prediction)
    reused = np.count_nonzero(distance <= 3) - len(set(nearest[distance <= 3].tolist()))
    assert reused >= least * 2000


def test_swamping_cost_finds_as_many_pairs_and_not_the_nearest() -> None:
    """spotiflow puts 10¹⁰·(1 + max d²) on forbidden pairs, which leaves a few digits for the distances."""
    truth, prediction = scattered(0.0222)
    squares = cdist(truth, prediction, "sqeuclidean")
    swamped = np.where(squares > 9, 1e10 * (1 + squares.max()), squares)
    chosen = squares[linear_sum_assignment(swamped)]
    theirs = chosen[chosen <= 9]
    ours = match_points(Points(truth), Points(prediction), SpotConventions(cutoff=3)).distances
    assert len(theirs) == len(ours)
    assert (ours**2).sum() == pytest.approx(optimum(truth, prediction, 3)[1], rel=1e-12)
    assert (ours**2).sum() < theirs.sum() * (1 - 1e-5)


@pytest.mark.parametrize(("closed", "pairs"), [(True, 1), (False, 0)])
@pytest.mark.parametrize(("pixels", "size"), [(3, 1.0), (3, 0.1), (7, 0.1), (3, 0.065), (123, 0.11)])
def test_at_the_cutoff_exactly(closed: bool, pairs: int, pixels: int, size: float) -> None:
    """Also where the product is not the number that was typed: 3 · 0.1 is 0.30000000000000004."""
    cutoff = float(f"{pixels * size:.6g}")
    truth, prediction = Points([[17 * size, 0]]), Points([[17 * size + pixels * size, 0]])
    assert len(match_points(truth, prediction, SpotConventions(cutoff=cutoff, closed=closed)).distances) == pairs
    as_theirs = SpotConventions.as_in("thunderstorm")
    assert not as_theirs.closed


def test_one_pair_at_no_distance() -> None:
    assert match_points(Points([[1, 2]]), Points([[1, 2]])).distances.tolist() == [0.0]


def test_far_away_points_need_no_memory() -> None:
    truth = Points([[-1e15, 1e15], [0, 0], [5e14, 3]])
    found = match_points(truth, Points([[1e15, -1e15], [0, 0.1], [5e14, 3]]), SpotConventions(cutoff=0.2))
    assert found.truth_index.tolist() == [1, 2]


def test_crowd_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "LARGEST_CANDIDATES", 99)
    heap = Points(np.zeros((10, 2)))
    with pytest.raises(PointsError, match="100 pairs of points are to be compared"):
        match_points(heap, heap)


def test_one_side_empty() -> None:
    for truth, prediction in ((Points([]), Points([[1, 1]])), (Points([[1, 1]]), Points([])), (Points([]), Points([]))):
        for rule in ("optimal", "greedy", "mutual"):
            assert len(match_points(truth, prediction, SpotConventions(matching=rule)).distances) == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cutoff": 0}, "The cut-off is 0. Expected a finite number above 0, in micrometres"),
        ({"cutoff": float("nan")}, "above 0"),
        ({"cutoff": float("inf")}, "finite"),
        ({"cutoff": "3"}, "above 0"),
        ({"axial_cutoff": -1.0}, "The axial cut-off is -1.0"),
        ({"matching": "best"}, "way to match points 'best'. Choose one of greedy, mutual, optimal"),
        ({"area": "roc"}, "area under a curve 'roc'. Choose one of coco, interpolated, steps"),
        ({"empty": "two"}, "policy for empty cases 'two'. Choose one of nan, one, zero"),
    ],
)
def test_conventions_that_do_not_exist(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConventionError, match=message):
        SpotConventions(**fields)  # type: ignore[arg-type]


def test_conventions_as_json_and_by_name() -> None:
    for name in SpotConventions.REFERENCES:
        conventions = SpotConventions.as_in(name)
        assert conventions != SpotConventions()
        assert SpotConventions.from_dict(conventions.as_dict()) == conventions
        assert str(conventions) != str(SpotConventions())
    with pytest.raises(
        ConventionError, match=r"'icy'. These are known: coco, decode, scikit-learn, spotiflow, thunder"
    ):
        SpotConventions.as_in("icy")
    with pytest.raises(ConventionError, match=r"no field radius. Expected some of area, axial_cutoff, closed, cutoff"):
        SpotConventions.from_dict({"radius": 3})
