"""Metrics of instances beside cellpose and HoVer-Net, which cannot be installed beside the hub.

They run in a Python of their own, in a process of their own, that measures its own time: no import, no reading of
files. NumPy and SciPy are the newest there, too. What is compiled here is compiled before. Both work in turns.
"""

from __future__ import annotations

import os
from collections import defaultdict
from fractions import Fraction
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from skimage.segmentation import relabel_sequential

from benchmarks.fields import make_field
from benchmarks.peers import Peer
from bioimagehub.challenges import Conventions, contingency, match
from bioimagehub.challenges.counts import Counts, measure
from bioimagehub.challenges.metrics import find_metric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    Labels = NDArray[np.integer[Any]]

TEN = [k / 20 for k in range(10, 20)]
# peer, metric, images, how many times as fast we want to be
WANTED = [
    ("cellpose", "average_precision", ((4096, 4096), 8000), 300),
    ("hovernet", "aggregated_jaccard", ((1024, 1024), 500), 300),
]
ROUNDS = 3


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    running = Peer(tmp_path_factory.mktemp("peers"))
    yield running
    running.stop()


def count(truth: Labels, prediction: Labels, reference: str) -> Counts:
    return measure(truth, prediction, conventions=Conventions.as_in(reference))


def ours(metric: str, truth: Labels, prediction: Labels, reference: str) -> float:
    return find_metric("instances", metric).score(count(truth, prediction, reference))


def theirs(peer: Peer, program: str, metric: str, truth: Labels, prediction: Labels) -> tuple[float, float]:
    """Give the value and the milliseconds."""
    if program == "cellpose":
        found = peer.ask("cellpose", truth, prediction, TEN)
        return float(np.mean(found["value"]["ap"])), found["ms"]
    found = peer.ask(f"hovernet {metric}", truth, prediction)
    return found["value"], found["ms"]


def field(shape: tuple[int, int], objects: int) -> tuple[Labels, Labels]:
    """Truth and a prediction whose labels are consecutive, as HoVer-Net wants them."""
    truth, prediction = (relabel_sequential(image)[0] for image in make_field(shape, objects))
    return truth, prediction


def fields() -> list[tuple[Labels, Labels]]:
    return [field((128, 128), objects) for objects in range(5, 60)]


def has_ties(truth: Labels, prediction: Labels) -> bool:
    """Tell whether an object has two partners of the same IoU, of which HoVer-Net's small constant takes the larger."""
    areas = [np.bincount(image.ravel()).tolist() for image in (truth, prediction)]
    shared = np.unique(np.stack([truth.ravel(), prediction.ravel()]), axis=1, return_counts=True)
    partners = defaultdict(list)
    for i, j, pixels in zip(*shared[0].tolist(), shared[1].tolist(), strict=True):
        if i and j:
            partners[i].append(Fraction(pixels, areas[0][i] + areas[1][j] - pixels))
    return any(found.count(max(found)) > 1 for found in partners.values())


@pytest.mark.parametrize(("program", "metric", "of", "wanted"), WANTED)
def test_speed(
    benchmark: BenchmarkFixture,
    capsys: pytest.CaptureFixture[str],
    peer: Peer,
    program: str,
    metric: str,
    of: tuple[tuple[int, int], int],
    wanted: float,
) -> None:
    small, pair = field((256, 256), 40), field(*of)
    ours(metric, *small, program)
    theirs(peer, program, metric, *small)
    taken: dict[str, list[float]] = {"own": [], "peer": []}
    for _ in range(ROUNDS):
        value, milliseconds = theirs(peer, program, metric, *pair)
        taken["peer"].append(milliseconds)
        for _ in range(5):
            start = perf_counter()
            own = ours(metric, *pair, program)
            taken["own"].append((perf_counter() - start) * 1e3)
        # cellpose gives its score in single precision.
        assert own == pytest.approx(value, abs=1e-6 if program == "cellpose" else 1e-12)
    benchmark.pedantic(ours, args=(metric, *pair, program), rounds=5)
    own, other = median(taken["own"]), median(taken["peer"])
    version = peer.versions["cellpose" if program == "cellpose" else "hover-net"]
    (side, _), objects = of
    with capsys.disabled():
        print(
            f"\n{metric}, {side}², {objects:,} objects; NumPy {peer.versions['numpy']}, "
            f"load of the machine {os.getloadavg()[0]:.1f}\n"
            f"  {program} {version} {other:9.1f} ms   bioimagehub {own:7.1f} ms   {other / own:.0f} times as fast; "
            f"wanted {wanted:.0f}: {'kept' if other / own >= wanted else 'missed'}"
        )
    assert other / own >= wanted


