"""Arrays whose pixels lie in chunks somewhere: what is asked for is planned, fetched, decoded and put in its place."""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.pace import useful, workers
from bioimagehub.catalogs.arrays.selection import Selection, lengths, mesh, normalise, split, take
from bioimagehub.catalogs.arrays.work import Job, run
from bioimagehub.catalogs.errors import MissingFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from bioimagehub.catalogs.reader import Place

GAP = 64 * 2**10
"""Bytes between two chunks up to which both are fetched by one request: less than what a request costs."""

LARGEST = 8 * 2**20
"""Bytes that one request fetches at most of chunks that lie side by side; more go by several at once."""


@dataclass(frozen=True)
class Part:
    """Bytes that hold a chunk.

    Attributes
    ----------
    place : Place
        File.
    start : int
        First byte.
    length : int or None
        Number of bytes; None for all from `start` on.
    """

    place: Place
    start: int = 0
    length: int | None = None


@dataclass(frozen=True)
class Target:
    """Where a chunk goes in the result.

    Attributes
    ----------
    index : tuple of int
        Number of the chunk along each axis.
    within : Selection
        What is taken out of the chunk.
    to : Selection
        Where it is put.
    """

    index: tuple[int, ...]
    within: Selection
    to: Selection


Located = tuple[Part | None, Target]
"""A chunk that is wanted, and where it lies; None if it is not stored."""


@dataclass(frozen=True)
class Reading:
    """What a read asks of a store.

    Attributes
    ----------
    requests : int
    bytes : int
        That are moved; at most, where `exact` is False.
    exact : bool
        Whether the lengths of all parts are known.
    """

    requests: int
    bytes: int
    exact: bool


