"""Bytes of a file that is scanned: each is fetched once, in pieces that are worth a request."""

from __future__ import annotations

import bisect
import io
import threading
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from bioimagehub.catalogs.errors import TruncatedFileError, UnreadableImageError
from bioimagehub.catalogs.reader import Place

WINDOW = 16 * 2**10
"""Bytes fetched where a directory begins: most have their values within."""


class Source:
    """A file, and what was read of it so far. Safe to share between threads.

    Parameters
    ----------
    place : Place
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.size = 0
        self._starts: list[int] = []
        self._pieces: list[bytes] = []
        self._coming: list[tuple[int, int]] = []
        self._lock = threading.Condition(threading.Lock())

    def begin(self) -> None:
        """Read the first bytes, and find out how long the file is."""
        known = self.place.version.size if self.place.version is not None else None
        try:
            head = self.place.read(0, WINDOW if known is None else min(WINDOW, known))
        except TruncatedFileError:
            # A small file, whose length the address does not tell.
            head = self.place.read()
        size = self.place.version.size if self.place.version is not None else None
        if size is None:
            size = self.place.stat().size
        if size is None:
            head = self.place.read()
            size = len(head)
        self.size = size
        self._keep(0, bytes(head[:size]))

    def available(self, start: int, length: int) -> memoryview:
        """Give those bytes that were read before, up to the first that was not."""
        with self._lock:
            number = bisect.bisect_right(self._starts, start) - 1
            if number < 0:
                return memoryview(b"")
            offset = start - self._starts[number]
            return memoryview(self._pieces[number])[offset : offset + length]

    def cached(self, start: int, length: int) -> memoryview | None:
        """Give bytes if all of them were read before."""
        found = self.available(start, length)
        return found if len(found) == length else None

    def fetch(self, start: int, length: int, *, before: int = 0, after: int = 0) -> memoryview:
        """Give bytes, from the store if they were not read before, and then with some of those around them.

        Raises
        ------
        UnreadableImageError
            If they lie beyond the end of the file.
        """
        found = self.cached(start, length)
        if found is not None:
            return found
        if start < 0 or start + length > self.size:
            msg = (
                f"{self.place.url} is no whole TIFF: its directories point to the bytes {start} to {start + length}, "
                f"and it has {self.size}. Fetch the file anew."
            )
            raise UnreadableImageError(msg)
        begin, end = max(0, start - before), min(self.size, start + length + after)
        if not self._claim(begin, end, start, start + length):
            # Another thread was fetching just these bytes; if it failed, they are asked for once more.
            return self.fetch(start, length, before=before, after=after)
        try:
            data = bytes(self.place.read(begin, end - begin))
            self._keep(begin, data)
        finally:
            with self._lock:
                self._coming.remove((begin, end))
                self._lock.notify_all()
        return memoryview(data)[start - begin : start - begin + length]

    def _claim(self, begin: int, end: int, start: int, stop: int) -> bool:
        """Note that this thread fetches `begin` to `end`; or wait, if another one fetches `start` to `stop`."""
        with self._lock:
            waited = False
            while any(first <= start and stop <= last for first, last in self._coming):
                waited = True
                self._lock.wait()
            if not waited:
                self._coming.append((begin, end))
            return not waited

    def _keep(self, start: int, data: bytes) -> None:
        """Remember bytes; pieces that overlap or touch become one."""
        with self._lock:
            first = bisect.bisect_left(self._starts, start)
            if first and self._starts[first - 1] + len(self._pieces[first - 1]) >= start:
                first -= 1
            last = bisect.bisect_right(self._starts, start + len(data))
            if first == last:
                self._starts.insert(first, start)
                self._pieces.insert(first, data)
                return
            begin = min(start, self._starts[first])
            end = max(start + len(data), self._starts[last - 1] + len(self._pieces[last - 1]))
            joined = bytearray(end - begin)
            for at, piece in [*zip(self._starts[first:last], self._pieces[first:last], strict=True), (start, data)]:
                joined[at - begin : at - begin + len(piece)] = piece
            self._starts[first:last] = [begin]
            self._pieces[first:last] = [bytes(joined)]


def beside(place: Place, name: str) -> Place:
    """Give a file in the same folder.

    Parameters
    ----------
    place : Place
    name : str
        As another file calls it, so it is not trusted to lead nowhere else.

    Raises
    ------
    UnreadableImageError
        If it is no name of a file beside this one, or below.
    """
    steps = PurePosixPath(name.replace("\\", "/")).parts
    if not steps or steps[0] == "/" or ".." in steps:
        msg = f"{place.url} names a file of its set {name!r}, which is not beside it. Expected a plain name."
        raise UnreadableImageError(msg)
    path, mark, query = (place.url, "", "") if place.near else place.url.partition("?")
    relative = "/".join(steps) if place.near else quote("/".join(steps))
    return Place(f"{path.rpartition('/')[0]}/{relative}{mark}{query}", dataset=place.dataset)


def file_name(place: Place) -> str:
    """Give the name of a file, as files call one another."""
    return place.name if place.near else unquote(place.url.partition("?")[0].rpartition("/")[2])


class _RawSource(io.RawIOBase):
    """A source as an unbuffered file; a read ends where the cached bytes end."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = (0, self._position, self._source.size)[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), max(0, self._source.size - self._position))
        if not wanted:
            return 0
        found = self._source.available(self._position, wanted)
        if not len(found):
            self._source.fetch(self._position, 1, after=max(wanted, WINDOW) - 1)
            found = self._source.available(self._position, wanted)
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)


def open_source(source: Source) -> io.BufferedReader:
    """Give a source as a file that a library reads; what is not cached is fetched."""
    return io.BufferedReader(_RawSource(source), 512)
