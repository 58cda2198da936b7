"""Frames of ND2 files: where they lie, and how they are decoded.

Source: the format as nd2 describes it, https://github.com/tlambert03/nd2, module _parse/_chunk_decode.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.pixels import ChunkedPixels, Part
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bioimagehub.catalogs.reader import Place

_HEADER = struct.Struct("<IIQ")
_MAGIC = 0x0ABECEDA
_MAP_NAME = b"ND2 FILEMAP SIGNATURE NAME 0001!"
_MAP_END = b"ND2 CHUNK MAP SIGNATURE 0000001!"
_OLD = b"\0\0\0\x0c"
_FRAME = b"ImageDataSeq|"


def list_frames(file: Any) -> dict[int, tuple[int, int]]:
    """Read the chunk map: first byte of the chunk of each frame, and bytes up to the next chunk.

    The map holds, for each chunk, its name up to an exclamation mark, where it starts and a length, which is not used:
    what it counts differs from file to file.
    """
    end = file.seek(0, 2)
    if _read(file, 0, 4) == _OLD:
        msg = "it is older than NIS-Elements 3 and holds JPEG 2000, which is not read"
        raise ValueError(msg)
    tail = _read(file, max(0, end - 40), 40)
    if tail[:32] != _MAP_END:
        msg = "the chunk map is missing at its end"
        raise ValueError(msg)
    (where,) = struct.unpack("<Q", tail[32:])
    magic, reserved, length = _HEADER.unpack(_read(file, where, _HEADER.size))
    if magic != _MAGIC or length > end:
        msg = "the chunk map is not where the end of the file has it"
        raise ValueError(msg)
    data, at = _read(file, where + _HEADER.size, reserved + length), reserved
    if not data.startswith(_MAP_NAME):
        msg = "the chunk map has another name"
        raise ValueError(msg)
    starts: dict[bytes, int] = {}
    while (name := data[at : (mark := data.index(b"!", at) + 1)]) != _MAP_END:
        starts[name] = struct.unpack("<Q", data[mark : mark + 8])[0]
        at = mark + 16
    frames = {int(name[len(_FRAME) : -1]): start for name, start in starts.items() if name.startswith(_FRAME)}
    ordered = sorted({*starts.values(), where})
    following = dict(itertools.pairwise(ordered))
    return {number: (start, following.get(start, end) - start) for number, start in frames.items()}


def _read(file: Any, start: int, length: int) -> bytes:
    file.seek(start)
    return bytes(file.read(length))


class FramePixels(ChunkedPixels):
    """The frames of a position. A chunk has all channels of a plane, as a frame has.

    Parameters
    ----------
    place : Place
    facts : mapping
        ``loops``: number of steps of each, the slowest first; ``frame``: its sizes and type; ``channels``: names.
    starts, lengths : array of int64
        First byte, and number of bytes to read, of the chunk of each frame; -1 for one that was never taken.
    position : int
        Stage position.
    """

    def __init__(
        self,
        place: Place,
        facts: Mapping[str, Any],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        position: int,
    ) -> None:
        loops, frame = facts["loops"], facts["frame"]
        self.place, self._frame, self._position = place, frame, position
        self._stored = np.dtype(frame["dtype"])
        numbers = np.arange(len(starts)).reshape(tuple(loops.values()))
        if "position" in loops:
            numbers = np.take(numbers, position, axis=list(loops).index("position"))
        names = [name for name in loops if name != "position"]
        order = sorted(range(len(names)), key=lambda axis: "tz".index(names[axis]))
        self.numbers = numbers.transpose(order)
        self.starts, self._lengths = starts[self.numbers], lengths[self.numbers]
        sizes = dict(zip(sorted(names, key="tz".index), self.numbers.shape, strict=True))
        sizes |= {"c": frame["components"], "y": frame["height"], "x": frame["width"]}
        self.axes = tuple(name for name in "tczyx" if name in sizes and (name != "c" or facts["channels"]))
        self.shape = tuple(sizes[name] for name in self.axes)
        self.grid = tuple(1 if name in "tz" else sizes[name] for name in self.axes)
        self.chunks = self.grid
        self.dtype = self._stored.newbyteorder("=")
        self.near = place.near
        self.token = "|".join(map(repr, (place.url, place.version, "nd2", position)))

    def _at(self, index: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(at for at, name in zip(index, self.axes, strict=True) if name in "tz")

    def locate(self, index: tuple[int, ...]) -> Part | None:
        """Give the whole chunk of the frame, with its header."""
        at = self._at(index)
        start = int(self.starts[at])
        return None if start < 0 else Part(self.place, start, int(self._lengths[at]))

    def decode(self, data: memoryview, index: tuple[int, ...]) -> NDArray[Any]:
        """Check the header of a frame, inflate it, and put its channels first."""
        number = int(self.numbers[self._at(index)])
        frame = self._frame
        magic, reserved, length = _HEADER.unpack(data[: _HEADER.size])
        name = bytes(data[_HEADER.size : _HEADER.size + 64])
        if magic != _MAGIC or not name.startswith(_FRAME + b"%d!" % number):
            raise UnreadableImageError(self._damaged(number, "is not where the chunk map of the file has it"))
        start = _HEADER.size + reserved
        samples = data[start + 8 : start + length]
        if frame["deflated"]:
            try:
                samples = memoryview(zlib.decompress(samples))
            except zlib.error as error:
                raise UnreadableImageError(self._damaged(number, f"cannot be inflated ({error})")) from error
        height, width, components, row = (frame[key] for key in ("height", "width", "components", "row_bytes"))
        needed = frame_bytes(frame)
        if len(samples) < needed:
            raise UnreadableImageError(self._damaged(number, f"has {len(samples)} bytes instead of {needed}"))
        itemsize = self._stored.itemsize
        strides = (row, components * itemsize, itemsize)
        found: NDArray[Any] = np.ndarray((height, width, components), self._stored, samples, strides=strides)
        return found.transpose(2, 0, 1).reshape(self.grid)

    def _damaged(self, number: int, what: str) -> str:
        return (
            f"Frame {number} of {self.place.url} {what}. The file is damaged, or is not the one that was indexed. "
            "Fetch it anew, or index it anew with `bioimagehub catalog index`."
        )


def reserved_bytes(file: Any, frames: dict[int, tuple[int, int]]) -> int:
    """Bytes from the start of the chunk of a frame to its first sample: header, name, and time in eight bytes."""
    start, _ = next(iter(frames.values()), (0, 0))
    _, reserved, _ = _HEADER.unpack(_read(file, start, _HEADER.size))
    return _HEADER.size + int(reserved) + 8


def frame_bytes(frame: Mapping[str, Any]) -> int:
    """Bytes from the first to the last sample of a raw frame."""
    width = frame["width"] * frame["components"] * np.dtype(frame["dtype"]).itemsize
    return int((frame["height"] - 1) * frame["row_bytes"] + width)
