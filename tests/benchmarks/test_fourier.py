"""Fourier shell correlation of two maps: the same curve as NumPy's, and how much sooner.

All correlate the same two maps in the same process, in turns. What is compiled is compiled before.
"""

from __future__ import annotations

import tracemalloc
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges.fourier import Conventions, measure, sum_shells

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

SIDE = 256
# How many times as fast as NumPy's rfft with bincount we have to be, and the memory beside the two maps we may take.
WANTED = 3
WANTED_MEMORY = 1.5


def make_maps(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two half maps: a cloud of points, blurred, and noise of its own in each."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    signal = np.zeros((side,) * 3, np.float32)
    signal[tuple(rng.integers(side // 4, 3 * side // 4, (3, 4000)))] = 1
    signal = gaussian_filter(signal, 1.2)
    signal /= signal.std()
    first, second = (signal + rng.standard_normal(signal.shape, dtype=np.float32) for _ in range(2))
    return first, second


def ours(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    return measure(first, second, conventions=Conventions(voxel_size=1.0)).correlation[1:]


def with_bincount(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """NumPy's rfftn, and three sums by bincount over half of the spectrum."""
    spectra = [np.fft.rfftn(one) for one in (first, second)]
    side = first.shape[0]
    f, k = np.fft.fftfreq(side, 1 / side), np.arange(side // 2 + 1)
    shell = (np.sqrt(f[:, None, None] ** 2 + f[:, None] ** 2 + k**2) + 0.5).astype(np.int64).ravel()
    weight = np.full(len(k), 2.0)
    weight[[0, -1]] = 1
    products = (
        (spectra[0] * spectra[1].conj()).real,
        np.abs(spectra[0]) ** 2,
        np.abs(spectra[1]) ** 2,
    )
    cross, power1, power2 = (np.bincount(shell, weights=(one * weight).ravel())[1 : side // 2 + 1] for one in products)
    return cross / np.sqrt(power1 * power2)


def with_masks(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """The whole spectrum, and a mask for each shell: as it is often written."""
    spectra = [np.fft.fftn(one) for one in (first, second)]
    side = first.shape[0]
    f = np.fft.fftfreq(side, 1 / side)
    shell = (np.sqrt(f[:, None, None] ** 2 + f[:, None] ** 2 + f**2) + 0.5).astype(np.int64)
    found = []
    for number in range(1, side // 2 + 1):
        a, b = (one[shell == number] for one in spectra)
        found.append((a * b.conj()).real.sum() / np.sqrt((np.abs(a) ** 2).sum() * (np.abs(b) ** 2).sum()))
    return np.array(found)


def timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def test_shell_correlation(benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str]) -> None:
    small = make_maps(32)
    first_call = timed(lambda: ours(*small))
    maps = make_maps(SIDE)
    found = ours(*maps)
    assert with_bincount(*maps) == pytest.approx(found, abs=1e-5)
    assert with_masks(*small) == pytest.approx(ours(*small), abs=1e-5)
    peer, own = [], []
    for _ in range(5):
        peer.append(timed(lambda: with_bincount(*maps)))
        own.extend(timed(lambda: ours(*maps)) for _ in range(3))
    masks = timed(lambda: with_masks(*maps))
    benchmark.pedantic(ours, args=maps, rounds=5)
    ratio = median(peer) / median(own)
    benchmark.extra_info.update(numpy_ms=median(peer) * 1e3, ours_ms=median(own) * 1e3, ratio=ratio)
    kept = "kept" if ratio >= WANTED else "missed"
    with capsys.disabled():
        print(
            f"\nFourier shell correlation of two {SIDE}³ maps of float32, first call {first_call:.2f} s\n"
            f"  NumPy rfftn and bincount {median(peer) * 1e3:7.0f} ms   NumPy fftn and masks {masks * 1e3:7.0f} ms   "
            f"bioimagehub {median(own) * 1e3:6.0f} ms\n"
            f"  {ratio:.1f} times as fast as bincount (wanted: {WANTED}, {kept}), {masks / median(own):.0f} as masks"
        )
    assert ratio >= WANTED


def test_memory(capsys: pytest.CaptureFixture[str]) -> None:
    maps = make_maps(128)
    sum_shells(*maps, (1.0, 1.0, 1.0))
    tracemalloc.start()
    ours(*maps)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    share = peak / sum(one.nbytes for one in maps)
    kept = "kept" if share <= WANTED_MEMORY else "missed"
    with capsys.disabled():
        print(f"\nmemory beside two 128³ maps: {share:.2f} times the two (wanted: {WANTED_MEMORY}, {kept})")
    assert share <= WANTED_MEMORY
