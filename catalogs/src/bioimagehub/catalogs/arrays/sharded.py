"""Arrays of Zarr 3 whose chunks lie in shards: the index of a shard is read once, then what is wanted of it."""

from __future__ import annotations

import itertools
import math
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.pixels import Part, Reading, Target, bytes_of
from bioimagehub.catalogs.arrays.selection import mesh, split
from bioimagehub.catalogs.arrays.shards import ABSENT, Sharding, slice_chunk
from bioimagehub.catalogs.arrays.zarr import ZarrPixels
from bioimagehub.catalogs.errors import MissingFileError, UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.chains import Chain
    from bioimagehub.catalogs.arrays.pixels import Located
    from bioimagehub.catalogs.arrays.selection import Picked, Selection
    from bioimagehub.catalogs.arrays.work import Job
    from bioimagehub.catalogs.arrays.zarr_metadata import ArrayMetadata
    from bioimagehub.catalogs.reader import Place

SMALL = 2**20
"""Bytes (decoded) of a shard that is fetched whole whatever is wanted of it: that takes no longer than its index."""

LARGE = 64 * 2**20
"""Bytes (decoded) of a shard from which on it is fetched in parts, also where all of it is wanted."""

KEPT = 16 * 2**20
"""Bytes of indexes of shards that an array keeps, so that the next tile of a shard costs one request."""


