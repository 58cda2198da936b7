from __future__ import annotations

import pickle
from typing import Any

import dask
import numpy as np
import pytest

from bioimagehub.catalogs.drivers.lazy import Axis, LazyPixels, label_array
from bioimagehub.catalogs.errors import UnreadableImageError

VALUES = np.arange(4 * 6 * 10).reshape(4, 6, 10)
AXES = (Axis("z", "micrometer", 0.5), Axis("y", "micrometer", 0.1, origin=-1.0), Axis("x", "pixel"))


class Counting:
    """An array that counts how many of its values are read."""

    shape = VALUES.shape
    dtype = VALUES.dtype

    def __init__(self) -> None:
        self.read = 0

    def __getitem__(self, key: Any) -> Any:
        found = VALUES[key]
        self.read += found.size
        return found


class Broken(Counting):
    def __getitem__(self, key: Any) -> Any:
        msg = "checksum does not match"
        raise ValueError(msg)


def test_nothing_is_read_until_it_is_asked_for() -> None:
    source = Counting()
    array = label_array(LazyPixels(source, "a"), AXES, (1, 3, 5))
    assert array.shape == VALUES.shape
    assert source.read == 0
    part = array.isel(z=2, y=slice(1, 3))
    assert source.read == 0
    np.testing.assert_array_equal(part.values, VALUES[2, 1:3])
    assert source.read == 20


def test_selection_by_physical_coordinates() -> None:
    array = label_array(LazyPixels(VALUES, "a"), AXES, (1, 3, 5))
    np.testing.assert_array_equal(array.sel(z=1.0, y=-0.8, method="nearest").values, VALUES[2, 2])
    np.testing.assert_array_equal(array.isel(x=[7, 1], z=[0, 3]).values, VALUES[[0, 3]][:, :, [7, 1]])


def test_coordinates_are_double_with_units() -> None:
    array = label_array(LazyPixels(VALUES, "a"), AXES, (1, 3, 5))
    assert {str(array[dim].dtype) for dim in array.dims} == {"float64"}
    assert array["y"].attrs == {"units": "micrometer", "spacing": 0.1}
    assert array["x"].attrs == {"units": "pixel", "spacing": 1.0}
    np.testing.assert_allclose(array["y"], [-1.0, -0.9, -0.8, -0.7, -0.6, -0.5], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ((), ((1, 1, 1, 1), (3, 3), (5, 5))),
        ({}, ((1, 1, 1, 1), (3, 3), (5, 5))),
        ({"x": 10}, ((1, 1, 1, 1), (3, 3), (10,))),
        ({"z": 2, "y": -1}, ((2, 2), (6,), (5, 5))),
        ("auto", ((4,), (6,), (10,))),
    ],
)
def test_chunks(chunks: Any, expected: tuple[tuple[int, ...], ...]) -> None:
    array = label_array(LazyPixels(VALUES, "a"), AXES, (1, 3, 5), chunks=chunks)
    assert array.chunks == expected
    np.testing.assert_array_equal(array.values, VALUES)


def test_auto_chunks_are_multiples_of_the_stored() -> None:
    with dask.config.set({"array.chunk-size": "4MiB"}):
        array = label_array(LazyPixels(np.zeros((3000, 4000)), "a"), AXES[1:], (256, 256), chunks="auto")
    for sizes in array.chunks:
        assert len(sizes) > 1
        assert all(size % 256 == 0 for size in sizes[:-1])


def test_equal_reads_have_equal_names() -> None:
    """So that Dask computes a chunk once, whoever asks."""
    first, again, other = (label_array(LazyPixels(VALUES, token), AXES, (1, 3, 5), chunks=()) for token in "aab")
    assert first.data.name == again.data.name != other.data.name


def test_lazy_array_can_be_sent_to_another_process() -> None:
    for chunks in (None, ()):
        array = label_array(LazyPixels(VALUES, "a"), AXES, (1, 3, 5), chunks=chunks)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(array)).values, VALUES)  # noqa: S301


def test_channels_are_named_or_counted() -> None:
    axes = (Axis("c", ""), *AXES[1:])
    named = label_array(LazyPixels(VALUES, "a"), axes, (1, 3, 5), channels=("a", "b", "c", "d"))
    np.testing.assert_array_equal(named.sel(c="c").values, VALUES[2])
    counted = label_array(LazyPixels(VALUES, "a"), axes, (1, 3, 5))
    np.testing.assert_array_equal(counted.sel(c=2).values, VALUES[2])


def test_pixels_that_cannot_be_read_are_told() -> None:
    array = label_array(LazyPixels(Broken(), "image/0"), AXES, (1, 3, 5))
    with pytest.raises(UnreadableImageError, match=r"image/0 cannot be read: checksum.*Fetch the image anew"):
        array.load()
