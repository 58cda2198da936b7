"""Screens by hand, and against plain NumPy."""

from __future__ import annotations

import json
from math import inf, isnan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.errors import AnswersError, ConventionError
from bioimagehub.challenges.metrics.screening import METRICS
from bioimagehub.challenges.profiles import Conventions, Moments, Screen, measure, pool
from challenges.strategies import unhurried


def controls(positive: list[float], negative: list[float], **conventions: object) -> Screen:
    truth, prediction = {}, {}
    for control, values in (("positive", positive), ("negative", negative)):
        for number, value in enumerate(values):
            truth[f"{control}{number}/control"] = control
            prediction[f"{control}{number}"] = value
    return measure(truth, prediction, conventions=Conventions(**conventions))  # type: ignore[arg-type]


def doses(*groups: list[float], **conventions: object) -> Screen:
    truth, prediction = {}, {}
    for dose, values in enumerate(groups):
        for number, value in enumerate(values):
            truth[f"d{dose}w{number}/concentration"] = float(dose)
            prediction[f"d{dose}w{number}"] = value
    return measure(truth, prediction, conventions=Conventions(**conventions))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("positive", "negative", "ddof", "z", "ssmd"),
    [
        ([9, 11], [1, 3], 0, 1 - 3 * 2 / 8, 8 / sqrt(2)),
        ([9, 11], [1, 3], 1, 1 - 3 * 2 * sqrt(2) / 8, 8 / 2),
        ([1, 3], [9, 11], 0, 1 - 3 * 2 / 8, 8 / sqrt(2)),
        ([5, 5], [1, 1], 0, 1, inf),
        ([5, 5], [5, 5], 0, -inf, 0),
        ([4, 6], [4, 6], 0, -inf, 0),
        ([5], [1, 3], 0, 1 - 3 * 1 / 3, 3),
        ([5], [1, 3], 1, None, None),  # one well has no deviation over n − 1
        ([], [1, 3], 0, None, None),
    ],
)
def test_controls_by_hand(
    positive: list[float], negative: list[float], ddof: int, z: float | None, ssmd: float | None
) -> None:
    found = controls(positive, negative, ddof=ddof)
    for name, expected in (("z_prime_factor", z), ("ssmd", ssmd)):
        value = METRICS[name].score(found)
        assert isnan(value) if expected is None else value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([[0, 2], [9, 11]], 1 - 6 * 1 / 9),
        ([[0, 0], [5, 5], [10, 10]], 1),
        ([[1, 3], [1, 3]], -inf),
        ([[1, 3]], None),
        ([[0, 4], [10, 10], [5, 7, 9]], 1 - 6 * ((2 + 0 + sqrt(8 / 3)) / 3) / 8),  # each dose counts the same
    ],
)
def test_v_factor_by_hand(groups: list[list[float]], expected: float | None) -> None:
    value = METRICS["v_factor"].score(doses(*groups))
    assert isnan(value) if expected is None else value == pytest.approx(expected)


numbers = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20)


@unhurried
@given(numbers, numbers, st.integers(0, 1))
def test_as_plain_numpy(positive: list[float], negative: list[float], ddof: int) -> None:
    found = controls(positive, negative, ddof=ddof)
    gap = abs(np.mean(positive) - np.mean(negative))
    if gap < 1e-3:
        return
    sp, sn = (np.std(one, ddof=ddof) for one in (positive, negative))
    assert METRICS["z_prime_factor"].score(found) == pytest.approx(1 - 3 * (sp + sn) / gap, rel=1e-6)
    if np.hypot(sp, sn) > 1e-3:
        assert METRICS["ssmd"].score(found) == pytest.approx(gap / np.hypot(sp, sn), rel=1e-6)


@unhurried
@given(st.lists(st.floats(-1e3, 1e3), max_size=12), st.lists(st.floats(-1e3, 1e3), max_size=12))
def test_moments_merge(first: list[float], second: list[float]) -> None:
    merged, whole = Moments.of(first).merged(Moments.of(second)), Moments.of(first + second)
    assert merged.n == whole.n
    assert merged.mean == pytest.approx(whole.mean, abs=1e-9)
    assert merged.deviations == pytest.approx(whole.deviations, rel=1e-9, abs=1e-6)


