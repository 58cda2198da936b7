from __future__ import annotations

import pytest

from bioimagehub.challenges.errors import ExplorerError
from bioimagehub.challenges.explorer.spots import find_mistakes
from bioimagehub.challenges.point_matching import SpotConventions
from bioimagehub.challenges.points import Points

NEAR = SpotConventions(cutoff=0.5)


def test_missed_and_false_points() -> None:
    truth = Points([[1.0, 1.0], [4.0, 2.0], [6.0, 6.0]])
    prediction = Points([[8.0, 8.26], [1.1, 1.0], [6.0, 6.6]])
    found = find_mistakes(truth, prediction, conventions=NEAR, spacing=(0.5, 0.25))
    assert [(one.kind, one.side, one.label, one.centroid) for one in found] == [
        ("false", "prediction", 0, (16.0, 33.04)),
        ("false", "prediction", 2, (12.0, 26.4)),
        ("missed", "truth", 1, (8.0, 8.0)),
        ("missed", "truth", 2, (12.0, 24.0)),
    ]
    assert (found[0].low, found[0].high) == ((16, 33), (17, 34))
    assert found[0].centre == pytest.approx((8.0, 8.26))


def test_nothing_wrong() -> None:
    assert find_mistakes(Points([[1, 1]]), Points([[1, 1]]), conventions=NEAR, spacing=(1, 1)) == []
    assert find_mistakes(Points([]), Points([]), conventions=NEAR, spacing=(1, 1)) == []


def test_points_need_a_place_in_one_image() -> None:
    with pytest.raises(ExplorerError, match="size of a pixel"):
        find_mistakes(Points([[1, 1]]), Points([]), conventions=NEAR)
    timed = Points([[0, 1, 1]], axes="tyx")
    with pytest.raises(ExplorerError, match="one timepoint and channel at a time"):
        find_mistakes(timed, timed, conventions=NEAR, spacing=(1, 1))
