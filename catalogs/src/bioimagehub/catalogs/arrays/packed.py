"""Arrays in a file that is compressed as one stream, which gives no way to a part but through all before it."""

from __future__ import annotations

import bz2
import os
import threading
import zlib
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bioimagehub.catalogs.arrays.pixels import Pixels, Reading
from bioimagehub.catalogs.arrays.selection import take
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.raw import RawPixels
    from bioimagehub.catalogs.arrays.selection import Selection
    from bioimagehub.catalogs.arrays.work import Job

Codec = Literal["gzip", "bzip2"]

PART = 4 * 2**20
"""Bytes of the compressed file that one request fetches; several are fetched while one is unpacked."""

SLICE = 2**18
"""Bytes that the codec is given at a time: what it has not used yet, it copies."""

STEP = 2**20
"""Bytes that are unpacked at a time, so that what does not fit in is noticed before it fills the memory."""


class PackedPixels(Pixels):
    """An array in a compressed file: unpacked whole when it is first read, and kept in memory from then on.

    Parts of the file are fetched at once and unpacked in their order as they come. A pickled copy does not take the
    pixels along, and unpacks them anew.

    Parameters
    ----------
    raw : RawPixels
        The array as it lies in the unpacked file.
    codec : {"gzip", "bzip2"}
        Several streams one behind another count as one.
    start : int
        Byte of the file where the compressed stream begins.
    slack : int
        Bytes that may follow the array in the unpacked file and are left out.

    Raises
    ------
    UnreadableImageError
        On reading, if the file is damaged, is cut, or does not unpack to the array; or is larger than the memory.
    """

    def __init__(self, raw: RawPixels, codec: Codec, start: int = 0, slack: int = 0) -> None:
        self._raw, self._codec, self._start, self._slack = raw, codec, start, slack
        self.shape, self.dtype, self.near = raw.shape, raw.dtype, raw.near
        self.chunks = tuple(max(1, size) for size in raw.shape)
        self.token = f"{raw.token}|{codec}|{start}"
        self._kept: NDArray[Any] | None = None

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give jobs that fetch the parts of the file; the one that unpacks the last fills the result."""
        if self._kept is not None:
            yield lambda: self._fill(selection, out)
            return
        where, needed = self._raw.place.url, self._raw.end
        _check_memory(needed, where)
        stream = _Stream(self._codec, needed, self._slack, where, whole=lambda data: self._keep(data, selection, out))
        size = self._file_size()
        starts = range(self._start, size, PART)
        if not starts:
            stream.put(0, memoryview(b""), last=True)
        for number, start in enumerate(starts):
            yield self._fetching(stream, number, start, min(PART, size - start), last=number == len(starts) - 1)

    def foresee(self, selection: Selection) -> Reading:  # noqa: ARG002 - any part takes the whole
        """Count the parts of the file; none once it is unpacked."""
        if self._kept is not None:
            return Reading(0, 0, exact=True)
        size = self._file_size() - self._start
        return Reading(-(-size // PART), size, exact=True)

    def _fetching(self, stream: _Stream, number: int, start: int, length: int, *, last: bool) -> Job:
        return lambda: stream.put(number, self._raw.place.read(start, length), last=last)

    def _file_size(self) -> int:
        place = self._raw.place
        size = place.version.size if place.version is not None else None
        size = place.stat().size if size is None else size
        if size is None:
            msg = (
                f"The size of {place.url} is not known: its store does not tell it. Fetch the file, and open the copy."
            )
            raise UnreadableImageError(msg)
        return size

    def _keep(self, data: NDArray[np.uint8], selection: Selection, out: NDArray[Any]) -> None:
        raw = self._raw
        self._kept = np.ndarray(raw.shape, raw.stored, data.data, offset=raw.offset, strides=raw.strides)
        self._fill(selection, out)

    def _fill(self, selection: Selection, out: NDArray[Any]) -> None:
        kept = self._kept
        if kept is not None:
            out[...] = self._raw.convert(take(kept, selection))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_kept": None}


class _Stream:
    """Unpacks parts of a compressed file in their order, in the thread of whoever brings the next one.

    Parameters
    ----------
    codec : Codec
    needed, slack : int
        Bytes that it has to unpack to, and how many more are let pass.
    where : str
        What the file is called in an error.
    whole : callable
        Called with the unpacked bytes after the last part.
    """

    def __init__(
        self, codec: Codec, needed: int, slack: int, where: str, *, whole: Callable[[NDArray[np.uint8]], None]
    ) -> None:
        self._codec, self._slack, self._where, self._whole = codec, slack, where, whole
        self._bytes: NDArray[np.uint8] = np.empty(needed, np.uint8)
        self._filled = 0
        self._unpacker = _Unpacker(codec)
        self._waiting: dict[int, tuple[memoryview, bool]] = {}
        self._next = 0
        self._turn = threading.Lock()

    def put(self, number: int, data: memoryview, *, last: bool) -> None:
        """Take a part; unpack it if it is the next one, and those that waited for it."""
        with self._turn:
            self._waiting[number] = (data, last)
            while self._next in self._waiting:
                data, last = self._waiting.pop(self._next)
                self._next += 1
                self._unpack(data)
                if last:
                    self._finish()

    def _unpack(self, data: memoryview) -> None:
        try:
            for piece in self._unpacker.pieces(data):
                self._append(piece)
        except (OSError, EOFError, zlib.error) as error:
            msg = f"{self._where} cannot be unpacked: {error}. Expected a whole {self._codec} file. Fetch it anew."
            raise UnreadableImageError(msg) from error

    def _append(self, piece: bytes) -> None:
        room = len(self._bytes) - self._filled
        if len(piece) > room + self._slack:
            msg = (
                f"{self._where} unpacks to more than the {len(self._bytes)} bytes that its header tells of. "
                "Nothing of it is left out silently: correct the header, or fetch the file anew."
            )
            raise UnreadableImageError(msg)
        taken = min(room, len(piece))
        self._bytes[self._filled : self._filled + taken] = np.frombuffer(piece, np.uint8, taken)
        self._filled += taken
        self._slack -= len(piece) - taken

    def _finish(self) -> None:
        if self._filled < len(self._bytes) or not self._unpacker.complete:
            msg = (
                f"{self._where} ends too early: it unpacks to {self._filled} bytes, and its header tells of "
                f"{len(self._bytes)}. Fetch the file anew."
            )
            raise UnreadableImageError(msg)
        self._whole(self._bytes)


class _Unpacker:
    """Undoes a codec piece by piece, also over several streams one behind another."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._begin()

    def _begin(self) -> None:
        self._one: Any = zlib.decompressobj(zlib.MAX_WBITS | 16) if self._codec == "gzip" else bz2.BZ2Decompressor()
        self._begun = False

    @property
    def complete(self) -> bool:
        """Whether the stream that was begun last has ended."""
        return bool(self._one.eof) or not self._begun

    def pieces(self, data: bytes | memoryview) -> Iterator[bytes]:
        """Unpack what comes next, at most `STEP` bytes at a time."""
        for start in range(0, len(data), SLICE):
            yield from self._unpack(bytes(data[start : start + SLICE]))

    def _unpack(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._one.eof:
                # Zeros are what tapes and block devices fill up with.
                if not data.strip(b"\0"):
                    return
                self._begin()
            self._begun = True
            yield self._one.decompress(data, STEP)
            while self._has_more():
                yield self._one.decompress(self._left(), STEP)
            data = self._one.unused_data

    def _has_more(self) -> bool:
        if self._one.eof:
            return False
        return bool(self._one.unconsumed_tail) if self._codec == "gzip" else not self._one.needs_input

    def _left(self) -> bytes:
        return bytes(self._one.unconsumed_tail) if self._codec == "gzip" else b""


def unpack_head(data: bytes | memoryview, codec: Codec, length: int) -> bytes:
    """Unpack the first bytes of a compressed file from its beginning.

    Parameters
    ----------
    data : bytes-like
        Beginning of the file.
    codec : {"gzip", "bzip2"}
    length : int
        Bytes wanted.

    Returns
    -------
    bytes
        At most `length`; fewer where `data` does not hold more.

    Raises
    ------
    zlib.error, OSError
        If it is not of that codec.

    Examples
    --------
    >>> import gzip
    >>> unpack_head(gzip.compress(b"header and pixels"), "gzip", 6)
    b'header'
    """
    found = b""
    for piece in _Unpacker(codec).pieces(data):
        found += piece
        if len(found) >= length:
            break
    return found[:length]


def find_codec(data: bytes | memoryview) -> Codec | None:
    """Tell by its first bytes how a file is compressed; None where it is not."""
    beginning = bytes(data[:3])
    return "gzip" if beginning == b"\x1f\x8b\x08" else "bzip2" if beginning == b"BZh" else None


def _check_memory(needed: int, where: str) -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        msg = (
            f"{where} unpacks to {needed} bytes, and this machine has {memory} bytes of memory. "
            "Unpack the file on disk, and open that: of a plain file only what is wanted is read."
        )
        raise UnreadableImageError(msg)