def plate(rows: list[tuple[str, str, str, list[float]]], **conventions: object) -> Screen:
    """One well a row: compound, mechanism, batch, features."""
    truth = {
        f"w{n:02}": {"compound": compound, "moa": moa, "batch": batch}
        for n, (compound, moa, batch, _) in enumerate(rows)
    }
    prediction = {f"w{n:02}/f{k}": value for n, row in enumerate(rows) for k, value in enumerate(row[3])}
    return measure(truth, prediction, conventions=Conventions(**conventions))  # type: ignore[arg-type]


def test_same_compound_does_not_count_as_a_neighbour() -> None:
    """The nearest of each is of the other mechanism."""
    rows = [
        ("a", "M", "1", [1.0, 0.0]),
        ("b", "M", "1", [0.0, 1.0]),
        ("c", "N", "1", [0.9, 0.1]),
        ("d", "N", "2", [0.0, -1.0]),
    ]
    found = plate(rows)
    assert (found.same_mechanism, found.compared) == (0, 4)
    assert METRICS["moa_accuracy_nsc"].score(found) == 0


def test_wells_of_one_compound_are_no_neighbours() -> None:
    """Compound a at two concentrations is nearest to itself, which proves nothing."""
    truth = {
        f"w{n}/{key}": value
        for n, (compound, dose, moa) in enumerate([("a", 1.0, "M"), ("a", 10.0, "M"), ("b", 1.0, "N"), ("c", 1.0, "M")])
        for key, value in (("compound", compound), ("concentration", dose), ("moa", moa))
    }
    prediction = {
        "w0/x": 1.0,
        "w0/y": 0.0,
        "w1/x": 1.0,
        "w1/y": 0.01,
        "w2/x": 1.0,
        "w2/y": 0.5,
        "w3/x": 0.0,
        "w3/y": 1.0,
    }
    found = measure(truth, prediction, conventions=Conventions())
    assert (found.same_mechanism, found.compared) == (0, 3)


def test_neighbours_by_hand() -> None:
    rows = [
        ("a", "M", "1", [1.0, 0.1]),
        ("b", "M", "1", [1.0, 0.2]),
        ("c", "N", "1", [-0.1, 1.0]),
        ("d", "N", "2", [-0.2, 1.0]),
        ("e", "only one of its kind", "2", [0.7, 0.7]),
    ]
    found = plate(rows)
    assert (found.same_mechanism, found.compared) == (4, 4)
    # In another batch, a and b have no neighbour of their mechanism; c and d have each other.
    assert (found.same_mechanism_in_other_batch, found.compared_in_other_batch) == (2, 2)
    assert METRICS["moa_accuracy_nscb"].score(found) == 1


def test_replicates_become_one_profile() -> None:
    rows = [
        ("a", "M", "1", [1.0, 0.0]),
        ("a", "M", "1", [1.0, 0.2]),
        ("a", "M", "1", [-90.0, 0.1]),  # a well that went wrong
        ("b", "M", "1", [1.0, 0.1]),
        ("c", "N", "1", [-1.0, 0.0]),
        ("d", "N", "1", [-1.0, -0.1]),
    ]
    assert METRICS["moa_accuracy_nsc"].score(plate(rows)) == 1
    assert METRICS["moa_accuracy_nsc"].score(plate(rows, replicates="mean")) < 1


@unhurried
@given(st.integers(0, 10**6), st.integers(2, 12))
def test_neighbours_as_scikit_learn_finds_them(seed: int, count: int) -> None:
    from sklearn.metrics.pairwise import cosine_distances

    rng = np.random.default_rng(seed)
    profiles = rng.normal(size=(count, 4))
    moas = rng.choice(["M", "N", "O"], count)
    found = plate(
        [(f"c{n:02}", str(moa), "1", row.tolist()) for n, (moa, row) in enumerate(zip(moas, profiles, strict=True))]
    )
    distance = cosine_distances(profiles) + np.diag([np.inf] * count)
    right = [moas[row.argmin()] == moas[n] for n, row in enumerate(distance) if (np.delete(moas, n) == moas[n]).any()]
    assert (found.same_mechanism, found.compared) == (sum(right), len(right))


