from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from bioimagehub.challenges import Conventions, contingency, match
from bioimagehub.challenges.errors import ExplorerError, LabelShapeError
from bioimagehub.challenges.explorer import tabulate
from bioimagehub.challenges.explorer.instances import find_mistakes
from challenges.cases import Case, draw
from challenges.strategies import label_pairs, unhurried

TRUTH = draw(
    "11....22",
    "11....22",
    "........",
    "3344.555",
    "3344.555",
)
PREDICTION = draw(
    "11......",
    "11..8...",
    "........",
    "6666.779",
    "6666.779",
)


def test_every_kind_of_mistake() -> None:
    found = find_mistakes(TRUTH, PREDICTION, conventions=Conventions(thresholds=(0.7,), at=0.7))
    assert [(one.kind, one.side, one.label, one.size, one.partner) for one in found] == [
        ("merger", "prediction", 6, 8, 4),
        ("split", "truth", 5, 6, 7),
        ("fragment", "prediction", 7, 4, 5),
        ("merged", "truth", 3, 4, 6),
        ("merged", "truth", 4, 4, 6),
        ("missed", "truth", 2, 4, None),
        ("fragment", "prediction", 9, 2, 5),
        ("false", "prediction", 8, 1, None),
    ]


def test_where_they_are() -> None:
    split = find_mistakes(TRUTH, PREDICTION, conventions=Conventions(thresholds=(0.7,), at=0.7), spacing=(0.5, 0.25))[1]
    assert (split.low, split.high, split.centroid) == ((3, 5), (5, 8), (3.5, 6.0))
    assert split.centre == (1.75, 1.5)
    assert split.box == ((1.25, 1.125), (2.25, 1.875))
    assert split.iou == 4 / 6


def test_in_three_dimensions() -> None:
    truth = np.zeros((4, 5, 6), np.uint16)
    truth[1:3, 2:4, 3:5] = 60_000
    (one,) = find_mistakes(truth, np.zeros_like(truth), spacing=(2.0, 0.5, 0.5))
    assert (one.kind, one.low, one.high, one.centroid) == ("missed", (1, 2, 3), (3, 4, 5), (1.5, 2.5, 3.5))
    assert one.centre == (3.0, 1.25, 1.75)
    assert one.iou == 0


def test_a_table_of_mistakes() -> None:
    table = tabulate(find_mistakes(TRUTH, PREDICTION, spacing=(0.5, 0.5)))
    assert {"kind", "label", "y", "x", "low_y", "high_x", "y_um", "low_x_um", "size", "iou", "partner"} <= set(table)
    assert "frame" not in table
    assert table.loc[table.label == 8, ["y", "x", "y_um"]].to_numpy().tolist() == [[1.0, 4.0, 0.5]]
    assert "y_um" not in tabulate(find_mistakes(TRUTH, PREDICTION))


def test_as_many_as_the_matching_has(case: Case) -> None:
    found = find_mistakes(case.truth, case.prediction)
    matching = match(contingency(case.truth, case.prediction))
    assert sum(one.side == "truth" for one in found) == matching.fn
    assert sum(one.side == "prediction" for one in found) == matching.fp


@unhurried
@given(label_pairs())
def test_places_are_those_of_the_pixels(pair: tuple[np.ndarray, np.ndarray]) -> None:
    images = dict(zip(("truth", "prediction"), pair, strict=True))
    for one in find_mistakes(*pair):
        pixels = np.argwhere(images[one.side] == one.label)
        assert one.size == len(pixels)
        assert one.low == tuple(pixels.min(0).tolist())
        assert one.high == tuple((pixels.max(0) + 1).tolist())
        assert np.allclose(one.centroid, pixels.mean(0))
        other = images["prediction" if one.side == "truth" else "truth"]
        own = images[one.side] == one.label
        ious = [(own & (other == name)).sum() / (own | (other == name)).sum() for name in np.unique(other) if name]
        assert one.iou == pytest.approx(max(ious, default=0))


def test_what_is_ignored_is_no_mistake() -> None:
    conventions = Conventions(ignore=9)
    truth, prediction = draw("99999..11"), draw("2222..333")
    found = [(one.kind, one.side, one.label) for one in find_mistakes(truth, prediction, conventions=conventions)]
    assert ("false", "prediction", 2) not in found
    assert all(one[2] != 9 for one in found)


def test_what_cannot_be_explored() -> None:
    with pytest.raises(LabelShapeError, match="in its axis order"):
        find_mistakes(draw("11"), draw("111"))
    with pytest.raises(ExplorerError, match="one timepoint at a time"):
        find_mistakes(*np.ones((2, 1, 1, 1, 1), int))
    for spacing in ((1.0,), (1.0, -1.0), (1.0, float("nan")), 2.0):
        with pytest.raises(ExplorerError, match="2 positive numbers"):
            find_mistakes(TRUTH, PREDICTION, spacing=spacing)
