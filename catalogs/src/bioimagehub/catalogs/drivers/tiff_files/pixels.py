"""The pixels of one level of a series of TIFF pages: which segment has them, and how it is decoded."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.pixels import ChunkedPixels, Part
from bioimagehub.catalogs.drivers.tiff_files.forms import decoder_of
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bioimagehub.catalogs.reader import Place

ROWS = 2**20
"""Bytes of rows that are read at a time where a page lies in one piece."""

PLANE_ROLES = ("sample", "column", "row", "depth", "separate")
"""What an axis within a page is, the fastest first; `separate` are samples that lie in planes of their own."""


@dataclass(frozen=True)
class Stored:
    """An axis as it lies in the file.

    Attributes
    ----------
    letter : str
        Axis of the image that it is, or a part of: ``t c z y x``.
    size : int
    role : str
        ``page``, or one of `PLANE_ROLES`.
    """

    letter: str
    size: int
    role: str


@dataclass(frozen=True)
class Segments:
    """Where the segments of the pages lie: row by row the pages, in the order of the stack.

    Attributes
    ----------
    places : sequence of Place
    files : array or None
        uint32, shape (pages,): which place has a page; None if there is one place.
    offsets, counts : array
        uint64, shape (pages, segments); shape (pages, 1) for pages that lie in one piece.
    tables : sequence of bytes
        JPEG tables.
    tabled : array or None
        uint32, shape (pages,): which of the tables a page has; None if there are none.
    """

    places: Sequence[Place]
    files: NDArray[np.uint32] | None
    offsets: NDArray[np.uint64]
    counts: NDArray[np.uint64]
    tables: Sequence[bytes] = ()
    tabled: NDArray[np.uint32] | None = None


class TiffPixels(ChunkedPixels):
    """Pixels of a level of a series.

    Parameters
    ----------
    axes : sequence of str
        Axes of the result, in order.
    stored : sequence of Stored
        Axes as they lie in the file, the slowest first.
    form : dict
        As `describe_form` gives it.
    segments : Segments
    token : str
    """

    def __init__(
        self, axes: Sequence[str], stored: Sequence[Stored], form: dict[str, Any], segments: Segments, token: str
    ) -> None:
        self._axes, self._form, self._segments, self.token = tuple(axes), form, segments, token
        self._key = json.dumps(form)
        self._stored = {axis: [each for each in stored if each.letter == axis] for axis in axes}
        self.dtype = np.dtype(form["dtype"])
        self.near = segments.places[0].near
        self.fill = np.array(form["nodata"]).astype(self.dtype)[()]
        _, self._depth, self._height, self._width, self._samples = form["shaped"]
        self._tile = tuple(form["segment"])
        if form["contiguous"]:
            row = self._width * self._samples * self.dtype.itemsize
            self._tile = (1, max(1, min(self._height, ROWS // row)), self._width)
        self._strides = _page_strides(stored)
        within = dict(zip(("depth", "row", "column"), self._tile, strict=True)) | {"sample": self._samples}
        self.shape = tuple(math.prod(each.size for each in self._stored[axis]) for axis in axes)
        self.grid = tuple(math.prod(within.get(each.role, 1) for each in self._stored[axis]) for axis in axes)
        self.chunks = tuple(min(grid, size) for grid, size in zip(self.grid, self.shape, strict=True))
        # Which axis of a decoded segment (depth, row, column, sample) each axis of the result is; None for none.
        known = {"depth": 0, "row": 1, "column": 2, "sample": 3}
        roles = [[known[each.role] for each in self._stored[axis] if each.role in known] for axis in axes]
        self._roles = tuple(found[0] if found else None for found in roles)
        named = [at for at in self._roles if at is not None]
        self._order = (*(at for at in range(4) if at not in named), *named)

    def locate(self, index: tuple[int, ...]) -> Part | None:
        """Tell where a segment lies; None if it is not stored."""
        page, position = self._find(index)
        segments = self._segments
        place = segments.places[0 if segments.files is None else int(segments.files[page])]
        if self._form["contiguous"]:
            separate, depth, row, _ = position
            rows = min(self._tile[1], self._height - row * self._tile[1])
            line = self._width * self._samples * self.dtype.itemsize
            above = (separate * self._depth + depth) * self._height + row * self._tile[1]
            offset = int(segments.offsets[page, 0])
            return Part(place, offset + above * line, rows * line) if offset else None
        number = self._number(position)
        count = int(segments.counts[page, number])
        return Part(place, int(segments.offsets[page, number]), count) if count else None

    def decode(self, data: memoryview, index: tuple[int, ...]) -> NDArray[Any]:
        """Decode a segment into the axes of the result.

        Raises
        ------
        UnreadableImageError
            If it is damaged, or has another number of pixels than it should.
        """
        page, position = self._find(index)
        sizes = self._depth, self._height, self._width
        expected = [min(tile, size - at * tile) for size, tile, at in zip(sizes, self._tile, position[1:], strict=True)]
        shape = (*expected, self._samples)
        if self._form["contiguous"]:
            if len(data) != math.prod(shape) * self.dtype.itemsize:
                raise self._damaged(page, f"{len(data)} bytes for the shape {shape}")
            found = np.frombuffer(data, self.dtype.newbyteorder(self._form["order"])).reshape(shape)
        else:
            found = self._decode(data, page, self._number(position))
        found = found[: shape[0], : shape[1], : shape[2]]
        if found.shape != shape:
            raise self._damaged(page, f"a segment of the shape {found.shape} in place of {shape}")
        found = found.transpose(self._order)
        return found.reshape([1 if at is None else shape[at] for at in self._roles])

    def _decode(self, data: memoryview, page: int, number: int) -> NDArray[Any]:
        tables = self._segments.tabled
        options = {"jpegtables": self._segments.tables[int(tables[page])]} if tables is not None else {}
        try:
            found, _, _ = decoder_of(self._key)(data, number, **options)
        except (ValueError, RuntimeError, TypeError, IndexError, OverflowError, ImportError) as error:
            raise self._damaged(page, f"segment {number}: {error}") from error
        if found is None or found.ndim != 4 or found.dtype.itemsize != self.dtype.itemsize:
            raise self._damaged(page, f"segment {number} does not have pixels of the type {self.dtype}")
        return found

    def _damaged(self, page: int, what: str) -> UnreadableImageError:
        segments = self._segments
        place = segments.places[0 if segments.files is None else int(segments.files[page])]
        msg = (
            f"Page {page} of the series in {place.url} is damaged: {what}. Expected segments of {self._tile} pixels "
            f"of the type {self.dtype}. Fetch the file anew."
        )
        return UnreadableImageError(msg)

    def _number(self, position: tuple[int, int, int, int]) -> int:
        """Count the segments of a page up to this one, as its tables do."""
        separate, depth, row, column = position
        deep, down, across = (
            -(-size // tile) for size, tile in zip((self._depth, self._height, self._width), self._tile, strict=True)
        )
        return int(((separate * deep + depth) * down + row) * across + column)

    def _find(self, index: tuple[int, ...]) -> tuple[int, tuple[int, int, int, int]]:
        """Give the page of a chunk, and its separate sample, depth, row and column, counted in segments."""
        page = 0
        position = dict.fromkeys(PLANE_ROLES, 0)
        for axis, number in zip(self._axes, index, strict=True):
            rest = number
            for each in reversed(self._stored[axis]):
                if each.role in ("page", "separate"):
                    # Only these share an axis with another one; the grid is 1 along them.
                    rest, here = divmod(rest, each.size)
                    if each.role == "page":
                        page += here * self._strides[each]
                    else:
                        position["separate"] = here
                elif each.role != "sample":
                    position[each.role] = rest
        return page, (position["separate"], position["depth"], position["row"], position["column"])


def _page_strides(stored: Sequence[Stored]) -> dict[Stored, int]:
    """Pages from one position to the next, for each axis along which pages lie."""
    strides, step = {}, 1
    for each in reversed([each for each in stored if each.role == "page"]):
        strides[each] = step
        step *= each.size
    return strides
