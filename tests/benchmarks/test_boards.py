"""The bootstrap of a board beside the loop that everybody writes, and how long whole boards take."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import rankdata

from bioimagehub.challenges.boards import make_board
from bioimagehub.challenges.statistics import Bootstrap, interval, mean, resample
from challenges.boards.made_results import make_challenge, make_results

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

CASES, ENTRIES, SAMPLES = 100, 20, 1000
WANTED_MS = 10
ROUNDS = 15


def ours(values: NDArray[np.float64]) -> tuple[NDArray[np.float64 | np.int64], ...]:
    samples = Bootstrap(mean(values, resample(CASES, SAMPLES, seed=0)))
    return (*interval(samples.gains), *samples.rank_interval())


def loop(values: NDArray[np.float64]) -> tuple[NDArray[np.float64 | np.int64], ...]:
    rng = np.random.default_rng(0)
    scores = np.empty((SAMPLES, ENTRIES))
    ranks = np.empty((SAMPLES, ENTRIES))
    for sample in range(SAMPLES):
        scores[sample] = values[:, rng.integers(0, CASES, CASES)].mean(1)
        ranks[sample] = rankdata(-scores[sample], method="min")
    ends = (0.025, 0.975)
    return tuple(np.quantile(found, part, axis=0, method="inverted_cdf") for found in (scores, ranks) for part in ends)


def timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def test_bootstrap(benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(1)
    values = rng.random((ENTRIES, CASES)) + np.linspace(0, 0.3, ENTRIES)[:, None]
    first = timed(lambda: ours(values))
    for one, other in zip(ours(values), loop(values), strict=True):
        # The samples are the same: both draw the same numbers in the same order.
        assert np.allclose(one, other)
    turns = [(timed(lambda: ours(values)), timed(lambda: loop(values))) for _ in range(ROUNDS)]
    mine, theirs = (median(side) * 1e3 for side in zip(*turns, strict=True))
    benchmark(ours, values)
    with capsys.disabled():
        print(f"\n{CASES} cases, {ENTRIES} entries, {SAMPLES:,} samples: intervals of scores and ranks")
        print(
            f"  ours {mine:.1f} ms (first call {first * 1e3:.0f} ms), loop {theirs:.0f} ms: {theirs / mine:.0f} times"
        )
        print(f"  wanted: {WANTED_MS} ms at most; {'kept' if mine <= WANTED_MS else 'missed'}")


@pytest.mark.parametrize("aggregate", ["mean", "median", "pooled"])
def test_whole_board(benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str], aggregate: str) -> None:
    challenge = make_challenge(CASES, metrics=f"  - {{metric: panoptic_quality, aggregate: {aggregate}}}\n")
    results = make_results(challenge, {f"entry {at}": 0.4 + 0.02 * at for at in range(ENTRIES)})
    benchmark.pedantic(lambda: make_board(challenge, "final", results), rounds=3, warmup_rounds=1)
    with capsys.disabled():
        print(
            f"\na board of {ENTRIES} entries and {CASES} cases in two strata, {aggregate}, with all tests and tables:"
        )
        print(f"  {benchmark.stats.stats.median:.2f} s")
