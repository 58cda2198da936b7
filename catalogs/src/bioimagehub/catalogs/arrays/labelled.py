"""From anything that is indexed like an array to a labelled array with physical coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from bioimagehub.catalogs.arrays.pixels import bytes_of
from bioimagehub.catalogs.arrays.selection import normalise
from bioimagehub.catalogs.errors import UnknownAxisError
from bioimagehub.catalogs.naming import ENTRY, naming

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.pixels import Pixels

Chunks = Mapping[str, int] | tuple[()] | str | None

BLOCK = 64 * 2**20
"""Bytes of a block of a Dask array: a task of that size takes far longer to read than to schedule."""


@dataclass(frozen=True)
class Axis:
    """An axis of an image: where its samples lie.

    Attributes
    ----------
    name : str
        One of ``t c z y x``.
    units : str
        ``micrometer``, ``second``, or ``pixel`` and ``frame`` where the source states no distance.
    spacing : float
        Distance between neighbouring samples, in those units.
    origin : float
        Coordinate of the first sample, in those units.
    """

    name: str
    units: str
    spacing: float = 1.0
    origin: float = 0.0

    def coordinate(self, size: int) -> xr.Variable:
        """Coordinates of `size` samples, float64, with the attributes ``units`` and ``spacing``."""
        values = self.origin + self.spacing * np.arange(size, dtype=np.float64)
        return xr.Variable(self.name, _as_index(values), {"units": self.units, "spacing": self.spacing})


class LazyPixels(BackendArray):
    """Pixels as xarray reads them: each axis is indexed for itself, and only what is asked for is read.

    Parameters
    ----------
    pixels : Pixels
    """

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.entry = ENTRY.get()
        self.shape = pixels.shape
        self.dtype = pixels.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        selection, finish = normalise(key, self.shape)
        with naming(self.entry):
            found: NDArray[Any] = self.pixels.read(selection)[finish]
        return found

    def __dask_tokenize__(self) -> tuple[str, str]:
        return ("bioimagehub.catalogs.arrays.labelled", self.pixels.token)


def find_pixels(array: xr.DataArray) -> tuple[Pixels, tuple[Any, ...]] | None:
    """Find what xarray will read, and the index that it collected so far.

    Returns
    -------
    tuple of Pixels and tuple, or None
        None for an array that is none of `label_array`, or is in memory, computed, or over Dask.
    """
    data: Any = array.variable._data
    while data is not None and not isinstance(data, indexing.LazilyIndexedArray):
        data = getattr(data, "array", None)
    if data is None or not isinstance(data.array, LazyPixels):
        return None
    return data.array.pixels, data.key.tuple


def label_array(
    pixels: Pixels,
    axes: tuple[Axis, ...],
    *,
    channels: tuple[str, ...] = (),
    names: Mapping[str, Sequence[Any]] | None = None,
    attrs: Mapping[str, Any] | None = None,
    chunks: Chunks = None,
) -> xr.DataArray:
    """Give a lazy array its axes, coordinates and chunks.

    Parameters
    ----------
    pixels : Pixels
        What is read.
    axes : tuple of Axis
        One for each dimension.
    channels : tuple of str
        Names along ``c``; empty for channels that have none, which are then counted from 0.
    names : mapping of axis to sequence, or None
        Names or numbers along axes that have no distance, such as ``well`` and ``field``.
    attrs : mapping or None
        Attributes of the result.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`. An axis that the mapping does not name has the
        length that `()` gives it.

    Returns
    -------
    xarray.DataArray
        Lazy; with Dask where `chunks` is not None.
    """
    dims = tuple(axis.name for axis in axes)
    coords: dict[str, Any] = {name: _as_index(np.asarray(values)) for name, values in (names or {}).items()}
    for axis, size in zip(axes, pixels.shape, strict=True):
        if axis.name != "c" and axis.name not in coords:
            coords[axis.name] = axis.coordinate(size)
    if "c" in dims:
        coords["c"] = _as_index(np.asarray(channels or range(pixels.shape[dims.index("c")])))
    variable = xr.Variable(dims, indexing.LazilyIndexedArray(LazyPixels(pixels)), dict(attrs or {}))
    array = xr.DataArray(variable, coords)
    array.encoding["preferred_chunks"] = dict(zip(dims, pixels.chunks, strict=True))
    if chunks is None:
        return array
    # Dask takes a while to import, and who reads without it does not wait for it.
    from bioimagehub.catalogs.arrays.blocks import Blocks

    cut = array.chunk(_block_sizes(array, pixels, chunks))
    return cut.copy(data=Blocks.of(cut.data))


def _as_index(values: NDArray[Any]) -> indexing.PandasIndexingAdapter:
    """Give coordinates as an index: of an array, xarray asks whether it is Dask's, and imports all of Dask for that."""
    kind = object if values.dtype.kind == "U" else values.dtype
    return indexing.PandasIndexingAdapter(pd.Index(values, dtype=kind), dtype=values.dtype)


def block_shape(pixels: Pixels, most: int = BLOCK) -> tuple[int, ...]:
    """Give the shape of blocks that are worth a task each: whole chunks of the store, side by side up to `most` bytes.

    A block grows along the last axis first, so it is made of whole rows, planes and volumes.

    Parameters
    ----------
    pixels : Pixels
    most : int
        Bytes of a block; a single chunk may have more.
    """
    block = [min(chunk, size) for chunk, size in zip(pixels.chunks, pixels.shape, strict=True)]
    for axis in reversed(range(len(block))):
        room = most // max(1, bytes_of(block, pixels.dtype))
        block[axis] = min(pixels.shape[axis], block[axis] * max(1, room))
        if block[axis] < pixels.shape[axis]:
            break
    return tuple(block)


def _block_sizes(array: xr.DataArray, pixels: Pixels, chunks: Chunks) -> Mapping[Any, Any]:
    sizes = dict(zip(map(str, array.dims), block_shape(pixels), strict=True))
    if not isinstance(chunks, Mapping):
        return sizes
    unknown = sorted(set(chunks) - set(sizes))
    if unknown:
        msg = (
            f"The chunks name the axes {', '.join(map(str, unknown))}, which the image does not have: "
            f"its axes are {', '.join(sizes)}. Correct `chunks`."
        )
        raise UnknownAxisError(msg)
    return sizes | dict(chunks)