def test_counts_as_cellpose(peer: Peer) -> None:
    """On fields, and on dense images of few labels, where pairs lie exactly on a threshold."""
    rng = np.random.default_rng(1)
    # The frame of 0 is because cellpose takes one label of each image for background.
    dense = [np.pad(rng.integers(0, 6, (2, 6, 6)), ((0, 0), (1, 1), (1, 1))) for _ in range(200)]
    for truth, prediction in [*fields(), *dense]:
        found = peer.ask("cellpose", truth, prediction, TEN)["value"]
        counts = count(truth, prediction, "cellpose")
        for name in ("tp", "fp", "fn"):
            assert getattr(counts, name).tolist() == found[name]
        assert ours("average_precision", truth, prediction, "cellpose") == pytest.approx(
            float(np.mean(found["ap"])), abs=1e-6, nan_ok=True
        )


def test_scores_as_hovernet(peer: Peer) -> None:
    compared = 0
    for pair in fields():
        found = peer.ask("hovernet panoptic_quality", *pair)["value"]
        counts = count(*pair, "hovernet")
        assert (counts.tp[0], counts.fp[0], counts.fn[0]) == (found["tp"], found["fp"], found["fn"])
        # It adds 1e-6 to the number of pairs.
        assert ours("panoptic_quality", *pair, "hovernet") == pytest.approx(found["pq"], rel=2e-6)
        if has_ties(*pair):
            continue
        compared += 1
        for metric in ("aggregated_jaccard", "aggregated_jaccard_plus"):
            value = peer.ask(f"hovernet {metric}", *pair)["value"]
            assert ours(metric, *pair, "hovernet") == pytest.approx(value, abs=1e-12)
    assert compared > 40


NOTHING = np.zeros((4, 4), int)
HALF = np.array([[1, 1, 1, 1, 0]]), np.array([[1, 1, 0, 0, 0]])
TENTHS = np.array([[1] * 10 + [0]]), np.array([[1] * 7 + [0] * 4])
FULL = np.array([[1, 1, 2, 2]])
FAR = np.array([[3, 3, 0, 900, 900, 0]]), np.array([[7, 7, 0, 40, 40, 41]])


def test_known_differences_from_cellpose(peer: Peer) -> None:
    """What the documentation says about it is so; ours is beside it."""
    assert np.isnan(peer.ask("cellpose", NOTHING, NOTHING)["value"]["ap"][0])
    assert np.isnan(ours("average_precision", NOTHING, NOTHING, "cellpose"))
    assert peer.ask("cellpose", *HALF)["value"]["tp"] == [1]
    assert count(*HALF, "cellpose").tp[0] == 1
    written = float(np.arange(0.5, 1, 0.05)[4])
    assert peer.ask("cellpose", *TENTHS, [0.7, written])["value"]["tp"] == [1, 0]
    assert match(contingency(*TENTHS), written).tp == 1
    found = peer.ask("cellpose", FULL, FULL)["value"]
    assert (found["ap"], found["tp"], found["fp"], found["fn"]) == ([np.inf], [2], [-1], [-1])
    assert ours("average_precision", FULL, FULL, "cellpose") == 1
    found = peer.ask("cellpose", *FAR)["value"]
    counts = count(*FAR, "cellpose")
    assert (found["tp"], found["fp"], found["fn"]) == ([2], [1], [0])
    assert (counts.tp[0], counts.fp[0], counts.fn[0]) == (2, 1, 0)


def test_known_differences_from_hovernet(peer: Peer) -> None:
    for metric in ("aggregated_jaccard", "panoptic_quality"):
        assert "error" in peer.ask(f"hovernet {metric}", NOTHING, NOTHING)
        assert np.isnan(ours(metric, NOTHING, NOTHING, "hovernet"))
        assert peer.ask(f"hovernet {metric}", *FAR) == {"error": "IndexError"}
        assert peer.ask(f"hovernet {metric}", FULL, FULL) == {"error": "IndexError"}
    assert ours("aggregated_jaccard", FULL, FULL, "hovernet") == 1
    assert peer.ask("hovernet panoptic_quality", *HALF)["value"]["tp"] == 0
    assert count(*HALF, "hovernet").tp[0] == 0
