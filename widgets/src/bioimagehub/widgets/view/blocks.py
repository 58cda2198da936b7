"""A level of an image in blocks: what is asked for is put together from those that are in memory, or read."""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import TooLargeError
from bioimagehub.widgets.view.results import find_results

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from bioimagehub.widgets.view.reads import Reads
    from bioimagehub.widgets.view.recent import Recent

LARGEST = 16 * 2**20
"""Bytes of a block that is read and kept as a whole."""

MOST = 2**30
"""Bytes that are read for one answer."""

_LEAST = 256
"""Samples along y and x that are worth a read."""

_Piece = tuple[int, "NDArray[np.intp]", "NDArray[np.intp]"]
"""Number of a block along an axis, where the samples lie in it, and where they go."""


class Blocks:
    """An array that is read in blocks, which are kept.

    Parameters
    ----------
    array : DataArray
        Lazy, or in memory.
    reads : Reads
    recent : Recent
    key : tuple
        What tells this array from all others in `recent`.
    """

    def __init__(self, array: xr.DataArray, reads: Reads, recent: Recent, key: tuple[Any, ...]) -> None:
        self._variable = array.variable
        self._reads, self._recent, self._key = reads, recent, key
        self.dims = tuple(map(str, array.dims))
        self.shape, self.dtype = array.shape, array.dtype
        self.in_memory = isinstance(array.variable._data, np.ndarray)
        self.results = find_results(array)
        self._edges = _find_edges(array)

    def take(self, index: Mapping[str, int | NDArray[np.intp]], stop: threading.Event) -> NDArray[Any]:
        """Give samples, each axis for itself.

        Parameters
        ----------
        index : mapping of axis to int or ascending array of int
            An axis that is an int is left out of the result; axes that the array does not have are ignored, and those
            that are not named are taken at 0.
        stop : threading.Event
            Set when nobody wants them any more.

        Samples of blocks that are still being computed are 0, or NaN.

        Raises
        ------
        TakenBackError
            If nobody does.
        TooLargeError
            If far too much would have to be read.
        """
        picked = [np.atleast_1d(np.asarray(index.get(axis, 0), np.intp)) for axis in self.dims]
        dropped = tuple(n for n, axis in enumerate(self.dims) if np.ndim(index.get(axis, 0)) == 0)
        if self.in_memory:
            found: NDArray[Any] = self._variable.values[np.ix_(*picked)]
            return found.squeeze(dropped)
        out = np.zeros([len(each) for each in picked], self.dtype)
        pieces = [list(_split(each, edges)) for each, edges in zip(picked, self._edges, strict=True)]
        count = math.prod(map(len, pieces))
        if count * self.block_bytes > MOST and count > 64:
            msg = (
                f"{count * self.block_bytes / 2**30:.1f} GiB would have to be read for this part of the image. At most "
                f"{MOST / 2**30:.0f} GiB are: it has no coarser levels. Zoom in, or build a pyramid of it."
            )
            raise TooLargeError(msg)
        waiting = list(itertools.product(*pieces))
        # In groups, so that the blocks of a large region are not all in memory at once.
        together = max(1, min(64, 64 * 2**20 // max(1, self.block_bytes)))
        for start in range(0, len(waiting), together):
            self._put(waiting[start : start + together], out, stop)
        return out.squeeze(dropped)

    @property
    def block_bytes(self) -> int:
        """Bytes of a block, at most."""
        return math.prod(int(np.diff(edges).max()) for edges in self._edges) * self.dtype.itemsize

    def count(self, index: Mapping[str, int | NDArray[np.intp]]) -> int:
        """Tell how many bytes `take` would have to read, if nothing is in memory."""
        if self.in_memory:
            return 0
        blocks = 1
        for axis, edges in zip(self.dims, self._edges, strict=True):
            picked = np.atleast_1d(np.asarray(index.get(axis, 0), np.intp))
            blocks *= len(np.unique(np.searchsorted(edges, picked, "right")))
        return blocks * self.block_bytes

    def _put(self, pieces: Sequence[tuple[_Piece, ...]], out: NDArray[Any], stop: threading.Event) -> None:
        found: dict[Hashable, NDArray[Any] | None] = {}
        loads: dict[Hashable, Callable[[], NDArray[Any]]] = {}
        for steps in pieces:
            number = tuple(step[0] for step in steps)
            key = (*self._key, number)
            block = self._recent.get(key)
            if block is None and self.results is not None and not self.results.is_done(number):
                found[key] = None
            elif block is None:
                loads[key] = partial(self._load, number, key)
            else:
                found[key] = block
        if loads:
            found |= self._reads.read(loads, stop, self.block_bytes)
        for steps in pieces:
            block = found[(*self._key, tuple(step[0] for step in steps))]
            to = np.ix_(*(step[2] for step in steps))
            if block is None:
                out[to] = np.nan if self.dtype.kind == "f" else 0
            else:
                out[to] = block[np.ix_(*(step[1] for step in steps))]

    def _load(self, number: tuple[int, ...], key: tuple[Any, ...]) -> NDArray[Any]:
        # Another question may have read it since this one was put.
        kept = self._recent.get(key)
        if kept is not None:
            return kept
        region = tuple(slice(int(edges[n]), int(edges[n + 1])) for n, edges in zip(number, self._edges, strict=True))
        found = np.asarray(self._variable[region].values)
        self._recent.put(key, found)
        return found


def _split(picked: NDArray[np.intp], edges: NDArray[np.intp]) -> Iterator[_Piece]:
    numbers = np.searchsorted(edges, picked, "right") - 1
    for number in np.unique(numbers):
        to = np.flatnonzero(numbers == number)
        yield int(number), picked[to] - edges[number], to


def _find_edges(array: xr.DataArray) -> list[NDArray[np.intp]]:
    """Tell where blocks begin and end along each axis: as the array is stored, if that is worth a read."""
    chunks = array.variable.chunks
    if chunks is not None:
        # A Dask block is computed as a whole.
        return [np.concatenate([[0], np.cumsum(each)]).astype(np.intp) for each in chunks]
    shape = _unit(array)
    for axis, dim in enumerate(array.dims):
        if dim in ("y", "x"):
            shape[axis] *= max(1, -(-_LEAST // shape[axis]))
    for axis in range(len(shape)):
        smallest = _LEAST if array.dims[axis] in ("y", "x") else 1
        while math.prod(shape) * array.dtype.itemsize > LARGEST and shape[axis] > smallest:
            shape[axis] = max(smallest, shape[axis] // 2)
    return [
        np.append(np.arange(0, size, step, dtype=np.intp), size) for size, step in zip(array.shape, shape, strict=True)
    ]


def _unit(array: xr.DataArray) -> list[int]:
    """Give the shape of what is decoded by itself."""
    from bioimagehub.catalogs.arrays.labelled import find_pixels

    found = find_pixels(array)
    if found is not None and len(found[0].shape) == array.ndim:
        pixels = found[0]
        unit = getattr(pixels, "grid", pixels.chunks)
    else:
        told = array.encoding.get("preferred_chunks", {})
        unit = [told.get(dim, 512 if dim in ("y", "x") else 1) for dim in array.dims]
    return [max(1, min(int(step), size)) for step, size in zip(unit, array.shape, strict=True)]
