from __future__ import annotations

import numpy as np
import pytest

from bioimagehub.challenges.errors import PointsError
from bioimagehub.challenges.points import Points, check_points


def test_what_was_given_is_copied_into_double_precision_and_cannot_be_changed() -> None:
    given = np.array([[1, 2], [3, 4]], np.uint16)
    points = Points(given, "yx", confidence=[0.5, 0.25], intensity=np.array([7, 8], np.int32), extent=(10, 20))
    given[:] = 0
    assert points.coordinates.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert points.coordinates.dtype == np.float64
    assert points.confidence is not None
    assert points.intensity is not None
    assert (points.confidence.tolist(), points.intensity.tolist()) == ([0.5, 0.25], [7.0, 8.0])
    assert points.extent == (10.0, 20.0)
    for array in (points.coordinates, points.confidence, points.intensity):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("nothing", [[], np.zeros((0, 3)), np.zeros(0)])
def test_no_points(nothing: object) -> None:
    points = Points(nothing, "zyx", confidence=[])  # type: ignore[arg-type]
    assert points.coordinates.shape == (0, 3)
    assert len(points) == 0


def test_space_is_told_from_time_and_channel() -> None:
    points = Points([[7, 1, 0.5, 2, 3]], "tczyx")
    assert points.spatial.tolist() == [[0.5, 2, 3]]
    assert points.frames.tolist() == [[7, 1]]
    assert Points([[2, 3]]).frames.shape == (1, 0)


@pytest.mark.parametrize(
    ("coordinates", "axes", "others", "message"),
    [
        ([[1, 2, 3]], "yx", {}, r"shape \(1, 3\). Expected \(points, 2\)"),
        ([1, 2], "yx", {}, r"shape \(2,\). Expected \(points, 2\)"),
        ([[1, 2]], "xy", {}, "t, c, z, y, x, each once and in this order"),
        ([[1, 2]], "yy", {}, "each once"),
        ([[1, 2]], "zy", {}, "y and x among them"),
        ([[1, 2]], "", {}, "The axes none of points"),
        ([[1, np.nan]], "yx", {}, "1 values that are NaN, infinite"),
        ([[np.inf, -np.inf]], "yx", {}, "2 values that are NaN, infinite"),
        ([[1e300, 0]], "yx", {}, "1 values that are NaN, infinite or beyond"),
        ([["a", "b"]], "yx", {}, "cannot be read as numbers"),
        ([[1, 2], [3]], "yx", {}, "cannot be read as numbers"),
        ([[1, 2]], "yx", {"confidence": [0.5, 0.5]}, r"confidence of points has the shape \(2,\). Expected \(1,\)"),
        ([[1, 2]], "yx", {"confidence": [np.nan]}, "The confidence of points has 1 values that are NaN"),
        ([[1, 2]], "yx", {"intensity": [[1]]}, r"intensity of points has the shape \(1, 1\)"),
        ([[1, 2]], "yx", {"extent": (3,)}, "one size, not below 0, for each of the axes y, x"),
        ([[1, 2]], "yx", {"extent": (3, -1)}, "not below 0"),
    ],
)
def test_what_is_refused(coordinates: object, axes: str, others: dict[str, object], message: str) -> None:
    with pytest.raises(PointsError, match=message):
        Points(coordinates, axes, **others)  # type: ignore[arg-type]


def test_pair_has_the_same_axes() -> None:
    flat, deep = Points([[1, 2]]), Points([[1, 2, 3]], "zyx")
    assert check_points(flat, flat) == (flat, flat)
    with pytest.raises(PointsError, match=r"prediction of field 3 has the axes z, y, x. Expected y, x"):
        check_points(flat, deep, "field 3")
    with pytest.raises(PointsError, match=r"prediction of case is of type ndarray. Expected Points"):
        check_points(flat, np.zeros((1, 2)))
