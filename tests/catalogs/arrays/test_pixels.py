from __future__ import annotations

import itertools
import os
import pickle
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.arrays.pace import useful
from bioimagehub.catalogs.arrays.pixels import ChunkedPixels, IndexedPixels, Part, StackedPixels
from bioimagehub.catalogs.errors import MissingFileError
from bioimagehub.catalogs.reader import Place, installed_reader, open_place
from catalogs.arrays.test_selection import cases, expect
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


class OneFile(ChunkedPixels):
    """Chunks of an array one behind another in a file, each in the order of its numbers; some are left out."""

    def __init__(self, place: Place, shape: tuple[int, ...], grid: tuple[int, ...], gap: int = 0) -> None:
        self.place, self.shape, self.dtype, self.grid, self.chunks = place, shape, np.dtype("i4"), grid, grid
        self.token, self.near, self.fill = place.url, place.near, -1
        counts = [-(-size // chunk) for size, chunk in zip(shape, grid, strict=True)]
        self.numbers = {index: number for number, index in enumerate(itertools.product(*map(range, counts)))}
        self.left_out: set[tuple[int, ...]] = set()
        self.each = int(np.prod(grid)) * 4 + gap

    def locate(self, index: tuple[int, ...]) -> Part | None:
        if index in self.left_out:
            return None
        return Part(self.place, self.numbers[index] * self.each, int(np.prod(self.grid)) * 4)

    def decode(self, data: memoryview, index: tuple[int, ...]) -> NDArray[Any]:
        return np.frombuffer(data, self.dtype).reshape(self.grid)

    def write(self, values: NDArray[Any], file: Path) -> None:
        with file.open("wb") as opened:
            for index in self.numbers:
                chunk = np.full(self.grid, 99, "i4")
                part = values[tuple(slice(n * g, (n + 1) * g) for n, g in zip(index, self.grid, strict=True))]
                chunk[tuple(map(slice, part.shape))] = part
                opened.write(chunk.tobytes())
                opened.write(bytes(self.each - chunk.nbytes))


@settings(deadline=None, max_examples=150)
@given(case=cases(), gap=st.sampled_from([0, 4, 100_000]))
def test_chunks_give_what_numpy_gives(tmp_path_factory: pytest.TempPathFactory, case: Any, gap: int) -> None:
    shape, key, grid = case
    file = tmp_path_factory.getbasetemp() / "chunks.bin"
    file.unlink(missing_ok=True)  # another version: nothing of the last example may be found in it
    values = np.arange(np.prod(shape), dtype="i4").reshape(shape)
    pixels = OneFile(Place(str(file)), shape, grid, gap)
    pixels.write(values, file)
    np.testing.assert_array_equal(pixels[key], expect(values, key))
    pixels.left_out = {index for index in pixels.numbers if sum(index) % 2}
    for index in pixels.left_out:
        values[tuple(slice(n * g, (n + 1) * g) for n, g in zip(index, grid, strict=True))] = -1
    np.testing.assert_array_equal(pixels[key], expect(values, key))


def test_ellipsis_and_axes_left_out(tmp_path: Path) -> None:
    values = np.arange(60, dtype="i4").reshape(3, 4, 5)
    pixels = OneFile(Place(str(tmp_path / "a")), values.shape, (1, 2, 5))
    pixels.write(values, tmp_path / "a")
    np.testing.assert_array_equal(pixels[..., 2], values[..., 2])
    np.testing.assert_array_equal(pixels[1, ..., ::2], values[1, ..., ::2])
    np.testing.assert_array_equal(pixels[-1], values[-1])
    np.testing.assert_array_equal(pixels[...], values)


def test_neighbours_go_by_one_request(tmp_path: Path) -> None:
    values = np.arange(64 * 64, dtype="i4").reshape(64, 64)
    with StoreServer(tmp_path) as server:
        place = Place(f"{server.url}/a")
        pixels = OneFile(place, values.shape, (8, 64))
        pixels.write(values, tmp_path / "a")
        foreseen = pixels.foresee((slice(0, 64, 1), slice(0, 64, 1)))
        assert (foreseen.requests, foreseen.bytes, foreseen.exact) == (1, values.nbytes, True)
        np.testing.assert_array_equal(pixels[...], values)
        assert (server.count, server.bytes) == (1, values.nbytes)


def test_chunks_far_apart_go_by_requests_of_their_own(tmp_path: Path) -> None:
    values = np.arange(64 * 64, dtype="i4").reshape(64, 64)
    with StoreServer(tmp_path) as server:
        pixels = OneFile(Place(f"{server.url}/a"), values.shape, (8, 64), gap=100_000)
        pixels.write(values, tmp_path / "a")
        assert pixels.foresee((slice(0, 64, 1), slice(0, 64, 1))).requests == 8
        np.testing.assert_array_equal(pixels[...], values)
        assert (server.count, server.bytes) == (8, values.nbytes)


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="none"):
        OneFile(Place(str(tmp_path / "none")), (4, 4), (2, 2))[...]


class Opener:
    """Opens one array after another out of one in memory; can be pickled."""

    def __init__(self, values: NDArray[Any], absent: frozenset[tuple[int, ...]] = frozenset()) -> None:
        self.values, self.absent = values, absent

    def __call__(self, position: tuple[int, ...]) -> Any:
        return None if position in self.absent else in_memory(self.values[position])


class Held:
    """An array in memory as a library's file that is opened for each read."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values

    def __call__(self) -> Held:
        return self

    def __enter__(self) -> NDArray[Any]:
        return self.values

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


def in_memory(values: NDArray[Any]) -> IndexedPixels:
    return IndexedPixels(Held(values), values.shape, values.dtype, values.shape, "held", near=True)


@given(case=cases())
def test_library_arrays_give_what_numpy_gives(case: Any) -> None:
    shape, key, _ = case
    values = np.arange(np.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(in_memory(values)[key], expect(values, key))


@settings(deadline=None)
@given(case=cases(), depth=st.integers(1, 3))
def test_stacks_give_what_numpy_gives(case: Any, depth: int) -> None:
    shape, key, _ = case
    depth = min(depth, len(shape))
    values = np.arange(np.prod(shape)).reshape(shape)
    inner = values[(0,) * depth].shape if 0 not in shape[:depth] else shape[depth:]
    stack = StackedPixels(shape[:depth], Opener(values), inner, values.dtype, inner, "stack", near=True)
    stack = pickle.loads(pickle.dumps(stack))  # noqa: S301 - our own
    np.testing.assert_array_equal(stack[key], expect(values, key))


def test_absent_arrays_of_a_stack_are_filled() -> None:
    values = np.arange(24).reshape(4, 2, 3)
    stack = StackedPixels(
        (4,), Opener(values, frozenset({(1,), (3,)})), (2, 3), values.dtype, (2, 3), "s", near=True, fill=-5
    )
    expected = values.copy()
    expected[[1, 3]] = -5
    np.testing.assert_array_equal(stack[...], expected)
    np.testing.assert_array_equal(stack[[3, 0, 3], 1], expected[[3, 0, 3], 1])


def test_arrays_of_a_stack_are_opened_when_they_are_wanted() -> None:
    values = np.arange(24).reshape(4, 2, 3)
    opened = []
    opener = Opener(values)

    def counting(position: tuple[int, ...]) -> Any:
        opened.append(position)
        return opener(position)

    stack = StackedPixels((4,), counting, (2, 3), values.dtype, (2, 3), "s", near=True)
    assert not opened
    np.testing.assert_array_equal(stack[1:3, 0], values[1:3, 0])
    assert sorted(opened) == [(1,), (2,)]


def test_threads_read_one_array(tmp_path: Path) -> None:
    values = np.arange(10_000, dtype="i4").reshape(100, 100)
    pixels = OneFile(Place(str(tmp_path / "a")), values.shape, (10, 100))
    pixels.write(values, tmp_path / "a")
    wrong: list[int] = []

    def read(seed: int) -> None:
        chance = np.random.default_rng(seed)
        for _ in range(20):
            rows = chance.integers(0, 100, 7)
            if not np.array_equal(pixels[rows, ::3], values[rows, ::3]):
                wrong.append(seed)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not wrong


@pytest.mark.parametrize(("delay", "few"), [(0.0, True), (0.05, False)])
def test_few_jobs_run_at_a_store_that_answers_at_once(tmp_path: Path, delay: float, few: bool) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "file").write_bytes(bytes(100))
    installed_reader.cache_clear()
    assert useful() == installed_reader().settings.connections
    with StoreServer(tmp_path / "served", delay=delay) as store:
        for _ in range(20):
            open_place(f"{store.url}/file").read(0, 10)
    reader = installed_reader()
    assert reader.latency >= delay
    # On a machine that is busy, a store that is near may seem far: then more jobs run, which is no error.
    assert useful() == (3 * (os.cpu_count() or 1) if reader.latency < 0.004 else reader.settings.connections)
    assert few or useful() == reader.settings.connections
