"""From anything that is indexed like an array to a labelled array with physical coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Chunks = Mapping[str, int] | tuple[()] | str | None


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
        return xr.Variable(self.name, values, {"units": self.units, "spacing": self.spacing})


class LazyPixels(BackendArray):
    """An array that is read when it is indexed; it can be pickled when `source` can.

    Parameters
    ----------
    source : object with shape, dtype and NumPy's basic indexing
        For example a Zarr array.
    token : str
        What tells its content from any other's, so that Dask gives equal reads equal names.
    """

    def __init__(self, source: Any, token: str) -> None:
        self.source = source
        self.token = token
        self.shape = tuple(source.shape)
        self.dtype = np.dtype(source.dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        try:
            return np.asarray(self.source[key])
        except (OSError, RuntimeError, ValueError) as error:
            msg = (
                f"The pixels {key} of {self.token} cannot be read: {error}. The file is damaged or cut short. "
                "Fetch the image anew; a sample is built anew by: bioimagehub samples build."
            )
            raise UnreadableImageError(msg) from error

    def __dask_tokenize__(self) -> tuple[str, str]:
        return ("bioimagehub.catalogs.drivers.lazy", self.token)


def label_array(
    pixels: LazyPixels,
    axes: tuple[Axis, ...],
    stored_chunks: tuple[int, ...],
    *,
    channels: tuple[str, ...] = (),
    attrs: Mapping[str, Any] | None = None,
    chunks: Chunks = None,
) -> xr.DataArray:
    """Give a lazy array its axes, coordinates and chunks.

    Parameters
    ----------
    pixels : LazyPixels
        What is read.
    axes : tuple of Axis
        One for each dimension.
    stored_chunks : tuple of int
        Chunk shape of the store.
    channels : tuple of str
        Names along ``c``; empty for channels that have none, which are then counted from 0.
    attrs : mapping or None
        Attributes of the result.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`. An axis that the mapping does not name keeps its stored chunks.

    Returns
    -------
    xarray.DataArray
        Lazy; with Dask where `chunks` is not None.
    """
    dims = tuple(axis.name for axis in axes)
    coords: dict[str, Any] = {
        axis.name: axis.coordinate(size) for axis, size in zip(axes, pixels.shape, strict=True) if axis.name != "c"
    }
    if "c" in dims:
        coords["c"] = list(channels) or np.arange(pixels.shape[dims.index("c")])
    variable = xr.Variable(dims, indexing.LazilyIndexedArray(pixels), dict(attrs or {}))
    array = xr.DataArray(variable, coords)
    if chunks is None:
        return array
    return array.chunk(_chunk_sizes(array, stored_chunks, chunks))


def _chunk_sizes(array: xr.DataArray, stored: tuple[int, ...], chunks: Chunks) -> Mapping[Any, Any]:
    if chunks == "auto":
        from dask.array.core import normalize_chunks

        sizes = normalize_chunks(  # type: ignore[no-untyped-call]
            "auto", array.shape, dtype=array.dtype, previous_chunks=stored
        )
        return dict(zip(array.dims, sizes, strict=True))
    wanted = dict(chunks) if isinstance(chunks, Mapping) else {}
    return {dim: wanted.get(str(dim), size) for dim, size in zip(array.dims, stored, strict=True)}
