from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import dask
import numpy as np
import pytest

from bioimagehub.catalogs.arrays.labelled import BLOCK, Axis, block_shape, label_array
from bioimagehub.catalogs.arrays.pixels import Pixels
from bioimagehub.catalogs.arrays.selection import take
from bioimagehub.catalogs.errors import UnknownAxisError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.selection import Selection
    from bioimagehub.catalogs.arrays.work import Job

VALUES = np.arange(4 * 6 * 10).reshape(4, 6, 10)
AXES = (Axis("z", "micrometer", 0.5), Axis("y", "micrometer", 0.1, origin=-1.0), Axis("x", "pixel"))


class Counting(Pixels):
    """An array in memory that counts how many of its values are read."""

    def __init__(self, values: NDArray[Any] = VALUES, token: str = "a", chunks: tuple[int, ...] = (1, 3, 5)) -> None:  # noqa: S107
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.chunks, self.token, self.near = chunks, token, True
        self.count = 0

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        def job() -> None:
            out[...] = take(self.values, selection)
            self.count += out.size

        yield job


class Wide(Pixels):
    """An array that has a shape and is never read."""

    def __init__(self, shape: tuple[int, ...], chunks: tuple[int, ...], dtype: str) -> None:
        self.shape, self.chunks, self.dtype, self.token, self.near = shape, chunks, np.dtype(dtype), "wide", True

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        raise NotImplementedError


def test_nothing_is_read_until_it_is_asked_for() -> None:
    source = Counting()
    array = label_array(source, AXES)
    assert array.shape == VALUES.shape
    part = array.isel(z=2, y=slice(1, 3))
    assert source.count == 0
    np.testing.assert_array_equal(part.values, VALUES[2, 1:3])
    assert source.count == 20


def test_selection_by_physical_coordinates() -> None:
    array = label_array(Counting(), AXES)
    np.testing.assert_array_equal(array.sel(z=1.0, y=-0.8, method="nearest").values, VALUES[2, 2])
    np.testing.assert_array_equal(array.isel(x=[7, 1], z=[0, 3]).values, VALUES[[0, 3]][:, :, [7, 1]])


def test_positions_are_read_alone() -> None:
    """Not the box around them."""
    source = Counting()
    picked = label_array(source, AXES).isel(x=[9, 0], z=[0, 3])
    np.testing.assert_array_equal(picked.values, VALUES[[0, 3]][:, :, [9, 0]])
    assert source.count == 24


def test_coordinates_are_double_with_units() -> None:
    array = label_array(Counting(), AXES)
    assert {str(array[dim].dtype) for dim in array.dims} == {"float64"}
    assert array["y"].attrs == {"units": "micrometer", "spacing": 0.1}
    assert array["x"].attrs == {"units": "pixel", "spacing": 1.0}
    np.testing.assert_allclose(array["y"], [-1.0, -0.9, -0.8, -0.7, -0.6, -0.5], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ((), ((4,), (6,), (10,))),
        ("auto", ((4,), (6,), (10,))),
        ({}, ((4,), (6,), (10,))),
        ({"x": 4}, ((4,), (6,), (4, 4, 2))),
        ({"z": 2, "y": -1}, ((2, 2), (6,), (10,))),
    ],
)
def test_chunks(chunks: Any, expected: tuple[tuple[int, ...], ...]) -> None:
    array = label_array(Counting(), AXES, chunks=chunks)
    assert array.chunks == expected
    np.testing.assert_array_equal(array.values, VALUES)


def test_chunks_along_an_axis_that_is_not_there() -> None:
    with pytest.raises(UnknownAxisError, match=r"axes c, t, which the image does not have: its axes are z, y, x"):
        label_array(Counting(), AXES, chunks={"t": 1, "c": 1})


@pytest.mark.parametrize(
    ("shape", "chunks", "expected"),
    [
        ((1, 3, 16, 2048, 2048), (1, 1, 1, 512, 512), (1, 1, 8, 2048, 2048)),
        ((1, 3, 16, 2048, 2048), (1, 1, 1, 2048, 2048), (1, 1, 8, 2048, 2048)),
        ((100_000, 100_000), (256, 256), (256, 100_000)),
        ((100_000, 1_000_000), (256, 256), (256, 131_072)),
        ((4, 40_000, 40_000), (1, 40_000, 40_000), (1, 40_000, 40_000)),
        ((0, 5), (3, 5), (0, 5)),
        ((), (), ()),
    ],
)
def test_blocks_are_whole_chunks_side_by_side(
    shape: tuple[int, ...], chunks: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    block = block_shape(Wide(shape, chunks, "u2"))
    assert block == expected
    assert all(size % chunk == 0 or size == whole for size, chunk, whole in zip(block, chunks, shape, strict=True))
    assert np.prod(block, dtype=float) * 2 <= max(BLOCK, np.prod(chunks, dtype=float) * 2)


def test_equal_reads_have_equal_names() -> None:
    """So that Dask computes a block once, whoever asks."""
    first, again, other = (label_array(Counting(token=token), AXES, chunks=()) for token in "aab")
    assert first.data.name == again.data.name != other.data.name


def test_dask_reads_no_more_than_is_wanted() -> None:
    """The index goes into the read, though the block is larger."""
    source = Counting()
    array = label_array(source, AXES, chunks=())
    with dask.config.set(scheduler="synchronous"):
        np.testing.assert_array_equal(array[1, 2:4].values, VALUES[1, 2:4])
    assert source.count == 20


def test_lazy_array_can_be_sent_to_another_process() -> None:
    for chunks in (None, ()):
        array = label_array(Counting(), AXES, chunks=chunks)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(array)).values, VALUES)  # noqa: S301 - our own


def test_channels_are_named_or_counted() -> None:
    axes = (Axis("c", ""), *AXES[1:])
    named = label_array(Counting(), axes, channels=("a", "b", "c", "d"))
    np.testing.assert_array_equal(named.sel(c="c").values, VALUES[2])
    counted = label_array(Counting(), axes)
    np.testing.assert_array_equal(counted.sel(c=2).values, VALUES[2])


def test_names_along_other_axes() -> None:
    axes = (Axis("well", ""), *AXES[1:])
    array = label_array(Counting(), axes, names={"well": ["A1", "A2", "B1", "B2"]})
    np.testing.assert_array_equal(array.sel(well="B1").values, VALUES[2])


def test_what_is_worth_a_read_is_told() -> None:
    assert label_array(Counting(), AXES).encoding["preferred_chunks"] == {"z": 1, "y": 3, "x": 5}
