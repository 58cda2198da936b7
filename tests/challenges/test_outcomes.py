from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from bioimagehub.challenges import Outcome, contingency, match, outcomes, paint
from bioimagehub.challenges.errors import UnknownLabelError
from challenges.cases import Case, draw
from challenges.strategies import label_pairs, unhurried


def told(truth: np.ndarray, prediction: np.ndarray) -> tuple[list[str], list[str]]:
    found = outcomes(match(contingency(truth, prediction)))
    return [Outcome(one).name for one in found[0]], [Outcome(one).name for one in found[1]]


def test_matched_missed_and_false() -> None:
    assert told(draw("11.22..."), draw("11....33")) == (["MATCHED", "MISSED"], ["MATCHED", "FALSE"])


def test_split() -> None:
    """None of three thirds is a match."""
    assert told(draw("111111"), draw("112233")) == (["SPLIT"], ["FRAGMENT", "FRAGMENT", "FRAGMENT"])


def test_merged() -> None:
    assert told(draw("112233"), draw("111111")) == (["MERGED", "MERGED", "MERGED"], ["MERGER"])


def test_small_object_swallowed_by_a_matched_one() -> None:
    assert told(draw("11111.22"), draw("11111111")) == (["MATCHED", "MERGED"], ["MATCHED"])


def test_small_piece_cut_off_a_matched_one() -> None:
    assert told(draw("11111111"), draw("11111.22")) == (["MATCHED"], ["MATCHED", "FRAGMENT"])


def test_pieces_have_more_than_half_of_their_area_inside() -> None:
    """Each half of the prediction has half of its area in the object: no pieces of it."""
    assert told(draw("....11...."), draw("...22 33...".replace(" ", ""))) == (["MISSED"], ["FALSE", "FALSE"])


def test_poor_overlap_is_missed_and_false() -> None:
    assert told(draw("1111...."), draw("...11111")) == (["MISSED"], ["FALSE"])


def test_numbers_agree_with_the_matching(case: Case) -> None:
    found = match(contingency(case.truth, case.prediction))
    truth, prediction = outcomes(found)
    assert np.count_nonzero(truth == Outcome.MATCHED) == np.count_nonzero(prediction == Outcome.MATCHED) == found.tp
    assert len(truth) - found.tp == found.fn
    assert len(prediction) - found.tp == found.fp


@unhurried
@given(label_pairs())
def test_errors_mirror_when_images_change_places(pair: tuple[np.ndarray, np.ndarray]) -> None:
    names = {"MISSED": "FALSE", "SPLIT": "MERGER", "MERGED": "FRAGMENT", "MATCHED": "MATCHED"}
    truth, prediction = told(*pair)
    back = told(*reversed(pair))
    # An object of which both is true is named by its own role first.
    assert sorted(names[one] for one in truth) == sorted(back[1])
    assert sorted(names[one] for one in back[0]) == sorted(prediction)


def test_paint() -> None:
    truth, prediction = draw("11.22...", "11......"), draw("11....33", "11......")
    table = contingency(truth, prediction)
    classes = outcomes(match(table))
    assert np.array_equal(paint(truth, table.truth_labels, classes[0]), draw("11.22...", "11......"))
    assert np.array_equal(paint(prediction, table.prediction_labels, classes[1]), draw("11....55", "11......"))


@unhurried
@given(label_pairs())
def test_paint_is_a_look_up(pair: tuple[np.ndarray, np.ndarray]) -> None:
    table = contingency(*pair)
    values = np.arange(1, table.n_truth + 1, dtype=np.uint8)
    painted = paint(pair[0], table.truth_labels, values)
    lookup = dict(zip([0, *table.truth_labels.tolist()], [0, *values.tolist()], strict=True))
    assert painted.ravel().tolist() == [lookup[label] for label in pair[0].ravel().tolist()]


def test_paint_huge_labels() -> None:
    image = np.array([[0, 2**64 - 1], [2**40, 2**40]], np.uint64)
    table = contingency(image, image)
    painted = paint(image, table.truth_labels, np.array([1, 2], np.uint8))
    assert painted.tolist() == [[0, 2], [1, 1]]


def test_paint_another_image() -> None:
    table = contingency(draw("11.2"), draw("11.2"))
    with pytest.raises(UnknownLabelError, match=r"has the label 3, for which .* Give the image that was scored"):
        paint(draw("11.3"), table.truth_labels, np.array([1, 1], np.uint8))
