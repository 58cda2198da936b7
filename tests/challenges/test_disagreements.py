"""Where implementations give different numbers for the same two images: ours is right, or the switch gives theirs.

The way in which another program comes to its number is written out where the program is not installed.
"""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from math import nan

import numpy as np
import pytest
from stardist.matching import matching

from bioimagehub.challenges import Conventions, contingency, match
from bioimagehub.challenges.counts import Counts, measure
from bioimagehub.challenges.errors import NegativeLabelError, NotALabelImageError
from bioimagehub.challenges.metrics import find_metric
from challenges.cases import draw

TP = tuple[int, int, int]
NOTHING = draw("....", "....")


def counted(truth: np.ndarray, prediction: np.ndarray, reference: str | None = None) -> TP:
    conventions = Conventions.as_in(reference) if reference else Conventions()
    counts = measure(truth, prediction, conventions=conventions)
    return int(counts.tp[0]), int(counts.fp[0]), int(counts.fn[0])


def score(name: str, truth: np.ndarray, prediction: np.ndarray, reference: str | None = None) -> float:
    conventions = Conventions.as_in(reference) if reference else Conventions()
    return find_metric("instances", name).score(measure(truth, prediction, conventions=conventions))


@pytest.mark.parametrize("metric", ["average_precision", "f1", "panoptic_quality", "aggregated_jaccard"])
@pytest.mark.parametrize(
    ("reference", "expected"),
    [(None, nan), ("cellpose", nan), ("panoptica", nan), ("coco", nan), ("stardist", 0.0), ("kaggle", 0.0)],
)
def test_both_images_empty(metric: str, reference: str | None, expected: float) -> None:
    assert score(metric, NOTHING, NOTHING, reference) == pytest.approx(expected, nan_ok=True)
    assert matching(NOTHING, NOTHING).panoptic_quality == 0


HALF = draw("1111"), draw("11..")
HALVES = draw("1111"), draw("2233")


@pytest.mark.parametrize(
    ("reference", "half", "halves"),
    [
        (None, (1, 0, 0), (1, 1, 0)),
        ("stardist", (1, 0, 0), (1, 1, 0)),
        ("cellpose", (1, 0, 0), (1, 1, 0)),
        ("panoptica", (1, 0, 0), (1, 1, 0)),
        ("kaggle", (0, 1, 1), (0, 2, 1)),
        ("hovernet", (0, 1, 1), (0, 2, 1)),
        ("coco", (0, 1, 1), (0, 2, 1)),
    ],
)
def test_iou_of_exactly_a_half(reference: str | None, half: TP, halves: TP) -> None:
    assert counted(*HALF, reference) == half
    assert counted(*HALVES, reference) == halves


def test_stardist_on_a_half() -> None:
    for pair in (HALF, HALVES):
        found = matching(*pair)
        assert counted(*pair, "stardist") == (found.tp, found.fp, found.fn)


@pytest.mark.parametrize("twentieths", range(10, 20))
@pytest.mark.parametrize("write", ["arange", "linspace", "single precision", "sum"])
def test_iou_of_exactly_a_threshold_however_it_is_written(twentieths: int, write: str) -> None:
    """A division compared with such a float loses some of the ten; whole numbers lose none."""
    written = {
        "arange": np.arange(0.5, 1, 0.05),
        "linspace": np.linspace(0.5, 0.95, 10),
        "single precision": np.linspace(0.5, 0.95, 10, dtype=np.float32),
        "sum": np.cumsum([0.5] + [0.05] * 9),
    }[write][twentieths - 10]
    table = contingency(np.ones((1, 20), int), draw("1" * twentieths + "." * (20 - twentieths)))
    assert match(table, written).tp == 1
    assert match(table, written, closed=False).tp == 0


def test_floats_lose_thresholds() -> None:
    """What the test above is about."""
    exact = np.arange(10, 20) / 20
    assert (exact < np.arange(0.5, 1, 0.05)).sum() > 0
    assert (exact < np.cumsum([0.5] + [0.05] * 9)).sum() > 0


