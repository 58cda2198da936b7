from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.arrays.pixels import GAP, LARGEST
from bioimagehub.catalogs.arrays.raw import RawPixels, dense_strides
from bioimagehub.catalogs.arrays.selection import normalise
from bioimagehub.catalogs.errors import TruncatedFileError
from bioimagehub.catalogs.reader import Place

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


class Halved:
    """Samples divided by two."""

    def __call__(self, samples: NDArray[Any]) -> NDArray[Any]:
        return samples.astype("f8") / 2

    def __repr__(self) -> str:
        return "Halved()"


class CountingPlace(Place):
    """A place that keeps what is asked of it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: list[tuple[int, int]] = []

    def read(self, start: int | None = None, length: int | None = None) -> memoryview:
        assert start is not None
        assert length is not None
        self.asked.append((start, length))
        return super().read(start, length)


def write(file: Path, values: NDArray[Any], offset: int = 0, order: tuple[int, ...] | None = None) -> CountingPlace:
    """Write an array with its axes in the given order, the slowest first."""
    laid = values if order is None else values.transpose(order)
    file.write_bytes(b"\xff" * offset + laid.tobytes())
    return CountingPlace(str(file))


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], str, int, tuple[Any, ...]]:
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    order = tuple(draw(st.permutations(range(len(shape)))))
    dtype = draw(st.sampled_from(["<u2", ">u2", ">f4", "<f2", "i1", "?", ">c8", "<f8"]))
    keys = tuple(
        draw(
            st.one_of(
                st.integers(-size, size - 1),
                st.slices(size),
                st.lists(st.integers(0, size - 1), max_size=5).map(lambda found: np.array(found, dtype=np.intp)),
            )
        )
        for size in shape
    )
    return shape, order, dtype, draw(st.integers(0, 9)), keys


@given(case=cases())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_order_type_and_index_is_that_of_numpy(tmp_path: Path, case: Any) -> None:
    shape, order, dtype, offset, keys = case
    values = np.random.default_rng(3).integers(0, 200, shape).astype(dtype)
    place = write(tmp_path / "raw", values, offset, order)
    pixels = RawPixels(place, offset, shape, dtype, strides=dense_strides(shape, values.dtype, order))
    expected = values
    for axis in reversed(range(len(shape))):
        expected = np.take(expected, np.arange(shape[axis])[keys[axis]], axis=axis)
    found = pixels[keys]
    assert found.dtype == values.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, expected)
    assert pixels.end == offset + values.nbytes
    foreseen = pixels.foresee(normalise(keys, shape)[0])
    assert (foreseen.requests, foreseen.bytes) == (len(place.asked), sum(length for _, length in place.asked))


def test_what_large_reads_will_take_is_foreseen(tmp_path: Path) -> None:
    values = np.arange(5 * 40 * 30_000, dtype=np.uint16).reshape(5, 40, -1)
    place = write(tmp_path / "raw", values)
    pixels = RawPixels(place, 0, values.shape, "<u2")
    keys: tuple[Any, ...] = (slice(None, None, 2), np.array([3, 39, 4, 3]), slice(10, 25_000))
    pixels[keys]
    foreseen = pixels.foresee(normalise(keys, values.shape)[0])
    assert (foreseen.requests, foreseen.bytes) == (len(place.asked), sum(length for _, length in place.asked))
    assert foreseen.requests == 6


def test_plane_and_tile_are_one_request_of_what_is_wanted(tmp_path: Path) -> None:
    values = np.random.default_rng(1).random((12, 300, 400), dtype=np.float32)
    place = write(tmp_path / "raw", values, 1024)
    pixels = RawPixels(place, 1024, values.shape, "<f4")
    np.testing.assert_array_equal(pixels[5], values[5])
    assert place.asked == [(1024 + 5 * 480_000, 480_000)]
    place.asked.clear()
    np.testing.assert_array_equal(pixels[3, 100:228, 40:168], values[3, 100:228, 40:168])
    (asked,) = place.asked
    assert asked == (1024 + 4 * (3 * 120_000 + 100 * 400 + 40), 4 * (127 * 400 + 128))


def test_samples_far_apart_are_requests_of_their_own(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 9, (10, 50, 8000), dtype=np.uint16)
    place = write(tmp_path / "raw", values)
    pixels = RawPixels(place, 0, values.shape, "<u2")
    np.testing.assert_array_equal(pixels[:, 7], values[:, 7])
    assert sorted(place.asked) == [(2 * 8000 * (50 * z + 7), 16_000) for z in range(10)]
    place.asked.clear()
    np.testing.assert_array_equal(pixels[[8, 0, 9, 8], 49], values[[8, 0, 9, 8], 49])
    assert len(place.asked) == 3


def test_large_reads_are_divided(tmp_path: Path) -> None:
    values = np.arange(192 * 24576, dtype=np.uint32).reshape(192, -1)
    place = write(tmp_path / "raw", values)
    np.testing.assert_array_equal(RawPixels(place, 0, values.shape, "<u4")[...], values)
    assert [length for _, length in place.asked] == [values.nbytes // 3] * 3
    assert max(length for _, length in place.asked) <= LARGEST


def test_small_gaps_are_read_over_and_large_ones_are_not(tmp_path: Path) -> None:
    values = np.arange(8 * 10_000, dtype=np.uint32).reshape(8, -1)
    place = write(tmp_path / "raw", values)
    pixels = RawPixels(place, 0, values.shape, "<u4")
    assert values.strides[0] < GAP < 2 * values.strides[0]
    for key, requests in (((slice(2), slice(5)), 1), ((slice(0, 8, 4), slice(5)), 2), (([0, 7, 1, 0], slice(9)), 2)):
        place.asked.clear()
        np.testing.assert_array_equal(pixels[key], values[key])
        assert len(place.asked) == requests


def test_chunks_are_whole_rows_as_they_lie_in_the_file(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "raw"))
    assert RawPixels(place, 0, (9, 400, 400), "<f4").chunks == (1, 400, 400)
    assert RawPixels(place, 0, (2, 4096, 4096), "<f4").chunks == (1, 64, 4096)
    interleaved = dense_strides((3, 512, 512), np.dtype("u1"), (1, 2, 0))
    assert RawPixels(place, 0, (3, 512, 512), "u1", strides=interleaved).chunks == (3, 512, 512)


def test_samples_are_converted(tmp_path: Path) -> None:
    values = np.arange(24, dtype=">i2").reshape(4, 6)
    place = write(tmp_path / "raw", values)
    pixels = RawPixels(place, 0, (4, 6), ">i2", convert=Halved(), dtype_converted="f8")
    assert pixels.dtype == np.float64
    np.testing.assert_array_equal(pixels[1:3, ::2], values[1:3, ::2] / 2)
    assert pixels.token != RawPixels(place, 0, (4, 6), ">i2").token


def test_short_file_is_told(tmp_path: Path) -> None:
    place = write(tmp_path / "raw", np.zeros((4, 6), "u1"))
    with pytest.raises(TruncatedFileError, match=r"raw"):
        RawPixels(place, 0, (5, 6), "u1")[...]


def test_pickled_pixels_are_the_same(tmp_path: Path) -> None:
    values = np.arange(24, dtype="<i4").reshape(4, 6)
    write(tmp_path / "raw", values)
    pixels = RawPixels(Place(str(tmp_path / "raw")), 0, (4, 6), "<i4")
    again = pickle.loads(pickle.dumps(pixels))  # noqa: S301
    assert again.token == pixels.token
    np.testing.assert_array_equal(again[...], values)