def test_length_of_profiles_does_not_matter_and_zeros_are_near_nothing() -> None:
    rows = [
        ("a", "M", "1", [1e-200, 0.0]),
        ("b", "M", "1", [1e200, 1e198]),
        ("c", "N", "1", [0.0, 1.0]),
        ("d", "N", "1", [0.0, 0.0]),
    ]
    found = plate(rows)
    assert (found.same_mechanism, found.compared) == (2, 4)


def test_several_features_without_a_declared_one_are_as_bad_as_can_be() -> None:
    truth = {"a/control": "positive", "b/control": "negative"}
    prediction = {"a/x": 5.0, "a/y": 1.0, "b/x": 1.0, "b/y": 1.0}
    found = measure(truth, prediction, conventions=Conventions())
    assert METRICS["z_prime_factor"].score(found) == -inf
    assert METRICS["ssmd"].score(found) == 0
    declared = measure(truth, prediction, conventions=Conventions(feature="x"))
    assert METRICS["z_prime_factor"].score(declared) == 1


def test_pool_and_json() -> None:
    first, second = controls([9, 11], [1, 3]), controls([10, 13], [2, 2, 5])
    together = pool([first, second])
    whole = controls([9, 11, 10, 13], [1, 3, 2, 2, 5])
    for name in ("z_prime_factor", "ssmd"):
        assert METRICS[name].score(together) == pytest.approx(METRICS[name].score(whole))
    curve = pool([doses([1, 2], [3]), doses([4], [5, 6], [7])])
    assert METRICS["v_factor"].score(curve) == pytest.approx(
        METRICS["v_factor"].score(doses([1, 2, 4], [3, 5, 6], [7]))
    )
    for one in (together, doses([1, 2], [3]), plate([("a", "M", "1", [1.0]), ("b", "M", "1", [2.0])])):
        assert Screen.from_dict(json.loads(json.dumps(one.as_dict()))) == one


def test_nothing_to_find_says_nothing() -> None:
    found = measure({}, {}, conventions=Conventions())
    assert all(isnan(metric.score(found)) for metric in METRICS.values())


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        ({"a": 1.0}, "no answer to 1 of 2 items: b"),
        ({"a/x": 1.0, "b/x": 1.0, "b/y": 1.0}, "has no y of the well 'a'. Expected the same features"),
        ({"a": float("inf"), "b": 1.0}, "field value of the item 'a' in the prediction of plate is inf"),
        ({"a": "high", "b": 1.0}, "is 'high'. Expected a finite number"),
    ],
)
def test_measurements_that_are_none(prediction: dict, message: str) -> None:
    with pytest.raises(AnswersError, match=message):
        measure({"a/control": "positive", "b/moa": "M"}, prediction, conventions=Conventions(), name="plate")


def test_feature_that_is_missing_and_control_that_is_none() -> None:
    with pytest.raises(AnswersError, match=r"no feature 'area', which is scored. There are value"):
        measure({"a/moa": "M"}, {"a": 1.0}, conventions=Conventions(feature="area"))
    with pytest.raises(AnswersError, match=r"is 'neutral'. Expected one of negative, positive"):
        measure({"a/control": "neutral"}, {"a": 1.0}, conventions=Conventions())


def test_conventions() -> None:
    assert Conventions.as_in("cellprofiler").ddof == 0
    assert "over n − 1" in str(Conventions.as_in("matlab"))
    with pytest.raises(ConventionError, match="Choose 0 or 1"):
        Conventions(ddof=2)
    with pytest.raises(ConventionError, match="Choose one of mean, median"):
        Conventions(replicates="max")  # type: ignore[arg-type]
