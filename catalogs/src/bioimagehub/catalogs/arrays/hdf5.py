"""Datasets of HDF5 files, read past the HDF5 library where that can be: it has one lock, the chunks have none.

What is needed is where each chunk lies and which filters it went through; the library tells it once. Then chunks are
fetched by ranges, several at once, and decoded here. Datasets with rare filters are read by the library after all.

Source: HDF5 file format specification 3.0, sections III.E (dataset layout) and IV.A.2.l (filter pipeline), and the
registered filters, https://github.com/HDFGroup/hdf5_plugins/blob/master/docs/RegisteredFilterPlugins.md
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.codecs import Blosc
from bioimagehub.catalogs.arrays.pixels import ChunkedPixels, IndexedPixels, Part
from bioimagehub.catalogs.arrays.raw import RawPixels, dense_strides
from bioimagehub.catalogs.errors import CatalogError, UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.pixels import Pixels
    from bioimagehub.catalogs.reader import Place

DEFLATE, SHUFFLE, FLETCHER32, LZF, BLOSC, LZ4, ZSTD = 1, 2, 3, 32000, 32001, 32004, 32015
DECODED = (DEFLATE, SHUFFLE, FLETCHER32, LZF, BLOSC, LZ4, ZSTD)
"""Filters that are undone here; data with any other are read by the HDF5 library."""


@contextmanager
def open_hdf5(place: Place) -> Iterator[Any]:
    """Open an HDF5 file where it lies, as `h5py.File`.

    Raises
    ------
    UnreadableImageError
        If it is not an HDF5 file, or is damaged.
    """
    import h5py

    with place.open() as file:
        try:
            with h5py.File(file, "r") as opened:
                yield opened
        except CatalogError:
            raise
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
            msg = (
                f"{place.url} cannot be read as an HDF5 file: {error}. Expected a whole file. "
                "Fetch it anew, or check that it is HDF5."
            )
            raise UnreadableImageError(msg) from error


def describe_dataset(dataset: Any) -> dict[str, Any] | None:
    """Tell how a dataset is stored, in JSON values; None if its samples are not numbers.

    Parameters
    ----------
    dataset : h5py.Dataset

    Returns
    -------
    dict or None
        ``path``, ``shape``, ``dtype`` as in the file, ``fill`` (bytes of a sample, hexadecimal), ``chunks`` (None for
        data in one piece), ``filters`` (pairs of number and parameters, in the order of writing), ``offset`` of data
        in one piece (None if nothing was written), ``elsewhere`` (other files that hold the samples), and ``by``:
        ``chunks``, ``piece``, or ``library`` for what only the HDF5 library reads.
    """
    from h5py import h5d, h5t

    dtype = dataset.dtype
    if dtype.kind not in "biufc" or dataset.shape is None:
        return None
    properties = dataset.id.get_create_plist()
    filters = [properties.get_filter(number) for number in range(properties.get_nfilters())]
    stored = dataset.id.get_type()
    plain = stored.equal(h5t.py_create(dtype, logical=True)) or stored.equal(h5t.py_create(dtype))
    known = plain and all(each[0] in DECODED for each in filters) and not dataset.external
    layout = properties.get_layout()
    by = {h5d.CHUNKED: "chunks", h5d.CONTIGUOUS: "piece"}.get(layout, "library") if known else "library"
    return {
        "path": dataset.name,
        "shape": list(dataset.shape),
        "dtype": dtype.str,
        "fill": np.asarray(dataset.fillvalue, dtype).tobytes().hex(),
        "chunks": None if dataset.chunks is None else list(dataset.chunks),
        "filters": [[each[0], list(each[2])] for each in filters],
        "offset": dataset.id.get_offset() if by == "piece" else None,
        "elsewhere": _other_files(dataset),
        "by": by,
    }


def _other_files(dataset: Any) -> list[str]:
    """Name the files that hold the samples of a dataset in place of its own."""
    external = [name for name, _, _ in dataset.external or ()]
    virtual = [source.file_name for source in dataset.virtual_sources()] if dataset.is_virtual else []
    return sorted({*external, *virtual} - {"."})


def list_chunks(dataset: Any) -> NDArray[np.int64]:
    """List where the stored chunks of a dataset lie.

    Parameters
    ----------
    dataset : h5py.Dataset

    Returns
    -------
    array of int64, shape (chunks, 4)
        Number of the chunk in C order, first byte, bytes, and filter mask (bit n set: filter n was left out), by
        ascending number.
    """
    grid = [-(-size // chunk) for size, chunk in zip(dataset.shape, dataset.chunks, strict=True)]
    steps = [math.prod(grid[axis + 1 :]) for axis in range(len(grid))]
    weights = list(zip(dataset.chunks, steps, strict=True))
    rows: list[tuple[int, int, int, int]] = []

    def note(chunk: Any) -> None:
        number = sum(at // size * step for at, (size, step) in zip(chunk.chunk_offset, weights, strict=True))
        rows.append((number, chunk.byte_offset, chunk.size, chunk.filter_mask))

    dataset.id.chunk_iter(note)
    table = np.array(rows, np.int64).reshape(-1, 4)
    return table[np.argsort(table[:, 0], kind="stable")]


def dataset_pixels(
    place: Place, told: Mapping[str, Any], table: NDArray[np.int64] | None, order: tuple[int, ...]
) -> Pixels:
    """Give the pixels of a dataset.

    Parameters
    ----------
    place : Place
        File.
    told : mapping
        What `describe_dataset` told.
    table : array or None
        What `list_chunks` gave; None for data in one piece.
    order : tuple of int
        Axes of the dataset in the order of the result.
    """
    if told["elsewhere"]:
        msg = (
            f"The samples of {told['path']} in {place.url} are in other files: {', '.join(told['elsewhere'])}. "
            "Fetch all of them, and open it with h5py, or open those files themselves."
        )
        raise UnreadableImageError(msg)
    shape, dtype = tuple(told["shape"]), np.dtype(told["dtype"])
    if told["by"] == "piece" and told["offset"] is not None and dtype != np.dtype(bool):
        strides = dense_strides(shape, dtype)
        return RawPixels(
            place,
            told["offset"],
            tuple(shape[axis] for axis in order),
            dtype,
            strides=tuple(strides[axis] for axis in order),
        )
    if told["by"] == "chunks" and table is not None:
        return Hdf5Pixels(place, told, table, order)
    if told["by"] == "piece" and told["offset"] is None:
        return Hdf5Pixels(
            place, {**told, "chunks": [max(1, size) for size in shape]}, np.empty((0, 4), np.int64), order
        )
    return _library_pixels(place, told, order)


class Hdf5Pixels(ChunkedPixels):
    """A chunked dataset whose chunks are decoded here.

    Parameters
    ----------
    place, told, table, order
        As in `dataset_pixels`.
    """

    def __init__(self, place: Place, told: Mapping[str, Any], table: NDArray[np.int64], order: tuple[int, ...]) -> None:
        self.place, self._order, self._table = place, order, table
        self._stored = np.dtype(told["dtype"])
        self._chunk = tuple(told["chunks"])
        self._filters = [(number, tuple(parameters)) for number, parameters in told["filters"]]
        counts = [-(-size // chunk) for size, chunk in zip(told["shape"], self._chunk, strict=True)]
        self._steps = tuple(math.prod(counts[axis + 1 :]) for axis in order)
        self._whole = len(table) == math.prod(counts)
        self.shape = tuple(told["shape"][axis] for axis in order)
        self.grid = tuple(self._chunk[axis] for axis in order)
        self.chunks = self.grid
        self.dtype = self._stored.newbyteorder("=")
        self.fill = np.frombuffer(bytes.fromhex(told["fill"]), self._stored)[0]
        self.near = place.near
        self._path = told["path"]

    @cached_property
    def token(self) -> str:  # type: ignore[override]
        """Address, version and what is read of the file."""
        return "|".join(map(repr, (self.place.url, self.place.version, self._path, self._order)))

    def locate(self, index: tuple[int, ...]) -> Part | None:
        """Look the chunk up in the table."""
        number = sum(at * step for at, step in zip(index, self._steps, strict=True))
        row = number if self._whole else int(np.searchsorted(self._table[:, 0], number))
        if row >= len(self._table) or self._table[row, 0] != number:
            return None
        return Part(self.place, int(self._table[row, 1]), int(self._table[row, 2]))

    def decode(self, data: memoryview, index: tuple[int, ...]) -> NDArray[Any]:
        """Undo the filters of a chunk."""
        number = sum(at * step for at, step in zip(index, self._steps, strict=True))
        row = int(np.searchsorted(self._table[:, 0], number))
        expected = math.prod(self._chunk) * self._stored.itemsize
        try:
            found = memoryview(_undo(data, self._filters, int(self._table[row, 3]), expected, self._stored.itemsize))
        except (ValueError, RuntimeError, OSError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            msg = self._damaged(index, f"cannot be decoded: {reason}")
            raise UnreadableImageError(msg) from error
        if found.nbytes != expected:
            msg = self._damaged(index, f"has {found.nbytes} bytes instead of {expected}")
            raise UnreadableImageError(msg)
        samples = np.frombuffer(found, np.uint8 if self.dtype.kind == "b" else self._stored)
        return samples.astype(self.dtype, copy=False).reshape(self._chunk).transpose(self._order)

    def _damaged(self, index: tuple[int, ...], what: str) -> str:
        return (
            f"Chunk {index} of {self._path} in {self.place.url} {what}. The file is damaged, or is not the one that "
            "was indexed. Fetch it anew, or index it anew with `bioimagehub catalog index`."
        )


def _undo(data: Any, filters: list[tuple[int, tuple[int, ...]]], mask: int, expected: int, itemsize: int) -> Any:
    for position in reversed(range(len(filters))):
        if not mask >> position & 1:
            number, parameters = filters[position]
            # A checksum may still follow the samples; only the last step has their exact length.
            data = _undo_one(number, parameters, data, expected, itemsize)
    return data


def _undo_one(number: int, parameters: tuple[int, ...], data: Any, expected: int, itemsize: int) -> Any:
    if number == SHUFFLE:
        return _unshuffle(data, parameters[0] if parameters else itemsize)
    if number == FLETCHER32:
        from numcodecs.fletcher32 import Fletcher32

        return Fletcher32().decode(data)
    if number == DEFLATE:
        import imagecodecs

        # A checksum below it makes the data a little longer.
        return imagecodecs.deflate_decode(data, out=expected + 64)
    if number == LZF:
        import imagecodecs

        return imagecodecs.lzf_decode(data, out=expected)
    if number == BLOSC:
        return Blosc(None)(data)
    if number == ZSTD:
        from numcodecs.zstd import Zstd

        return Zstd().decode(data)
    import imagecodecs

    return imagecodecs.lz4h5_decode(data)


def _unshuffle(data: Any, itemsize: int) -> Any:
    """Put the bytes of each sample side by side again."""
    if itemsize != 2 or len(data) % 2:
        from numcodecs.shuffle import Shuffle

        return Shuffle(itemsize).decode(data)
    # Five times faster than byte by byte, and without the interpreter's lock.
    halves = np.frombuffer(data, np.uint8).reshape(2, -1)
    samples = halves[1].astype("<u2")
    samples <<= 8
    samples |= halves[0]
    return samples.view(np.uint8)


def _library_pixels(place: Place, told: Mapping[str, Any], order: tuple[int, ...]) -> IndexedPixels:
    from h5py import h5z

    missing = [number for number, _ in told["filters"] if not h5z.filter_avail(number)]
    if missing:
        msg = (
            f"{told['path']} in {place.url} was written with the HDF5 filter {missing[0]}, which is not installed. "
            "Install the package hdf5plugin and import it before you open the file."
        )
        raise UnreadableImageError(msg)
    shape = tuple(told["shape"][axis] for axis in order)
    dtype = np.dtype(told["dtype"]).newbyteorder("=")
    chunk = told["chunks"] or [1] * (len(shape) - 2) + list(told["shape"][-2:])
    token = "|".join(map(repr, (place.url, place.version, told["path"], order)))
    chunks = tuple(chunk[axis] for axis in order)
    return IndexedPixels(_Opening(place, told["path"], order), shape, dtype, chunks, token, near=place.near)


class _Opening:
    """Opens a dataset for one read."""

    def __init__(self, place: Place, path: str, order: tuple[int, ...]) -> None:
        self._place, self._path, self._order = place, path, order

    @contextmanager
    def __call__(self) -> Iterator[_Turned]:
        with open_hdf5(self._place) as file:
            yield _Turned(file[self._path], self._order)


class _Turned:
    """A dataset with its axes in another order."""

    def __init__(self, dataset: Any, order: tuple[int, ...]) -> None:
        self._dataset, self._order = dataset, order

    def __getitem__(self, box: tuple[slice, ...]) -> NDArray[Any]:
        stored: list[slice] = [slice(None)] * len(box)
        for one, axis in zip(box, self._order, strict=True):
            stored[axis] = one
        found: NDArray[Any] = self._dataset[tuple(stored)]
        return found.transpose(self._order)
