"""The same numbers as the reference implementation, stardist.matching."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stardist.matching import matching, matching_dataset

from bioimagehub.challenges import Conventions, contingency, match, score_images
from bioimagehub.challenges.counts import count
from challenges.strategies import label_pairs, unhurried

if TYPE_CHECKING:
    from challenges.cases import Case

# stardist gives 0 where there is no object at all.
AS_STARDIST = Conventions(empty="zero")
THRESHOLDS = [float(t) for t in AS_STARDIST.fractions]
NAMES = {
    "average_precision": "accuracy",
    "f1": "f1",
    "matched_iou": "mean_matched_score",
    "panoptic_quality": "panoptic_quality",
    "precision": "precision",
    "recall": "recall",
}
# stardist divides in single precision.
SINGLE = 1e-6


def assert_same(truth: np.ndarray, prediction: np.ndarray) -> None:
    scores = score_images([("image", truth, prediction)], conventions=AS_STARDIST)
    peer = matching(truth, prediction, thresh=THRESHOLDS)
    counts = scores.images[0].counts
    assert [counts.tp.tolist(), counts.fp.tolist(), counts.fn.tolist()] == [
        [getattr(one, name) for one in peer] for name in ("tp", "fp", "fn")
    ]
    for ours, theirs in NAMES.items():
        assert scores.images[0].curve(ours).to_numpy() == pytest.approx(
            [getattr(one, theirs) for one in peer], abs=SINGLE
        ), ours


def test_zoo(case: Case) -> None:
    assert_same(case.truth, case.prediction)


@unhurried
@given(label_pairs())
def test_any_pair(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert_same(*pair)


@unhurried
@given(label_pairs(largest=4), st.sampled_from([Fraction(k, 20) for k in range(1, 10)]))
def test_below_a_half(pair: tuple[np.ndarray, np.ndarray], threshold: Fraction) -> None:
    """As many pairs. stardist breaks ties by pairs below the threshold, too, so ours may overlap more in sum."""
    ours = match(contingency(*pair), threshold)
    theirs = matching(*pair, thresh=float(threshold))
    assert (ours.tp, ours.fp, ours.fn) == (theirs.tp, theirs.fp, theirs.fn)
    assert ours.iou.sum() >= theirs.mean_matched_score * theirs.tp - SINGLE


@settings(unhurried, max_examples=50)
@given(st.lists(label_pairs(), min_size=1, max_size=4))
def test_sets_of_images(pairs: list[Any]) -> None:
    truths, predictions = zip(*pairs, strict=True)
    named = [(str(number), *pair) for number, pair in enumerate(pairs)]
    overall = score_images(named, conventions=AS_STARDIST).overall()
    for row, by_image in (("mean of images", True), ("pooled", False)):
        peer = matching_dataset(truths, predictions, thresh=0.5, by_image=by_image, show_progress=False)
        for ours, theirs in NAMES.items():
            if ours != "average_precision":
                assert overall.loc[row, ours] == pytest.approx(getattr(peer, theirs), abs=SINGLE), ours


def ellipses(shape: tuple[int, ...], n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Objects that touch and overlap each other's places in truth and prediction, some of them in one only."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.arange(side) for side in shape], indexing="ij"), -1)
    images = np.zeros((2, *shape), np.uint16)
    for label in range(1, n + 1):
        centre, radius = rng.uniform(0, shape), rng.uniform(3, 7, len(shape))
        for image in images:
            jitter = centre + rng.normal(0, 1.2, len(shape))
            if rng.random() > 0.1:
                image[(((grid - jitter) / radius) ** 2).sum(-1) <= 1] = label
    return images[0], images[1]


@pytest.mark.parametrize("shape", [(120, 150), (20, 50, 60)], ids=["2D", "3D"])
@pytest.mark.parametrize("seed", range(3))
def test_crowded_fields(shape: tuple[int, ...], seed: int) -> None:
    truth, prediction = ellipses(shape, 80, seed)
    assert 0 < count(contingency(truth, prediction), AS_STARDIST).tp[0] < 80
    assert_same(truth, prediction)


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize("name", ["bbbc038-nuclei", "stardist-nuclei-3d"])
def test_real_nuclei(name: str) -> None:
    from bioimagehub.catalogs import open_catalog
    from bioimagehub.challenges import otsu_watershed

    record = open_catalog()["samples"][name]
    truth = record.open(label="nuclei").to_numpy()
    assert_same(truth, otsu_watershed(record.open(), diameter=8))
