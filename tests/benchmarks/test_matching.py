"""Matching against the reference implementation, stardist.matching: the same numbers, and how much sooner.

Both score the same label images in the same process, one after the other and in turns. What either compiles is
compiled before; the time of our own compilation is stated apart.
"""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from stardist.matching import matching

from benchmarks.fields import make_field
from bioimagehub.challenges import Conventions, contingency, match
from bioimagehub.challenges.counts import count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

TEN = tuple(float(threshold) for threshold in Conventions().fractions)
# side of the square, objects, rounds of stardist
FIELDS = {"1024² with 500 objects": (1024, 500, 9), "4096² with 8,000 objects": (4096, 8000, 3)}
# How many times as fast we have to be, by objects and thresholds.
WANTED = {(500, 10): 5, (500, 1): 5, (8000, 10): 50, (8000, 1): 25}

Counted = list[tuple[int, int, int]]


def ours(truth: NDArray[np.uint16], prediction: NDArray[np.uint16], thresholds: tuple[float, ...]) -> Counted:
    if thresholds == TEN:
        counts = count(contingency(truth, prediction), Conventions())
        return list(zip(counts.tp.tolist(), counts.fp.tolist(), counts.fn.tolist(), strict=True))
    found = [match(contingency(truth, prediction), threshold) for threshold in thresholds]
    return [(one.tp, one.fp, one.fn) for one in found]


def theirs(truth: NDArray[np.uint16], prediction: NDArray[np.uint16], thresholds: tuple[float, ...]) -> Counted:
    found = matching(truth, prediction, thresh=thresholds)
    return [(one.tp, one.fp, one.fn) for one in found]


def timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


@pytest.mark.parametrize("thresholds", [TEN, (0.5,)], ids=["10 thresholds", "1 threshold"])
@pytest.mark.parametrize("field", FIELDS)
def test_matching(
    benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str], field: str, thresholds: tuple[float, ...]
) -> None:
    side, objects, rounds = FIELDS[field]
    images = make_field((side, side), objects)
    found = ours(*images, thresholds)
    assert theirs(*images, thresholds) == found
    peer, own = [], []
    for _ in range(rounds):
        peer.append(timed(lambda: theirs(*images, thresholds)))
        own.extend(timed(lambda: ours(*images, thresholds)) for _ in range(5))
    benchmark.pedantic(ours, args=(*images, thresholds), rounds=10)
    ratio = median(peer) / median(own)
    benchmark.extra_info.update(stardist_ms=median(peer) * 1e3, ours_ms=median(own) * 1e3, ratio=ratio)
    with capsys.disabled():
        print(
            f"\nmatching, {field}, IoU thresholds: {len(thresholds)}; TP, FP, FN at 0.5: {found[0]}\n"
            f"  stardist.matching {median(peer) * 1e3:9.1f} ms   bioimagehub {median(own) * 1e3:7.1f} ms   "
            f"{ratio:.0f} times as fast, same numbers"
        )
    assert ratio >= WANTED[objects, len(thresholds)]


def test_time_of_compilation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first score of a user's first process, and of each further one, on one pixel."""
    code = """
from time import perf_counter
start = perf_counter()
from bioimagehub.challenges import score_image
imported = perf_counter()
score_image([[1]], [[1]])
print(imported - start, perf_counter() - imported)
"""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    told = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
        told.append([float(word) for word in done.stdout.split()])
    with capsys.disabled():
        print(
            f"\nimport of bioimagehub.challenges {told[1][0]:.2f} s; "
            f"first score, which compiles, {told[0][1]:.2f} s; first score of later processes {told[1][1]:.2f} s"
        )
    assert told[1][1] < told[0][1]
