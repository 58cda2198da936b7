"""Measures of the Cell Tracking Challenge, from TIFF files to scores: the same numbers, and how much sooner.

Both reference implementations score the same folders in the same process, in turns with ours. What is compiled
is compiled before. py-ctcmetrics computes all metrics, as we do; traccuracy AOGM, TRA, DET, LNK and CHOTA.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import pytest

from bioimagehub.challenges.metrics.tracks import METRICS
from bioimagehub.challenges.tracks import Conventions, TrackCounts, measure, open_ctc_folder
from challenges.tracks.movies import Field, make_movie
from challenges.tracks.peers import py_ctcmetrics, traccuracy, write_both

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

Found = TypeVar("Found")

FRAMES = 50
# 1022 by 1022 pixels, 65 cells that become some 200.
WIDE = Field(cell=73, columns=14, events=0.25)
# How many times as fast we have to be.
WANTED = {"py-ctcmetrics": 40, "traccuracy": 6}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_both(tmp_path_factory.mktemp("tracks"), *make_movie(0, FRAMES, errors=0.4, field=WIDE))


def ours(folder: Path, conventions: Conventions) -> TrackCounts:
    return measure(open_ctc_folder(folder / "01_GT"), open_ctc_folder(folder / "01_RES"), conventions=conventions)


def timed(work: Callable[..., Found], *given: object) -> tuple[Found, float]:
    start = perf_counter()
    found = work(*given)
    return found, perf_counter() - start


PEERS = {
    "py-ctcmetrics": (py_ctcmetrics, Conventions.as_in("ctc"), 1),
    "traccuracy": (traccuracy, Conventions.as_in("traccuracy"), 3),
}


@pytest.mark.parametrize("peer", PEERS)
def test_tracks(benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str], folder: Path, peer: str) -> None:
    theirs, conventions, rounds = PEERS[peer]
    counts = ours(folder, conventions)
    found = {name: metric.score(counts) for name, metric in METRICS.items()} | counts.as_dict()
    own, other = [], []
    for _ in range(rounds):
        scores, seconds = timed(theirs, folder)
        other.append(seconds)
        own.extend(timed(ours, folder, conventions)[1] for _ in range(5))
        assert scores == pytest.approx({name: found[name] for name in scores}, abs=1e-9, rel=0, nan_ok=True)
    benchmark.pedantic(ours, args=(folder, conventions), rounds=5)
    ratio = median(other) / median(own)
    kept = "kept" if ratio >= WANTED[peer] else "missed"
    benchmark.extra_info.update(peer_ms=median(other) * 1e3, ours_ms=median(own) * 1e3, ratio=ratio)
    with capsys.disabled():
        print(
            f"\ntracks, {FRAMES} frames from TIFF: {counts.nodes:,} objects, {counts.tracks} tracks, "
            f"TRA {found['tra']:.5f}\n"
            f"  {peer} {median(other) * 1e3:9.1f} ms   bioimagehub {median(own) * 1e3:7.1f} ms   "
            f"{ratio:.0f} times as fast, same numbers; wanted {WANTED[peer]}: {kept}"
        )
    assert ratio >= WANTED[peer]