def test_labels_far_apart() -> None:
    """A histogram with as many bins as labels puts 40 and 41 into one bin."""
    truth = np.array([[3, 3, 0, 900, 900, 0]])
    prediction = np.array([[7, 7, 0, 40, 40, 41]])
    sizes = [len(np.unique(image)) for image in (truth, prediction)]
    binned = np.histogram2d(truth.ravel(), prediction.ravel(), bins=sizes)[0]
    assert (binned[1:, 1:] > 0).sum() != 2
    assert counted(truth, prediction) == counted(truth, prediction, "kaggle") == (2, 1, 0)
    assert matching(truth, prediction).tp == 2


def test_no_background_pixel() -> None:
    """Counts that take the first label for background have FP = FN = −1 here, and an infinite score."""
    image = draw("1122", "1122")
    for reference in (None, "stardist", "kaggle", "cellpose", "coco"):
        assert counted(image, image, reference) == (2, 0, 0)
        assert score("average_precision", image, image, reference) == 1


def test_negative_label_is_no_object() -> None:
    with pytest.raises(NegativeLabelError, match=r"label -1. Expected 0 for background"):
        counted(np.array([[-1, 1]]), draw("11"))


@pytest.mark.parametrize("label", [70_000, 2**31 - 1, 2**62])
def test_memory_does_not_grow_with_a_label(label: int) -> None:
    """One participant's pixel must not stop the scorer: tables of 16 to 36 GB have been seen."""
    truth = np.zeros((64, 64), np.int64)
    truth[:4] = 1
    prediction = truth.copy()
    prediction[-1, -1] = label
    counted(truth, prediction)  # compiles
    tracemalloc.start()
    found = counted(truth, prediction)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == (1, 1, 0)
    assert peak < 4_000_000


def test_floats_are_refused() -> None:
    with pytest.raises(NotALabelImageError, match=r"astype\(numpy.uint32\) keeps them"):
        counted(np.array([[0.0, 1.0]]), draw(".1"))


def test_no_small_number_in_denominators() -> None:
    """An epsilon there changes the eighth digit: a perfect prediction would not score 1."""
    truth = draw("111.")
    tp, iou = 1, 1.0
    assert iou / (tp + 1e-6) != 1
    assert score("panoptic_quality", truth, truth) == 1
    assert score("f1", truth, truth) == 1


def test_double_precision() -> None:
    """stardist divides in single precision."""
    truth, prediction = draw("1111111"), draw("111111.")
    ours, theirs = (score("matched_iou", truth, prediction), matching(truth, prediction).mean_matched_score)
    assert ours == 6 / 7
    assert theirs == pytest.approx(6 / 7, abs=1e-6)


def test_aggregated_jaccard_takes_the_largest_iou() -> None:
    """Not the largest intersection: 3 pixels of a large object are a worse partner than 2 of a small one."""
    truth, prediction = draw("111111......"), draw("22.333333333")
    table = contingency(truth, prediction)
    assert table.intersection.tolist() == [2, 3]
    assert table.iou.tolist() == [2 / 6, 3 / 12]
    # 2 on 6, and 9 pixels of the large one are left over; by intersection, it would be 3 / (12 + 2).
    assert score("aggregated_jaccard", truth, prediction) == 2 / (6 + 9)


def test_aggregated_jaccard_is_neither_one_to_one_nor_over_the_foreground() -> None:
    """Another quantity of that name pairs one to one and divides by all foreground."""
    truth, prediction = draw("1122"), draw("3333")
    foreground = np.count_nonzero(truth | prediction)
    other = 2 / foreground
    assert score("aggregated_jaccard", truth, prediction) == (2 + 2) / (4 + 4)
    assert score("aggregated_jaccard_plus", truth, prediction) == 2 / (4 + 2)
    assert score("aggregated_jaccard_plus", truth, prediction) != other


def test_average_precision_is_not_precision() -> None:
    """TP / (TP + FP) does not see what was missed."""
    truth, prediction = draw("1.2.3"), draw("1....")
    assert score("precision", truth, prediction) == 1
    assert score("average_precision", truth, prediction) == pytest.approx(1 / 3)


def test_void_as_in_coco() -> None:
    """An object that lies mostly in the void is no error there; other conventions judge it by what lies outside."""
    truth, prediction = draw("11..999"), draw("11.2222")
    tallies: dict[str, Counts] = {
        name: measure(truth, prediction, conventions=replace(Conventions.as_in(name), ignore=9))
        for name in ("coco", "hovernet", "stardist")
    }
    assert {name: int(counts.fp[0]) for name, counts in tallies.items()} == {"coco": 0, "hovernet": 1, "stardist": 1}
