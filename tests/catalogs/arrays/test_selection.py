from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.arrays.selection import length, lengths, mesh, normalise, split, take


@st.composite
def indices(draw: st.DrawFn, size: int) -> Any:
    """An index along an axis, as xarray hands it on: an int, a slice, or positions in any order, with repeats."""
    kinds = [st.slices(size)]
    if size:
        one = st.integers(-size, size - 1)
        kinds += [one, st.lists(one, max_size=6).map(lambda found: np.array(found, dtype=np.intp))]
    return draw(st.one_of(kinds))


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[Any, ...], tuple[int, ...]]:
    """A shape, an index for each axis, and the shape of chunks."""
    shape = tuple(draw(st.lists(st.integers(0, 9), min_size=1, max_size=3)))
    key = tuple(draw(indices(size)) for size in shape)
    return shape, key, tuple(draw(st.integers(1, 10)) for _ in shape)


def expect(array: np.ndarray[Any, Any], key: tuple[Any, ...]) -> np.ndarray[Any, Any]:
    """Index each axis for itself, with NumPy alone."""
    for axis in reversed(range(len(key))):
        array = np.take(array, np.arange(array.shape[axis])[key[axis]], axis=axis)
    return array


@given(case=cases())
def test_selection_gives_what_the_index_gives(case: tuple[Any, ...]) -> None:
    shape, key, _ = case
    values = np.arange(np.prod(shape)).reshape(shape)
    selection, finish = normalise(key, shape)
    taken = take(values, selection)
    assert taken.shape == lengths(selection)
    np.testing.assert_array_equal(taken[finish], expect(values, key))


@given(case=cases())
def test_slices_of_a_selection_go_up(case: tuple[Any, ...]) -> None:
    selection, _ = normalise(case[1], case[0])
    for picked in selection:
        if isinstance(picked, slice):
            assert 0 <= picked.start <= picked.stop
            assert picked.step > 0
        else:
            assert picked.dtype == np.intp
            assert (picked >= 0).all()


@given(case=cases())
def test_chunks_together_hold_the_selection(case: tuple[Any, ...]) -> None:
    shape, key, chunks = case
    for size, one, chunk in zip(shape, key, chunks, strict=True):
        (picked,), _ = normalise((one,), (size,))
        values = np.arange(size)
        out = np.full(length(picked), -1)
        numbers = []
        for number, within, to in split(picked, chunk):
            numbers.append(number)
            part = values[number * chunk : (number + 1) * chunk]
            assert length(within) == length(to) > 0
            assert (out[mesh((to,))] == -1).all()
            out[mesh((to,))] = take(part, (within,))
        assert numbers == sorted(set(numbers))
        np.testing.assert_array_equal(out, take(values, (picked,)))


@pytest.mark.parametrize("position", [5, -6, [0, 5], [-6]])
def test_positions_outside_are_refused(position: Any) -> None:
    with pytest.raises(IndexError, match=r"out of bounds for axis 1 with size 5"):
        normalise((slice(None), position), (3, 5))


def test_slices_take_views() -> None:
    values = np.arange(20).reshape(4, 5)
    selection, _ = normalise((slice(1, 3), slice(None)), values.shape)
    assert np.shares_memory(take(values, selection), values)
