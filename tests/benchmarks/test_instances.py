"""Metrics of instances side by side with the programs that define them: the same numbers, and how much sooner.

All score the same images in the same process, in turns; what is compiled is compiled before.
"""

from __future__ import annotations

import tracemalloc
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bioimage_cpp.utils import segmentation_overlap
from stardist.matching import matching

from benchmarks.fields import make_field
from bioimagehub.challenges import Conventions, contingency
from bioimagehub.challenges.counts import measure
from bioimagehub.challenges.metrics import find_metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    Labels = NDArray[np.uint16]

TEN = tuple(float(threshold) for threshold in Conventions().fractions)
SHAPES = {
    "1024², 500 objects": ((1024, 1024), 500),
    "4096², 8,000 objects": ((4096, 4096), 8000),
    "64×512², 2,000 objects": ((64, 512, 512), 2000),
}
AP, PQ = "average_precision", "panoptic_quality"
# metric, images, how many times as fast as stardist we want to be
STARDIST = [
    (AP, "4096², 8,000 objects", 150),
    (AP, "64×512², 2,000 objects", 12),
    (PQ, "4096², 8,000 objects", 40),
    (PQ, "64×512², 2,000 objects", 12),
]
TABLE_WANTED = 8
AJI_WANTED = 300
MOST_MEMORY = 1.5


@pytest.fixture(scope="module")
def images() -> dict[str, tuple[Labels, Labels]]:
    return {name: make_field(*of) for name, of in SHAPES.items()}


def ours(metric: str, truth: Labels, prediction: Labels) -> float:
    return find_metric("instances", metric).score(measure(truth, prediction, conventions=Conventions()))


def stardist(metric: str, truth: Labels, prediction: Labels) -> float:
    if metric == AP:
        return float(np.mean([one.accuracy for one in matching(truth, prediction, thresh=TEN)]))
    return float(matching(truth, prediction, thresh=0.5).panoptic_quality)


def aggregated_jaccard(truth: Labels, prediction: Labels) -> float:
    """Kumar 2017 as it is written: each object a mask of 0 and 1, intersections and unions as sums over masks."""
    true = {int(label): (truth == label).astype(np.uint8) for label in np.unique(truth[truth > 0])}
    predicted = {int(label): (prediction == label).astype(np.uint8) for label in np.unique(prediction[prediction > 0])}
    used, intersection, union = set(), 0, 0
    for mask in true.values():
        found = []
        for label in np.unique(prediction[mask > 0]):
            if label:
                other = predicted[int(label)]
                shared = int((mask * other).sum())
                either = int((mask + other).sum()) - shared
                found.append((shared / either, -int(label), shared, either))
        if found:
            _, best, shared, either = max(found)
            used.add(-best)
            intersection, union = intersection + shared, union + either
        else:
            union += int(mask.sum())
    return intersection / (union + sum(int(mask.sum()) for label, mask in predicted.items() if label not in used))


def in_turns(own: Callable[[], object], peer: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median milliseconds of both; the own one, which is short, five times a round."""
    times: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        for work, repeats, taken in ((peer, 1, times[1]), (own, 5, times[0])):
            for _ in range(repeats):
                start = perf_counter()
                work()
                taken.append((perf_counter() - start) * 1e3)
    return median(times[0]), median(times[1])


def tell(capsys: pytest.CaptureFixture[str], what: str, peer: str, taken: tuple[float, float], wanted: float) -> None:
    own, theirs = taken
    ratio = theirs / own
    with capsys.disabled():
        print(
            f"\n{what}\n  {peer} {theirs:9.1f} ms   bioimagehub {own:7.1f} ms   {ratio:.0f} times as fast; "
            f"wanted {wanted:.0f}: {'kept' if ratio >= wanted else 'missed'}"
        )
    assert ratio >= wanted


@pytest.mark.parametrize(("metric", "name", "wanted"), STARDIST)
def test_stardist(
    benchmark: BenchmarkFixture,
    capsys: pytest.CaptureFixture[str],
    images: dict[str, tuple[Labels, Labels]],
    metric: str,
    name: str,
    wanted: float,
) -> None:
    pair = images[name]
    assert ours(metric, *pair) == pytest.approx(stardist(metric, *pair), abs=1e-6)
    taken = in_turns(lambda: ours(metric, *pair), lambda: stardist(metric, *pair), 3)
    benchmark.pedantic(ours, args=(metric, *pair), rounds=5)
    tell(capsys, f"{metric}, {name}", "stardist.matching", taken, wanted)


def test_aggregated_jaccard(
    benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str], images: dict[str, tuple[Labels, Labels]]
) -> None:
    name = "1024², 500 objects"
    pair = images[name]
    assert ours("aggregated_jaccard", *pair) == pytest.approx(aggregated_jaccard(*pair), abs=1e-12)
    taken = in_turns(lambda: ours("aggregated_jaccard", *pair), lambda: aggregated_jaccard(*pair), 3)
    benchmark.pedantic(ours, args=("aggregated_jaccard", *pair), rounds=5)
    tell(capsys, f"aggregated Jaccard index, {name}", "masks of 0 and 1", taken, AJI_WANTED)


@pytest.mark.parametrize("metric", [AP, PQ, "aggregated_jaccard", "aggregated_jaccard_plus"])
@pytest.mark.parametrize("name", ["4096², 8,000 objects", "64×512², 2,000 objects"])
def test_all_metrics_against_the_fastest_table(
    benchmark: BenchmarkFixture,
    capsys: pytest.CaptureFixture[str],
    images: dict[str, tuple[Labels, Labels]],
    metric: str,
    name: str,
) -> None:
    """The whole metric here, and the table of overlaps alone there."""
    pair = images[name]
    taken = in_turns(lambda: ours(metric, *pair), lambda: segmentation_overlap(*pair), 3)
    benchmark.pedantic(ours, args=(metric, *pair), rounds=5)
    tell(capsys, f"{metric}, {name}", "bioimage-cpp, table alone", taken, TABLE_WANTED)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "int64"])
def test_memory(capsys: pytest.CaptureFixture[str], images: dict[str, tuple[Labels, Labels]], dtype: str) -> None:
    pair = [image.astype(dtype) for image in images["4096², 8,000 objects"]]
    inputs = sum(image.nbytes for image in pair)
    tracemalloc.start()
    contingency(*pair)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    share = 1 + peak / inputs
    with capsys.disabled():
        print(
            f"\npeak memory, 4096² {dtype}: {share:.2f} times the two images; "
            f"wanted {MOST_MEMORY}: {'kept' if share <= MOST_MEMORY else 'missed'}"
        )
    assert share <= MOST_MEMORY