class Pixels(ABC):
    """An array that is read when it is indexed. It can be pickled, and read by several threads at once.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
        In the byte order of this machine.
    chunks : tuple of int
        What is worth reading at a time, along each axis: a shard, a plane, a tile.
    token : str
        What tells its content from any other's; equal tokens mean equal pixels.
    near : bool
        Whether it lies on this machine.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    token: str
    near: bool = False

    @abstractmethod
    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give the jobs that fill `out`, whose shape is that of the selection, with what is selected."""

    def foresee(self, selection: Selection) -> Reading:
        """Tell what reading a selection will ask of the store, without reading its pixels.

        Here each of the `chunks` that are touched counts as one request, with as many bytes as it has in memory.
        """
        steps = zip(selection, self.chunks, strict=True)
        count = math.prod(sum(1 for _ in split(picked, size)) for picked, size in steps)
        return Reading(count, count * bytes_of(self.chunks, self.dtype), exact=False)

    def read(self, selection: Selection) -> NDArray[Any]:
        """Read a selection into memory, shape as `selection.lengths` tells."""
        out: NDArray[Any] = np.empty(lengths(selection), self.dtype)
        if out.size:
            run(self.jobs(selection, out), workers(near=self.near), None if self.near else useful)
        return out

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Read with ints, slices and arrays of positions, one for each axis, each axis for itself."""
        key = key if isinstance(key, tuple) else (key,)
        if Ellipsis in [one if one is Ellipsis else None for one in key]:
            position = next(number for number, one in enumerate(key) if one is Ellipsis)
            missing = (slice(None),) * (len(self.shape) - len(key) + 1)
            key = (*key[:position], *missing, *key[position + 1 :])
        key = (*key, *(slice(None),) * (len(self.shape) - len(key)))
        selection, finish = normalise(key, self.shape)
        found: NDArray[Any] = self.read(selection)[finish]
        return found


class ChunkedPixels(Pixels):
    """An array in chunks of one shape, of which a driver tells where each lies and how it is decoded.

    Attributes
    ----------
    grid : tuple of int
        Shape of a chunk that is decoded by itself; those at the upper edges may be cut off or go beyond the array.
    fill : scalar
        Value of the pixels of chunks that are not stored.
    """

    grid: tuple[int, ...]
    fill: Any = 0

    @abstractmethod
    def locate(self, index: tuple[int, ...]) -> Part | None:
        """Tell where a chunk lies; None if it is not stored, and `fill` stands for it. Asks nothing of the store."""

    @abstractmethod
    def decode(self, data: memoryview, index: tuple[int, ...]) -> NDArray[Any]:
        """Decode a chunk; the result has the chunk's shape, or is cut off at the edge of the array."""

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give one job a request: for a chunk, or for chunks that lie side by side in a file."""
        return self.fetching(self._located(selection), out)

    def foresee(self, selection: Selection) -> Reading:
        """Count the requests; a chunk of unknown length counts as many bytes as it has in memory."""
        return self.count(self._located(selection))

    def count(self, located: Iterable[Located]) -> Reading:
        """Count the requests that `fetching` makes."""
        requests = moved = 0
        exact = True
        for together in _gather(located):
            first, last = together[0][0], together[-1][0]
            if first is None or last is None:
                continue
            requests += 1
            exact = exact and last.length is not None
            moved += bytes_of(self.grid, self.dtype) if last.length is None else last.start + last.length - first.start
        return Reading(requests, moved, exact)

    def fetching(self, located: Iterable[Located], out: NDArray[Any]) -> Iterator[Job]:
        """Give one job a request for chunks of which it is known where they lie, in the order in which they lie."""
        for together in _gather(located):
            part, target = together[0]
            if part is None:
                out[mesh(target.to)] = self.fill
            else:
                yield self._one_request([(each, to) for each, to in together if each is not None], out)

    def _located(self, selection: Selection) -> Iterator[Located]:
        return ((self.locate(target.index), target) for target in self.targets(selection))

    def targets(self, selection: Selection) -> Iterator[Target]:
        """Give the chunks that hold a selection, the last axis fastest."""
        axes = [list(split(picked, size)) for picked, size in zip(selection, self.grid, strict=True)]
        for steps in itertools.product(*axes):
            yield Target(
                tuple(step[0] for step in steps), tuple(step[1] for step in steps), tuple(step[2] for step in steps)
            )

    def put(self, data: memoryview, target: Target, out: NDArray[Any]) -> None:
        """Decode a chunk and put what is wanted of it into the result."""
        out[mesh(target.to)] = take(self.decode(data, target.index), target.within)

    def missing(self, part: Part, target: Target, out: NDArray[Any], error: MissingFileError) -> None:  # noqa: ARG002
        """Deal with a chunk whose file is missing: here that is an error."""
        raise error

    def _one_request(self, together: Sequence[tuple[Part, Target]], out: NDArray[Any]) -> Job:
        def job() -> None:
            first, last = together[0][0], together[-1][0]
            end = None if last.length is None else last.start + last.length
            try:
                data = memoryview(first.place.read(first.start, None if end is None else end - first.start))
            except MissingFileError as error:
                for part, target in together:
                    self.missing(part, target, out, error)
                return
            for part, target in together:
                start = part.start - first.start
                self.put(data[start : None if part.length is None else start + part.length], target, out)

        return job


def _gather(located: Iterable[Located]) -> Iterator[list[Located]]:
    """Give the chunks together that one request fetches; alone those that are not stored."""
    together: list[Located] = []
    for part, target in located:
        if together and (part is None or not _adjoins(together[0][0], together[-1][0], part)):
            yield together
            together = []
        if part is None:
            yield [(None, target)]
        else:
            together.append((part, target))
    if together:
        yield together


def _adjoins(first: Part | None, last: Part | None, part: Part) -> bool:
    if first is None or last is None or part.length is None or last.length is None or part.place != last.place:
        return False
    gap = part.start - (last.start + last.length)
    return 0 <= gap <= GAP and part.start + part.length - first.start <= LARGEST


class StackedPixels(Pixels):
    """Arrays of one shape and type, one behind another along new leading axes, each opened when it is needed.

    Parameters
    ----------
    stack : tuple of int
        Lengths of the new axes.
    open_one : callable
        Gives the pixels at a position along these axes, or None where there are none and `fill` stands for them;
        called within jobs, so it may ask the store. It has to be pickled with the array.
    shape, dtype, chunks
        Of one of them.
    token : str
    near : bool
    fill : scalar
    """

    def __init__(
        self,
        stack: tuple[int, ...],
        open_one: Callable[[tuple[int, ...]], Pixels | None],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunks: tuple[int, ...],
        token: str,
        *,
        near: bool,
        fill: Any = 0,
    ) -> None:
        self._stack, self._open_one, self._fill = stack, open_one, fill
        self.shape, self.dtype, self.token, self.near = (*stack, *shape), dtype, token, near
        self.chunks = (*(1 for _ in stack), *chunks)

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give one job for each array that is touched; it opens the array and gives the jobs of its own."""
        depth = len(self._stack)
        axes = [list(split(picked, 1)) for picked in selection[:depth]]
        for steps in itertools.product(*axes):
            position = tuple(step[0] for step in steps)
            yield self._opening(position, tuple(step[2] for step in steps), selection[depth:], out)

    def foresee(self, selection: Selection) -> Reading:
        """Open the first array that is touched, and take the others to be alike."""
        depth = len(self._stack)
        positions = itertools.product(*([step[0] for step in split(picked, 1)] for picked in selection[:depth]))
        found = next((pixels for each in positions if (pixels := self._open_one(each)) is not None), None)
        if found is None:
            return Reading(0, 0, exact=True)
        one = found.foresee(selection[depth:])
        count = math.prod(lengths(selection[:depth]))
        return Reading(one.requests * count, one.bytes * count, exact=False)

    def _opening(self, position: tuple[int, ...], to: Selection, inner: Selection, out: NDArray[Any]) -> Job:
        def job() -> Iterator[Job] | None:
            pixels = self._open_one(position)
            if pixels is None:
                for each in itertools.product(*(_positions(picked) for picked in to)):
                    out[each] = self._fill
                return None
            return self._further(pixels, to, inner, out)

        return job

    def _further(self, pixels: Pixels, to: Selection, inner: Selection, out: NDArray[Any]) -> Iterator[Job]:
        for each in itertools.product(*(_positions(picked) for picked in to)):
            # With an ellipsis even a single sample is a view, and no copy.
            here: tuple[Any, ...] = (*each, ...)
            yield from pixels.jobs(inner, out[here])


