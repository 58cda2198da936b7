from __future__ import annotations

import json
from math import isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from bioimagehub.challenges.errors import ConventionError, PointsError
from bioimagehub.challenges.landmarks import LandmarkConventions, LandmarkErrors, measure, pool
from bioimagehub.challenges.metrics import family_metrics
from bioimagehub.challenges.points import Points
from challenges.strategies import unhurried

METRICS = family_metrics("registration")
OURS = LandmarkConventions()
coordinate = st.floats(-100, 100)
landmarks = st.lists(st.tuples(*[coordinate] * 4), max_size=8)


def scores(one: LandmarkErrors) -> dict[str, float]:
    return {name: metric.score(one) for name, metric in METRICS.items()}


def both(rows: list[tuple[float, ...]]) -> tuple[Points, Points]:
    return Points([row[:2] for row in rows], extent=(30, 40)), Points([row[2:] for row in rows])


# Truth, prediction, then mean, median and largest error.
BY_HAND = {
    "in place": ("yx", [[1, 2], [3, 4]], [[1, 2], [3, 4]], (0, 0, 0)),
    "3, 4, 5": ("yx", [[0, 0]], [[3, 4]], (5, 5, 5)),
    "in 3D": ("zyx", [[0, 0, 0]], [[2, 3, 6]], (7, 7, 7)),
    "one far off": ("yx", [[0, 0], [9, 9], [5, 5]], [[0, 0], [9, 9], [5, 11]], (2, 0, 6)),
    "an even number": ("yx", [[0, 0], [9, 9]], [[0, 1], [9, 12]], (2, 2, 3)),
    "exchanged": ("yx", [[0, 0], [0, 4]], [[0, 4], [0, 0]], (4, 4, 4)),
    "no landmark": ("yx", [], [], (nan, nan, nan)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str) -> None:
    axes, truth, prediction, expected = BY_HAND[name]
    one = measure(Points(truth, axes), Points(prediction, axes), conventions=LandmarkConventions(diagonal=10))
    found = scores(one)
    assert [found[f"{which}_tre"] for which in ("mean", "median", "max")] == pytest.approx(list(expected), nan_ok=True)
    assert found["mean_rtre"] == pytest.approx(expected[0] / 10, nan_ok=True)
    assert found["median_rtre"] == pytest.approx(expected[1] / 10, nan_ok=True)


def test_diagonal_is_that_of_the_image_if_known() -> None:
    truth, prediction = Points([[0, 0]], extent=(30, 40)), Points([[3, 4]])
    for conventions in (OURS, LandmarkConventions(diagonal=7)):
        assert scores(measure(truth, prediction, conventions=conventions))["mean_rtre"] == 5 / 50
    unknown = scores(measure(Points([[0, 0]]), prediction, conventions=OURS))
    assert isnan(unknown["mean_rtre"])
    assert isnan(unknown["median_rtre"])
    # Time is no length.
    truth, prediction = (Points([[0, *place]], "tyx", extent=(99, 30, 40)) for place in ((0, 0), (3, 4)))
    assert scores(measure(truth, prediction, conventions=OURS))["mean_rtre"] == 5 / 50


@pytest.mark.parametrize(
    ("stretch", "percent"),
    [(0.0, 0.0), (0.5, 0.0), (-0.5, 0.0), (-1.0, 100.0), (-1.5, 100.0)],
)
def test_folding_by_hand(stretch: float, percent: float) -> None:
    """u(x) = a·x along x only: the determinant is 1 + a, folded or flat from a = −1 on."""
    field = np.zeros((2, 5, 6))
    field[1] = stretch * 0.25 * np.arange(6)
    one = measure(Points([]), Points([]), conventions=OURS, spacing=(2.0, 0.25), displacement=field)
    assert METRICS["folding"].score(one) == percent
    assert (one.folded, one.voxels) == (round(30 * percent / 100), 30)


def test_folding_in_a_part() -> None:
    """Columns 0 to 3 stand, 4 to 7 are pushed back behind each other."""
    field = np.zeros((2, 4, 8))
    field[1, :, 4:] = -2.0 * np.arange(4)
    one = measure(Points([]), Points([]), conventions=OURS, displacement=field)
    # Central differences: u' at column 4 is −1, at 5 and 6 −2, at the end −2.
    assert (one.folded, one.voxels) == (16, 32)


def test_folding_equals_the_determinant_written_out() -> None:
    rng = np.random.default_rng(0)
    field = np.stack([40 * gaussian_filter(rng.normal(size=(9, 10, 11)), 2) for _ in range(3)])
    spacing = (2.0, 1.0, 0.5)
    (a, b, c), (d, e, f), (g, h, i) = (np.gradient(component, *spacing) for component in field)
    a, e, i = a + 1, e + 1, i + 1
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    one = measure(Points([]), Points([]), conventions=OURS, spacing=spacing, displacement=field)
    assert 0 < one.folded == np.count_nonzero(determinant <= 0)


def test_no_field_says_nothing() -> None:
    assert isnan(METRICS["folding"].score(measure(Points([]), Points([]), conventions=OURS)))


@unhurried
@given(landmarks)
def test_equal_to_numpy(rows: list[tuple[float, ...]]) -> None:
    found = scores(measure(*both(rows), conventions=OURS))
    if rows:
        distances = np.array([sqrt((y - v) ** 2 + (x - u) ** 2) for y, x, v, u in rows])
        assert found["mean_tre"] == pytest.approx(distances.mean())
        assert found["median_rtre"] == pytest.approx(np.median(distances) / 50)
        assert found["max_tre"] == pytest.approx(distances.max())
        assert found["median_tre"] <= found["max_tre"]
    else:
        assert all(isnan(value) for value in found.values())


@unhurried
@given(st.lists(landmarks, min_size=1, max_size=4))
def test_pool_is_one_case_of_all(cases: list) -> None:
    pooled = pool([measure(*both(rows), conventions=OURS) for rows in cases])
    joined = measure(*both([row for rows in cases for row in rows]), conventions=OURS)
    assert pooled.as_dict() == joined.as_dict()
    again = LandmarkErrors.from_dict(json.loads(json.dumps(pooled.as_dict())))
    assert again == pooled


def test_pool_has_no_relative_error_if_one_case_has_none() -> None:
    known = measure(Points([[0, 0]], extent=(3, 4)), Points([[0, 1]]), conventions=OURS)
    unknown = measure(Points([[0, 0]]), Points([[0, 1]]), conventions=OURS)
    assert isnan(METRICS["mean_rtre"].score(pool([known, unknown])))
    assert METRICS["mean_rtre"].score(pool([known, known])) == 1 / 5


def test_what_is_refused() -> None:
    with pytest.raises(
        PointsError, match=r"prediction of slide 4 has 2 landmarks. Expected 1, as many as the ground tr"
    ):
        measure(Points([[0, 0]]), Points([[0, 0], [1, 1]]), conventions=OURS, name="slide 4")
    with pytest.raises(PointsError, match="has the axes z, y, x"):
        measure(Points([]), Points([], "zyx"), conventions=OURS)
    for shape, spacing in (((3, 4, 4), None), ((2, 4, 1), None), ((2, 4, 4), (1.0,)), ((2, 3), None)):
        with pytest.raises(PointsError, match="Put the components first"):
            measure(Points([]), Points([]), conventions=OURS, displacement=np.zeros(shape), spacing=spacing)
    with pytest.raises(ConventionError, match="The diagonal is 0"):
        LandmarkConventions(diagonal=0)
    with pytest.raises(ConventionError, match=r"'anhir'. These are known: none"):
        LandmarkConventions.as_in("anhir")
