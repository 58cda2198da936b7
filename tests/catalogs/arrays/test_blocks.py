"""Blocks come together as Dask itself would put them."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.arrays.blocks import Blocks

VALUES = np.arange(6 * 7 * 8, dtype="u2").reshape(6, 7, 8)
EVERYTHING = slice(None)


def cut(chunks: Any) -> tuple[Blocks, da.Array]:
    plain = da.from_array(VALUES, chunks=chunks)
    return Blocks.of(plain), plain


@settings(deadline=None)
@given(chunks=st.tuples(*(st.integers(1, size) for size in VALUES.shape)))
def test_blocks_come_together(chunks: tuple[int, ...]) -> None:
    ours, plain = cut(chunks)
    whole = ours.compute()
    np.testing.assert_array_equal(whole, VALUES)
    assert (whole.dtype, whole.flags.c_contiguous, whole.flags.writeable) == (VALUES.dtype, True, True)
    assert ours.name == plain.name


@pytest.mark.parametrize(
    "index",
    [
        (1, EVERYTHING, 3),
        (1, 2, 3),
        (slice(0, 0),),
        (EVERYTHING, slice(6, 1, -2)),
        ([3, 0, 5],),
        (None, slice(2, 5), ..., 7),
    ],
)
def test_a_slice_comes_together_in_the_same_way(index: Any) -> None:
    ours, _ = cut((2, 3, 5))
    part = ours[index]
    assert type(part) is Blocks
    np.testing.assert_array_equal(part.compute(), VALUES[index])


def test_what_is_computed_of_it_is_as_dask_computes_it() -> None:
    ours, plain = cut((2, 3, 5))
    total, shifted, both = dask.compute(ours.sum(), ours + 1, da.concatenate([ours, plain]))
    assert total == VALUES.sum()
    np.testing.assert_array_equal(shifted, VALUES + 1)
    np.testing.assert_array_equal(both, np.concatenate([VALUES, VALUES]))
    np.testing.assert_array_equal(ours.persist().compute(), VALUES)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(ours)).compute(), VALUES)  # noqa: S301 - our own


def test_the_result_shares_no_memory_with_a_block() -> None:
    ours, _ = cut(VALUES.shape)
    whole = ours.compute()
    whole[:] = 0
    np.testing.assert_array_equal(ours.compute(), VALUES)


def test_several_threads_put_the_blocks_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many copies wait for each other as there are threads: one thread alone would never go on."""
    together = threading.Barrier(2, timeout=30)
    copy = np.copyto

    def meet(*args: Any) -> None:
        together.wait()
        copy(*args)

    monkeypatch.setattr(np, "copyto", meet)
    ours, _ = cut((3, 7, 8))
    np.testing.assert_array_equal(ours.compute(), VALUES)
