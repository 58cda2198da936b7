"""Arrays that lie in a file as they are, sample by sample: maps, volumes and planes that nobody compressed."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.pixels import GAP, LARGEST, Pixels, Reading, bytes_of
from bioimagehub.catalogs.arrays.selection import length, lengths, mesh, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

    from bioimagehub.catalogs.arrays.selection import Picked, Selection
    from bioimagehub.catalogs.arrays.work import Job
    from bioimagehub.catalogs.reader import Place

    Group = tuple[Picked, Picked]
    """Positions along an axis that one request fetches, and where they go in the result."""

CHUNK = 2**20
"""Bytes of whole rows that are worth a read."""


class RawPixels(Pixels):
    """An uncompressed array in a file. Only the bytes from the first to the last sample wanted are read.

    What is asked for goes by as few requests as bring no more than 64 KiB of unwanted bytes at a time, each of 8 MiB
    at most: a plane or a tile is one, a volume several at once.

    Parameters
    ----------
    place : Place
        File.
    offset : int
        Byte where the first sample begins.
    shape : tuple of int
        In the order in which the array is indexed, whatever the order in the file.
    dtype : dtype
        Type in the file, with its byte order.
    strides : tuple of int or None
        Bytes from a sample to the next along each axis, none negative; None for an array in C order without gaps.
        See `dense_strides`.
    convert : callable or None
        Turns samples as they are stored (any shape) into those of the result, sample by sample; None where only the
        byte order changes. It is pickled with the array, and its ``repr`` tells it from any other.
    dtype_converted : dtype or None
        What `convert` gives; None where there is none.

    Raises
    ------
    TruncatedFileError
        On reading, if the file ends before the samples that are wanted.
    """

    def __init__(
        self,
        place: Place,
        offset: int,
        shape: tuple[int, ...],
        dtype: DTypeLike,
        *,
        strides: tuple[int, ...] | None = None,
        convert: Callable[[NDArray[Any]], NDArray[Any]] | None = None,
        dtype_converted: DTypeLike | None = None,
    ) -> None:
        self.place, self.offset, self.shape = place, offset, shape
        self.stored = np.dtype(dtype)
        self.strides = dense_strides(shape, self.stored) if strides is None else strides
        self._convert = convert
        self.dtype = (self.stored if convert is None else np.dtype(dtype_converted)).newbyteorder("=")
        self.chunks = _worth_a_read(shape, self.strides, self.stored)
        self.near = place.near
        facts = (place.url, place.version, offset, shape, self.stored, self.strides, convert)
        self.token = "|".join(map(repr, facts))

    @property
    def end(self) -> int:
        """Byte behind the last sample: the file has at least that many."""
        if 0 in self.shape:
            return self.offset
        steps = zip(self.shape, self.strides, strict=True)
        return self.offset + sum((size - 1) * stride for size, stride in steps) + self.stored.itemsize

    def convert(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Turn samples as they are stored into those of the result."""
        return samples if self._convert is None else self._convert(samples)

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give one job for each run of bytes."""
        groups = self._groups(selection)
        slowest_first = sorted(groups, key=lambda axis: -self.strides[axis])
        for chosen in itertools.product(*(groups[axis] for axis in slowest_first)):
            by_axis = dict(zip(slowest_first, chosen, strict=True))
            pairs = [by_axis[axis] for axis in range(len(self.shape))]
            yield self._fetching(tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs), out)

    def foresee(self, selection: Selection) -> Reading:
        """Count the runs of bytes."""
        if not all(lengths(selection)):
            return Reading(0, 0, exact=True)
        groups = self._groups(selection)
        requests = math.prod(map(len, groups.values()))
        moved = requests * self.stored.itemsize
        for axis, found in groups.items():
            bounds = [_bounds(picked) for picked, _ in found]
            moved += sum(last - first for first, last in bounds) * self.strides[axis] * (requests // len(found))
        return Reading(requests, moved, exact=True)

    def _groups(self, selection: Selection) -> dict[int, list[Group]]:
        """Divide what is picked along each axis into what one request fetches."""
        extent, divided = self.stored.itemsize, False
        groups: dict[int, list[Group]] = {}
        for axis in sorted(range(len(self.shape)), key=lambda axis: self.strides[axis]):
            picked, stride = selection[axis], self.strides[axis]
            groups[axis] = _group(picked, stride, extent, apart=divided)
            divided = divided or len(groups[axis]) > 1
            if not divided:
                first, last = _bounds(picked)
                extent += (last - first) * stride
        return groups

    def _fetching(self, picked: Selection, to: Selection, out: NDArray[Any]) -> Job:
        def job() -> None:
            bounds = [_bounds(one) for one in picked]
            steps = list(zip(bounds, self.strides, strict=True))
            start = self.offset + sum(first * stride for (first, _), stride in steps)
            extent = sum((last - first) * stride for (first, last), stride in steps) + self.stored.itemsize
            data = self.place.read(start, extent)
            box = tuple(last - first + 1 for first, last in bounds)
            found: NDArray[Any] = np.ndarray(box, self.stored, data, strides=self.strides)
            found = take(found, tuple(_relative(one) for one in picked))
            out[mesh(to)] = self.convert(found)

        return job


def dense_strides(shape: Sequence[int], dtype: np.dtype[Any], order: Sequence[int] | None = None) -> tuple[int, ...]:
    """Give the strides of an array without gaps.

    Parameters
    ----------
    shape : sequence of int
        In the order in which the array is indexed.
    dtype : numpy.dtype
    order : sequence of int or None
        The axes as they lie in the file, the slowest first; None for C order, reversed for Fortran order.

    Returns
    -------
    tuple of int
        Bytes from a sample to the next along each axis.

    Examples
    --------
    >>> dense_strides((2, 3, 4), np.dtype("u2")), dense_strides((2, 3, 4), np.dtype("u2"), (2, 1, 0))
    ((24, 8, 2), (2, 4, 12))
    """
    strides, step = [0] * len(shape), dtype.itemsize
    for axis in reversed(range(len(shape)) if order is None else order):
        strides[axis] = step
        step *= shape[axis]
    return tuple(strides)


def _worth_a_read(shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Whole rows, planes and volumes as they lie in the file, up to `CHUNK` bytes."""
    chunk = [1] * len(shape)
    for axis in sorted(range(len(shape)), key=lambda axis: strides[axis]):
        chunk[axis] = max(1, min(shape[axis], CHUNK // bytes_of(chunk, dtype)))
        if chunk[axis] < shape[axis]:
            break
    return tuple(chunk)


def _group(picked: Picked, stride: int, extent: int, *, apart: bool) -> list[Group]:
    """Divide what is picked along an axis into what one request fetches each.

    Parameters
    ----------
    picked : Picked
    stride : int
        Bytes from a position to the next.
    extent : int
        Bytes from the first to the last sample wanted at one position.
    apart : bool
        Whether a faster axis is divided, so that each position needs requests of its own.
    """
    if isinstance(picked, slice):
        count = length(picked)
        most = (
            1
            if apart or picked.step * stride - extent > GAP
            else max(1, (LARGEST - extent) // stride // picked.step + 1)
        )
        # Requests of the same size end at the same time.
        each = -(-count // -(-count // most))
        return [
            (
                slice(
                    picked.start + at * picked.step,
                    min(picked.start + (at + each) * picked.step, picked.stop),
                    picked.step,
                ),
                slice(at, min(at + each, count), 1),
            )
            for at in range(0, count, each)
        ]
    order = np.argsort(picked, kind="stable")
    groups: list[list[int]] = []
    for position in order.tolist():
        gap = (picked[position] - picked[groups[-1][-1]]) * stride - extent if groups else 0
        begun = bool(groups) and (picked[position] - picked[groups[-1][0]]) * stride + extent <= LARGEST
        repeated = bool(groups) and picked[position] == picked[groups[-1][-1]]
        if repeated or (begun and not apart and gap <= GAP):
            groups[-1].append(position)
        else:
            groups.append([position])
    return [(picked[group], np.asarray(group, dtype=np.intp)) for group in groups]


def _bounds(picked: Picked) -> tuple[int, int]:
    """First and last position."""
    if isinstance(picked, slice):
        return picked.start, picked.start + (length(picked) - 1) * picked.step
    return int(picked.min()), int(picked.max())


def _relative(picked: Picked) -> Picked:
    if isinstance(picked, slice):
        return slice(0, picked.stop - picked.start, picked.step)
    relative: NDArray[Any] = picked - picked.min()
    return relative
