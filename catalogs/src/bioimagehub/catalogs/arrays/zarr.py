"""Arrays of Zarr 2 and 3, each chunk in an object of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.pixels import ChunkedPixels, Part, Target
from bioimagehub.catalogs.arrays.selection import mesh, take
from bioimagehub.catalogs.errors import ChangedFileError, MissingFileError
from bioimagehub.catalogs.reader import Place
from bioimagehub.catalogs.reader.versions import make_edition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.chains import Chain
    from bioimagehub.catalogs.arrays.selection import Selection
    from bioimagehub.catalogs.arrays.work import Job
    from bioimagehub.catalogs.arrays.zarr_metadata import ArrayMetadata


_own = threading.local()
_KEPT = 8 * 2**20
"""Bytes that each thread keeps for decoding at most."""
_SURE = 60.0
"""Seconds for which a store that answered is taken to be there."""


def _desk(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Give this thread's memory for a chunk that is decoded and then put in its place: new memory is slow at first."""
    desk: NDArray[Any] | None = getattr(_own, "desk", None)
    if desk is None or desk.shape != shape or desk.dtype != dtype:
        desk = np.empty(shape, dtype)
        if desk.nbytes <= _KEPT:
            _own.desk = desk
    return desk


class ZarrPixels(ChunkedPixels):
    """An array of a Zarr store.

    Parameters
    ----------
    place : Place
        Folder of the array.
    metadata : ArrayMetadata
    order : tuple of int or None
        Which axis of the store each axis is; None for the order of the store.
    indexed : bool
        Whether the metadata are those that an index kept; with the first pixels, their file is fetched and compared
        with the edition of `place`. False where they were just read.

    Raises
    ------
    ChangedFileError
        On reading, if the metadata file is not the one that was indexed.
    UnreadableImageError
        On reading, if a chunk is not what the metadata say.
    """

    def __init__(
        self,
        place: Place,
        metadata: ArrayMetadata,
        *,
        order: tuple[int, ...] | None = None,
        indexed: bool = False,
    ) -> None:
        self.place, self.metadata, self._unsure = place, metadata, indexed
        self._seen = time.time()
        self.order = tuple(range(len(metadata.shape))) if order is None else order
        self._inverse = tuple(self.order.index(axis) for axis in range(len(self.order)))
        self._in_order = self.order == self._inverse == tuple(sorted(self.order))
        self._decode_by(metadata.chain)
        self.shape, self.dtype, self.fill = self.ordered(metadata.shape), metadata.dtype, metadata.fill
        self.chunks = self.ordered(metadata.chunk)
        self.near = place.near
        self.token = f"{place.url} {metadata.digest} {self.order}"

    def _decode_by(self, chain: Chain) -> None:
        self._chain = chain
        self._straight = self._in_order and chain.straight is not None
        self.grid = self.ordered(chain.shape)

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give the jobs that read, and one that compares the metadata with those that were indexed."""
        if self._unsure:
            yield self._compare
        yield from self.reading(selection, out)

    def reading(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give one job for each chunk."""
        return super().jobs(selection, out)

    def locate(self, index: tuple[int, ...]) -> Part:
        """Give the object of a chunk."""
        return Part(self.place / self.metadata.keys(self.stored(index))[0])

    def decode(self, data: memoryview, index: tuple[int, ...]) -> NDArray[Any]:
        """Decode a chunk."""
        return self._chain.decode(data, self.name_chunk(index)).transpose(self.order)

    def put(self, data: memoryview, target: Target, out: NDArray[Any]) -> None:
        """Decode a chunk, straight into the result where that lies in memory as the chunk does."""
        if not self._straight:
            super().put(data, target, out)
            return
        name = self.name_chunk(target.index)
        if all(isinstance(each, slice) and each.step == 1 for each in target.within):
            region = out[mesh(target.to)]
            if region.shape == self.grid and region.flags.c_contiguous:
                self._chain.decode_into(data, region, name)
                return
        desk = _desk(self.grid, self.dtype)
        self._chain.decode_into(data, desk, name)
        out[mesh(target.to)] = take(desk, target.within)

    def missing(self, part: Part, target: Target, out: NDArray[Any], error: MissingFileError) -> None:  # noqa: ARG002
        """Take the fill value for a chunk that is not stored."""
        for key in self.metadata.keys(self.stored(target.index))[1:]:
            try:
                data = (self.place / key).read()
            except MissingFileError:
                continue
            self.put(data, target, out)
            return
        self.check_presence()
        out[mesh(target.to)] = self.fill

    def check_presence(self) -> None:
        """Look whether the array itself is there, when a part of it is missing: its disk may be gone.

        A store that is far away is asked once in a while: it answered when the metadata were read.

        Raises
        ------
        MissingFileError
            If it is not.
        """
        now = time.time()
        if self.near or now - self._seen > _SURE:
            (self.place / self.metadata.document).stat()
            self._seen = now

    def _compare(self) -> None:
        # Without the edition: what the cache keeps under it is what was indexed.
        document = Place((self.place / self.metadata.document).url, dataset=self.place.dataset)
        try:
            content = document.read()
            state = None if make_edition(document.version, content) == self.place.edition else "changed"
        except MissingFileError:
            state = "is missing now"
        if state is not None:
            msg = (
                f"{document.url} {state} since the image was indexed, and its pixels cannot be read without it. "
                "Index the image anew: bioimagehub catalog index."
            )
            raise ChangedFileError(msg)
        self._unsure, self._seen = False, time.time()

    def name_chunk(self, index: tuple[int, ...]) -> str:
        """Tell in an error which chunk it is, as the store counts them."""
        return f"{'/'.join(map(str, self.stored(index)))} of {self.place.url}"

    def ordered(self, stored: tuple[int, ...]) -> tuple[int, ...]:
        """Put what the store has for its axes into the order of the axes here."""
        return tuple(stored[axis] for axis in self.order)

    def stored(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """Put what there is for the axes here into the order of the store."""
        return tuple(index[axis] for axis in self._inverse)