def _positions(picked: Any) -> list[int]:
    return list(range(picked.start, picked.stop, picked.step)) if isinstance(picked, slice) else picked.tolist()


class IndexedPixels(Pixels):
    """An array of a library that reads what it is indexed with, such as HDF5.

    Parameters
    ----------
    open_source : callable
        Gives something with NumPy's basic indexing, as a context manager; called in each read, so that nothing has
        to be pickled and no two threads share it.
    shape, dtype, chunks, token, near
        As in `Pixels`.
    """

    def __init__(
        self,
        open_source: Callable[[], Any],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunks: tuple[int, ...],
        token: str,
        *,
        near: bool,
    ) -> None:
        self._open_source = open_source
        self.shape, self.dtype, self.chunks, self.token, self.near = shape, dtype, chunks, token, near

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give one job: the library reads the smallest box that holds the selection."""

        def job() -> None:
            box = tuple(_bounds(picked) for picked in selection)
            with self._open_source() as source:
                found = np.asarray(source[box])
            out[...] = take(found, tuple(_relative(picked) for picked in selection))

        yield job

    def foresee(self, selection: Selection) -> Reading:
        """Count one request, and as many bytes as the box has in memory: the library does not tell more."""
        box = [_bounds(picked) for picked in selection]
        return Reading(1, bytes_of([one.stop - one.start for one in box], self.dtype), exact=False)


def _bounds(picked: Any) -> slice:
    if isinstance(picked, slice):
        return slice(picked.start, picked.stop)
    return slice(int(picked.min()), int(picked.max()) + 1)


def _relative(picked: Any) -> Any:
    if isinstance(picked, slice):
        return slice(0, picked.stop - picked.start, picked.step)
    return picked - picked.min()


def bytes_of(shape: Sequence[int], dtype: np.dtype[Any]) -> int:
    """Bytes that an array takes in memory."""
    return math.prod(shape) * dtype.itemsize