class ShardedPixels(ZarrPixels):
    """An array of a Zarr store whose chunks lie in shards; for its parameters see `ZarrPixels`.

    Raises
    ------
    ChangedFileError
        On reading, if a shard is not the version that its index was read from.
    """

    def _decode_by(self, chain: Chain) -> None:
        (sharding,) = chain.links
        if not isinstance(sharding, Sharding):
            message = "these are no shards"
            raise TypeError(message)
        self._sharding = sharding
        self._indexes = _Indexes()
        super()._decode_by(sharding.chunk)

    def reading(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give one job for each shard, which gives those of the chunks in it."""
        for shard, within, to in self._shards(selection):
            yield self._reading_shard(shard, within, to, out)

    def foresee(self, selection: Selection) -> Reading:
        """Count the requests, and the bytes where the indexes of the shards are known."""
        requests = moved = 0
        exact = True
        for shard, within, to in self._shards(selection):
            targets = list(self._inside(shard, within, to))
            kept = self._indexes.get(shard)
            if kept is not None:
                found = self.count(self._lying(*kept, targets))
                requests, moved = requests + found.requests, moved + found.bytes
                continue
            exact = False
            if self._is_worth_all(shard, targets):
                requests, moved = requests + 1, moved + bytes_of(self.chunks, self.dtype)
            else:
                size = self._sharding.index_size
                requests, moved = (
                    requests + 1 + len(targets),
                    moved + size + len(targets) * bytes_of(self.grid, self.dtype),
                )
        return Reading(requests, moved, exact)

    def missing(self, part: Part, target: Target, out: NDArray[Any], error: MissingFileError) -> None:  # noqa: ARG002
        """Raise: the shard was there when its index was read."""
        raise error

    def _shards(self, selection: Selection) -> Iterator[tuple[tuple[int, ...], Selection, Selection]]:
        """Give the number of each shard, what is wanted of it, and where that goes."""
        axes = [list(split(picked, size)) for picked, size in zip(selection, self.chunks, strict=True)]
        for steps in itertools.product(*axes):
            shard = tuple(step[0] for step in steps)
            yield shard, tuple(step[1] for step in steps), tuple(step[2] for step in steps)

    def _reading_shard(self, shard: tuple[int, ...], within: Selection, to: Selection, out: NDArray[Any]) -> Job:
        def job() -> Iterable[Job]:
            kept = self._indexes.get(shard)
            if kept is not None:
                place, index = kept
                return self.fetching(self._lying(place, index, list(self._inside(shard, within, to))), out)
            place = self.locate(shard).place
            targets = list(self._inside(shard, within, to))
            is_whole = self._is_worth_all(shard, targets)
            try:
                data = place.read() if is_whole else self._read_index(place)
            except MissingFileError:
                self.check_presence()
                out[mesh(to)] = self.fill
                return ()
            index = self._sharding.find_index(data, place.url)
            self._indexes.keep(shard, place, index)
            lying = self._lying(place, index, targets)
            return self._decoding(data, lying, out) if is_whole else self.fetching(lying, out)

        return job

    def _is_worth_all(self, shard: tuple[int, ...], targets: Sequence[Target]) -> bool:
        """Tell whether a shard is fetched whole: it is small, or more than half of its chunks are wanted.

        Never one that is large: its parts arrive faster side by side, and need not be held in memory together.
        """
        decoded = bytes_of(self.chunks, self.dtype)
        if decoded <= SMALL or decoded > LARGE:
            return decoded <= SMALL
        stored = [
            -(-min(chunk, size - number * chunk) // inner)
            for number, chunk, size, inner in zip(shard, self.chunks, self.shape, self.grid, strict=True)
        ]
        return 2 * len(targets) > math.prod(stored)

    def _read_index(self, place: Place) -> memoryview:
        size = self._sharding.index_size
        return place.read(-size) if self._sharding.at_end else place.read(0, size)

    def _inside(self, shard: tuple[int, ...], within: Selection, to: Selection) -> Iterator[Target]:
        """Give the chunks of a shard that hold what is wanted; their numbers count from the array's first chunk."""
        counts = [chunk // inner for chunk, inner in zip(self.chunks, self.grid, strict=True)]
        axes = [list(split(picked, size)) for picked, size in zip(within, self.grid, strict=True)]
        for steps in itertools.product(*axes):
            index = tuple(one * count + step[0] for one, count, step in zip(shard, counts, steps, strict=True))
            placed = tuple(_place(whole, step[2]) for whole, step in zip(to, steps, strict=True))
            yield Target(index, tuple(step[1] for step in steps), placed)

    def _lying(self, place: Place, index: NDArray[np.uint64], targets: Sequence[Target]) -> list[Located]:
        """Tell where the chunks lie in their shard, in the order in which they lie there."""
        counts = self._sharding.counts
        found: list[Located] = []
        for target in targets:
            inside = tuple(number % count for number, count in zip(self.stored(target.index), counts, strict=True))
            offset, length = index[inside].tolist()
            if (
                (offset == ABSENT) is not (length == ABSENT)
                or length == 0
                or (length < ABSENT <= offset + length + 2**32)
            ):
                raise UnreadableImageError(self._damaged(target.index, f"its index leads to byte {offset}"))
            found.append((None if offset == length == ABSENT else Part(place, offset, length), target))
        return sorted(found, key=lambda each: -1 if each[0] is None else each[0].start)

    def _decoding(self, data: memoryview, lying: Sequence[Located], out: NDArray[Any]) -> Iterator[Job]:
        def decoding(part: Part, target: Target) -> Job:
            def job() -> None:
                try:
                    chunk = slice_chunk(data, part.start, part.length or 0)
                except ValueError as error:
                    raise UnreadableImageError(self._damaged(target.index, str(error))) from error
                self.put(chunk, target, out)

            return job

        for part, target in lying:
            if part is None:
                out[mesh(target.to)] = self.fill
            else:
                yield decoding(part, target)

    def _damaged(self, index: tuple[int, ...], found: str) -> str:
        return (
            f"The chunk {self.name_chunk(index)} cannot be read: {found}. Its shard is damaged or cut short. "
            "Fetch the image anew; a sample is built anew by: bioimagehub samples build."
        )


class _Indexes:
    """The indexes of the shards that were read last, each with its place, which holds its version."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, ...], tuple[Place, NDArray[np.uint64]]] = OrderedDict()
        self._bytes = 0
        self._changing = threading.Lock()

    def get(self, shard: tuple[int, ...]) -> tuple[Place, NDArray[np.uint64]] | None:
        with self._changing:
            if shard in self._kept:
                self._kept.move_to_end(shard)
            return self._kept.get(shard)

    def keep(self, shard: tuple[int, ...], place: Place, index: NDArray[np.uint64]) -> None:
        # A copy, as it is a part of the memory of a whole shard.
        index = index.copy()
        with self._changing:
            before = self._kept.pop(shard, None)
            self._bytes += index.nbytes - (before[1].nbytes if before else 0)
            self._kept[shard] = (place, index)
            while self._bytes > KEPT and len(self._kept) > 1:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._bytes -= dropped.nbytes

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, _: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]


def _place(whole: Picked, part: Picked) -> Picked:
    """Tell where a part of what goes to `whole` goes."""
    if isinstance(whole, np.ndarray):
        picked: NDArray[Any] = whole[part]
        return picked
    if isinstance(part, np.ndarray):
        moved: NDArray[Any] = whole.start + part
        return moved
    placed: slice = slice(whole.start + part.start, whole.start + part.stop, 1)
    return placed


def open_pixels(
    place: Place, metadata: ArrayMetadata, *, order: tuple[int, ...] | None = None, indexed: bool = False
) -> ZarrPixels:
    """Give an array of a Zarr store, of whichever kind; for the parameters see `ZarrPixels`."""
    links = metadata.chain.links
    kind = ShardedPixels if len(links) == 1 and isinstance(links[0], Sharding) else ZarrPixels
    return kind(place, metadata, order=order, indexed=indexed)
