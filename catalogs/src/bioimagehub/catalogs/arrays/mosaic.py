"""Images that are put together from tiles, which may lie anywhere and overlap: the one drawn last is on top."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.pixels import Pixels, Reading
from bioimagehub.catalogs.arrays.selection import mesh, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.selection import Picked, Selection
    from bioimagehub.catalogs.arrays.work import Job

    Clip = tuple[tuple[Picked, Picked], tuple[Picked, Picked]]
    """Rows and columns: those of the tile, and where they go in the result."""

    Place = tuple[tuple[int, ...], int]
    """Position in the result before y and x, and which sample of the tile goes there."""

Box = tuple[int, int, int, int]
"""First and last row, first and last column, the last ones not included."""


@dataclass(frozen=True)
class Tiles:
    """Tiles of an image.

    Attributes
    ----------
    planes : array of int, shape (tiles, leading axes)
        Position along each axis before y and x.
    boxes : array of int, shape (tiles, 4)
        Where each lies in its plane: see `Box`.
    rows : array of int, shape (tiles,)
        Number by which the tile is read.
    lengths : array of int, shape (tiles,)
        Bytes that are read for it.

    They are in the order in which they are drawn.
    """

    planes: NDArray[np.int64]
    boxes: NDArray[np.int64]
    rows: NDArray[np.int64]
    lengths: NDArray[np.int64]


class MosaicPixels(Pixels):
    """An array of tiles; 0 where none is.

    Parameters
    ----------
    tiles : Tiles
    shape : tuple of int
        The axes before y and x, y, x.
    dtype : numpy.dtype
    samples : int
        Samples of a pixel.
    colour : int or None
        Axis that counts the samples of all channels, where `Tiles.planes` counts channels; None for one sample.
    read_tile : callable
        Gives a tile of a number: array of shape (y, x, sample). It is pickled with the array.
    token : str
    near : bool
    """

    def __init__(
        self,
        tiles: Tiles,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        samples: int,
        colour: int | None,
        read_tile: Callable[[int], NDArray[Any]],
        token: str,
        *,
        near: bool,
    ) -> None:
        self._tiles, self._samples, self._colour, self._read_tile = tiles, samples, colour, read_tile
        self.shape, self.dtype, self.token, self.near = shape, dtype, token, near
        sizes = tiles.boxes[:, 1::2] - tiles.boxes[:, ::2]
        lead = [samples if axis == colour else 1 for axis in range(len(shape) - 2)]
        self.chunks = (*lead, *(int(size) for size in sizes.max(axis=0, initial=1)))

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give one job a tile: it reads it, and puts what is seen of it into the result."""
        out[...] = 0
        for number, clips, places in self._seen(selection):
            yield self._putting(int(self._tiles.rows[number]), clips, places, out)

    def foresee(self, selection: Selection) -> Reading:
        """Count one request for each tile of which something is seen."""
        numbers = [number for number, _, _ in self._seen(selection)]
        return Reading(len(numbers), int(self._tiles.lengths[numbers].sum()), exact=False)

    def _seen(self, selection: Selection) -> Iterator[tuple[int, list[Clip], list[Place]]]:
        """Give each tile of which something is seen, what that is, and where it goes."""
        planes: dict[tuple[int, ...], list[int]] = {}
        for number in self._shown(selection[-2:]):
            planes.setdefault(tuple(self._tiles.planes[number].tolist()), []).append(number)
        for plane, places in self._places(selection).items():
            numbers = planes.get(plane, [])
            boxes = self._tiles.boxes[numbers]
            for position, number in enumerate(numbers):
                top, _, left, _ = boxes[position].tolist()
                clips = [
                    (rows, columns)
                    for box in _uncovered(boxes[position], boxes[position + 1 :])
                    if (rows := _clip(selection[-2], box[0], box[1], top)) is not None
                    and (columns := _clip(selection[-1], box[2], box[3], left)) is not None
                ]
                if clips:
                    yield number, clips, places

    def _places(self, selection: Selection) -> dict[tuple[int, ...], list[Place]]:
        """Give for each plane of tiles its positions in the result, and the sample that goes there."""
        places: dict[tuple[int, ...], list[Place]] = {}
        for steps in itertools.product(*(list(enumerate(_positions(picked))) for picked in selection[:-2])):
            plane, sample = tuple(step[1] for step in steps), 0
            if self._colour is not None:
                channel, sample = divmod(plane[self._colour], self._samples)
                plane = (*plane[: self._colour], channel, *plane[self._colour + 1 :])
            places.setdefault(plane, []).append((tuple(step[0] for step in steps), sample))
        return places

    def _shown(self, picked: Selection) -> list[int]:
        """Numbers of the tiles that hold some of the rows and columns."""
        good = np.ones(len(self._tiles.rows), bool)
        for axis, one in enumerate(picked):
            first, last = _ends(one)
            good &= (self._tiles.boxes[:, 2 * axis] <= last) & (self._tiles.boxes[:, 2 * axis + 1] > first)
        return np.flatnonzero(good).tolist()

    def _putting(self, row: int, clips: list[Clip], places: list[Place], out: NDArray[Any]) -> Job:
        def job() -> None:
            tile = self._read_tile(row)
            for rows, columns in clips:
                for at, sample in places:
                    out[at][mesh((rows[1], columns[1]))] = take(tile[..., sample], (rows[0], columns[0]))

        return job


def _uncovered(box: NDArray[np.int64], later: NDArray[np.int64]) -> list[Box]:
    """Cut a box into what the boxes drawn later leave of it."""
    top, bottom, first, last = box.tolist()
    # A slide has thousands of tiles, of which a few overlap this one.
    over = (later[:, 0] < bottom) & (later[:, 1] > top) & (later[:, 2] < last) & (later[:, 3] > first)
    left: list[Box] = [(top, bottom, first, last)]
    for other in later[over].tolist():
        left = [rest for one in left for rest in (_cut(one, other) if _overlap(one, other) else (one,))]
    return left


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _cut(box: Box, hole: Box) -> Iterator[Box]:
    top, bottom, left, right = box
    inner_top, inner_bottom = max(top, hole[0]), min(bottom, hole[1])
    for rest in (
        (top, inner_top, left, right),
        (inner_bottom, bottom, left, right),
        (inner_top, inner_bottom, left, min(right, max(left, hole[2]))),
        (inner_top, inner_bottom, max(left, min(right, hole[3])), right),
    ):
        if rest[0] < rest[1] and rest[2] < rest[3]:
            yield rest


def _positions(picked: Picked) -> list[int]:
    return list(range(picked.start, picked.stop, picked.step)) if isinstance(picked, slice) else picked.tolist()


def _ends(picked: Picked) -> tuple[int, int]:
    """First and last position; the last before the first where there are none."""
    if isinstance(picked, slice):
        return picked.start, picked.stop - 1
    return (int(picked.min()), int(picked.max())) if len(picked) else (0, -1)


def _clip(picked: Picked, start: int, stop: int, origin: int) -> tuple[Picked, Picked] | None:
    """Take the positions from `start` to `stop`: counted from `origin`, and where they go in the result."""
    if isinstance(picked, slice):
        count = len(range(picked.start, picked.stop, picked.step))
        first = max(0, -((picked.start - start) // picked.step))
        last = min(count, -((picked.start - stop) // picked.step))
        if first >= last:
            return None
        begin = picked.start + first * picked.step - origin
        return slice(begin, begin + (last - first - 1) * picked.step + 1, picked.step), slice(first, last, 1)
    to = np.flatnonzero((picked >= start) & (picked < stop))
    return (picked[to] - origin, to) if len(to) else None
