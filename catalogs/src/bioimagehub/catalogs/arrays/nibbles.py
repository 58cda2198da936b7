"""Arrays whose bytes hold two samples each, as cameras that count electrons write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.pixels import Pixels, Reading
from bioimagehub.catalogs.arrays.selection import mesh, split, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.selection import Picked, Selection
    from bioimagehub.catalogs.arrays.work import Job


class NibblePixels(Pixels):
    """Samples of four bits, two in a byte along the last axis: the first in the lower half, the second in the upper.

    Parameters
    ----------
    packed : Pixels
        The bytes, uint8; each row begins with a byte of its own.
    columns : int
        Samples in a row.
    """

    def __init__(self, packed: Pixels, columns: int) -> None:
        self._packed = packed
        self.shape = (*packed.shape[:-1], columns)
        self.dtype = np.dtype(np.uint8)
        self.chunks = (*packed.chunks[:-1], min(columns, 2 * packed.chunks[-1]))
        self.token, self.near = f"{packed.token}|nibbles|{columns}", packed.near

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give one job for each chunk along the first axis."""
        for number, within, to in split(selection[0], self.chunks[0]):
            first = number * self.chunks[0]
            rows = (
                slice(within.start + first, within.stop + first, within.step)
                if isinstance(within, slice)
                else within + first
            )
            yield self._reading((rows, *selection[1:]), to, out)

    def foresee(self, selection: Selection) -> Reading:
        """Tell what reading the bytes will take."""
        return self._packed.foresee((*selection[:-1], _bytes(selection[-1])))

    def _reading(self, selection: Selection, to: Picked, out: NDArray[Any]) -> Job:
        def job() -> None:
            columns = _bytes(selection[-1])
            packed = self._packed.read((*selection[:-1], columns))
            samples = np.empty((*packed.shape[:-1], 2 * packed.shape[-1]), np.uint8)
            samples[..., ::2], samples[..., 1::2] = packed & 0x0F, packed >> 4
            rest = tuple(slice(0, size, 1) for size in packed.shape[:-1])
            picked = selection[-1]
            begin = 2 * columns.start
            wanted = (
                slice(picked.start - begin, picked.stop - begin, picked.step)
                if isinstance(picked, slice)
                else picked - begin
            )
            everything = tuple(slice(0, size, 1) for size in samples.shape[1:-1])
            out[mesh((to, *everything, slice(0, out.shape[-1], 1)))] = take(samples, (*rest, wanted))

        return job


def _bytes(picked: Picked) -> slice:
    """Give the bytes that hold the columns from the first to the last one picked."""
    if isinstance(picked, slice):
        return slice(picked.start // 2, (picked.stop - 1) // 2 + 1, 1)
    return slice(int(picked.min()) // 2, int(picked.max()) // 2 + 1, 1)
