"""The metrics of instances against the definitions of their papers, on random images, crowded fields and real masks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings

from bioimagehub.challenges import Conventions, contingency, load_labels
from bioimagehub.challenges.counts import count, measure
from bioimagehub.challenges.metrics import find_metric
from bioimagehub.challenges.overlaps import heaviest_pairs
from challenges import references
from challenges.references import objects_of
from challenges.strategies import label_pairs, unhurried
from challenges.test_stardist import assert_same, ellipses

if TYPE_CHECKING:
    from bioimagehub.challenges.counts import Counts

MASKS = Path(__file__).resolve().parents[3] / "shared" / "data" / "bbbc038"
EXACT = 1e-9


def score(name: str, counts: Counts) -> float:
    return find_metric("instances", name).score(counts)


def assert_as_defined(truth: np.ndarray, prediction: np.ndarray) -> None:
    """All metrics that need no threshold, and the two that do under both conventions."""
    true, predicted = objects_of(truth), objects_of(prediction)
    if not true and not predicted:
        return
    table = contingency(truth, prediction)
    counts, open_counts = (count(table, Conventions(closed=closed)) for closed in (True, False))
    for closed, one in ((True, counts), (False, open_counts)):
        expected = references.bowl_score(true, predicted, closed=closed)
        assert score("average_precision", one) == pytest.approx(float(expected), abs=EXACT)
    assert score("aggregated_jaccard", counts) == pytest.approx(
        float(references.aggregated_jaccard(true, predicted)), abs=EXACT
    )
    largest, aji_plus = references.heaviest_pairing(true, predicted)
    assert table.iou[heaviest_pairs(table)].sum() == pytest.approx(largest, abs=EXACT)
    if len(set(table.iou.tolist())) == len(table.iou):
        assert score("aggregated_jaccard_plus", counts) == pytest.approx(float(aji_plus), abs=EXACT)
    there, back = references.best_dice(true, predicted), references.best_dice(predicted, true)
    assert score("mean_dice", counts) == pytest.approx(float(there), abs=EXACT)
    assert score("symmetric_best_dice", counts) == pytest.approx(float(min(there, back)), abs=EXACT)
    assert score("count_difference", counts) == abs(len(true) - len(predicted))
    tp, fp, fn, iou_sum = references.panoptic_quality(truth, prediction, None)
    assert (tp, fp, fn) == (open_counts.tp[0], open_counts.fp[0], open_counts.fn[0])
    assert open_counts.iou_sum[0] == pytest.approx(float(iou_sum), abs=EXACT)


@unhurried
@given(label_pairs())
def test_any_pair(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert_as_defined(*pair)


@pytest.mark.parametrize("shape", [(60, 70), (12, 30, 25)], ids=["2D", "3D"])
def test_crowded_fields(shape: tuple[int, ...]) -> None:
    assert_as_defined(*ellipses(shape, 40, 5))


@unhurried
@given(label_pairs(largest=4))
def test_void_as_in_coco(pair: tuple[np.ndarray, np.ndarray]) -> None:
    conventions = replace(Conventions.as_in("coco"), ignore=4)
    counts = measure(*pair, conventions=conventions)
    tp, fp, fn, iou_sum = references.panoptic_quality(*pair, 4)
    assert (counts.tp[0], counts.fp[0], counts.fn[0]) == (tp, fp, fn)
    assert counts.iou_sum[0] == pytest.approx(float(iou_sum), abs=EXACT)
    whole = score("panoptic_quality", counts)
    assert whole == pytest.approx(float(2 * iou_sum / (2 * tp + fp + fn)) if tp + fp + fn else np.nan, nan_ok=True)


@unhurried
@given(label_pairs(largest=4))
def test_ignored_pixels_are_as_if_cut_out(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """The same scores as of images in which these pixels are background on both sides."""
    truth, prediction = pair
    kept = truth != 4
    ignoring = measure(truth, prediction, conventions=Conventions(ignore=4)).as_dict()
    without = measure(truth * kept, prediction * kept, conventions=Conventions()).as_dict()
    assert {**ignoring, "conventions": None} == {**without, "conventions": None}


def quarters(labels: np.ndarray) -> np.ndarray:
    """Merged, moved, missed and split, by number."""
    changed = np.roll(labels, 1, axis=0)
    changed[labels % 7 == 3] = 0
    changed[labels % 5 == 1] = 1
    halves = (labels % 5 == 2) & (np.indices(labels.shape).sum(0) % 16 < 8)
    changed[halves] = labels[halves].astype(np.int64) + 1000
    return changed


def masks() -> list[tuple[str, np.ndarray]]:
    """The smallest of the real masks where they are present; else fields that are made."""
    if MASKS.is_dir():
        found = sorted(MASKS.glob("labels/*.png"), key=lambda path: path.stat().st_size)
        return [(path.stem, load_labels(path)) for path in found[:160:20]]
    return [(str(seed), ellipses((120, 150), 60, seed)[0]) for seed in range(8)]


@pytest.mark.parametrize(("name", "truth"), masks())
def test_real_masks(name: str, truth: np.ndarray) -> None:
    prediction = quarters(truth)
    assert_same(truth, prediction)
    small = truth[:128, :128], prediction[:128, :128]
    assert_as_defined(*small)
    assert_same(*small)


def test_every_real_mask_is_its_own_best() -> None:
    for name, truth in masks():
        counts = measure(truth, truth, conventions=Conventions())
        assert counts.n_truth == len(np.unique(truth)) - 1, name
        assert score("average_precision", counts) == score("aggregated_jaccard", counts) == 1, name
        moved = measure(truth, np.roll(truth, 1, axis=1), conventions=Conventions())
        assert score("panoptic_quality", moved) < 1, name


def test_fifty_thousand_objects() -> None:
    """Touching, without background, with labels of 62 bits in no order."""
    rng = np.random.default_rng(7)
    names = rng.choice(2**62, 50_000, replace=False) + 1
    blocks = names.reshape(200, 250)
    truth = np.repeat(np.repeat(blocks, 4, axis=0), 4, axis=1)
    counts = measure(truth, np.roll(truth, 1, axis=1), conventions=Conventions())
    # Twelve of sixteen pixels are shared, on twenty: IoU 3/5; each object also has four of the one beside it.
    assert counts.n_truth == counts.n_prediction == 50_000
    assert counts.tp.tolist() == [50_000] * 3 + [0] * 7
    assert score("panoptic_quality", counts) == pytest.approx(3 / 5)
    assert counts.jaccard == counts.jaccard_plus == (12 * 50_000, 20 * 50_000)
    assert counts.best_dice == pytest.approx((50_000 * 3 / 4, 50_000 * 3 / 4))
    smaller = measure(
        *(np.unique(image, return_inverse=True)[1] + 1 for image in (truth, np.roll(truth, 1, axis=1))),
        conventions=Conventions(),
    )
    assert {**counts.as_dict(), "conventions": 0} == {**smaller.as_dict(), "conventions": 0}


@settings(unhurried, max_examples=30)
@given(label_pairs())
def test_same_for_any_type(pair: tuple[np.ndarray, np.ndarray]) -> None:
    expected = measure(*pair, conventions=Conventions()).as_dict()
    for dtype in ("u1", ">u2", "<i4", "u8"):
        assert measure(pair[0].astype(dtype), pair[1], conventions=Conventions()).as_dict() == expected
