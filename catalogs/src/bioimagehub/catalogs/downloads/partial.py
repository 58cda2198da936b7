"""A file that is not whole yet, beside the place where it will be."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from zlib_ng import zlib_ng

from bioimagehub.catalogs.downloads.crc import combine_crcs
from bioimagehub.catalogs.downloads.journal import Header, Journal, Piece, read_journal

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.catalogs.reader import Version

_READ = 1 << 20
_MUCH = 32 * 2**20


class Partial:
    """The bytes of a large file that came so far.

    Parameters
    ----------
    file : Path
        The partial file.
    journal : Path
    header : Header
        Which version of which file it is; its version has a size.
    pieces : list of Piece
        What is in it already, checked.

    Attributes
    ----------
    resumed, came : int
        Bytes that were in it at first, and that are in it now.
    """

    def __init__(self, file: Path, journal: Path, header: Header, pieces: list[Piece]) -> None:
        self.file = file
        self.header = header
        self.resumed = sum(piece.stop - piece.start for piece in pieces)
        self._pieces = list(pieces)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | (0 if pieces else os.O_TRUNC)
        self.descriptor = os.open(file, flags, 0o666)
        os.ftruncate(self.descriptor, self.size)
        self.journal = Journal(journal, header, pieces)
        self.abandoned = False
        self._closing = threading.Lock()
        self._open = True
        self._unsynced = 0
        self._synced = time.monotonic()
        self._counting = threading.Lock()
        self.came = self.resumed

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.header.version.size or 0

    def write(self, data: memoryview, start: int) -> None:
        """Keep bytes, and note them."""
        left, at = data, start
        while left:
            count = os.pwrite(self.descriptor, left, at)
            left, at = left[count:], at + count
        piece = Piece(start, start + len(data), zlib_ng.crc32(data))
        self.journal.note(piece.start, piece.stop, piece.crc)
        with self._counting:
            self._pieces.append(piece)
            self.came += len(data)
            self._unsynced += len(data)

    def crc(self) -> int:
        """Give the CRC-32 of the whole file, out of those of its pieces.

        Raises
        ------
        ValueError
            If they do not make the whole file.
        """
        pieces = sorted(self._pieces, key=lambda piece: piece.start)
        if missing_ranges(pieces, self.size) or sum(piece.stop - piece.start for piece in pieces) != self.size:
            msg = f"The pieces of {self.file} do not make a whole file. Fetch it again, and report this."
            raise ValueError(msg)
        return combine_crcs((piece.crc, piece.stop - piece.start) for piece in pieces)

    def sync(self) -> None:
        """Have the system write to the disk what came since the last time."""
        with self._closing:
            if self._open and self._unsynced:
                self._unsynced = 0
                os.fdatasync(self.descriptor)
                self.journal.sync()

    def sync_now_and_then(self) -> None:
        """Have it on the disk if a second has passed or much has come: then little is left to wait for at the end."""
        if self._unsynced >= _MUCH or (self._unsynced and time.monotonic() - self._synced >= 1.0):
            self._synced = time.monotonic()
            self.sync()

    def close(self) -> None:
        """Leave it as it is, for the next time; nobody may write any more."""
        with self._closing:
            if self._open:
                self._open = False
                os.close(self.descriptor)
                self.journal.close()

    def abandon(self) -> None:
        """Throw away what came: it is of a version that is no more.

        It stays open until `close`: who still writes, writes into a file that nobody can see.
        """
        self.abandoned = True
        self.file.unlink(missing_ok=True)
        self.journal.file.unlink(missing_ok=True)


def resume_partial(file: Path, journal: Path, path: str) -> tuple[Header, list[Piece]] | None:
    """Tell what is good of a partial file, by reading it; None where there is none to go on with.

    Parameters
    ----------
    file, journal : Path
    path : str
        Path of the file in the dataset: what is there of another file is not taken.
    """
    found = read_journal(journal)
    if found is None or found[0].path != path:
        return None
    header, pieces = found
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        return header, [piece for piece in pieces if _is_good(descriptor, piece)]
    finally:
        os.close(descriptor)


def missing_ranges(pieces: list[Piece], size: int) -> list[tuple[int, int]]:
    """Give what lies between pieces that do not overlap.

    Examples
    --------
    >>> missing_ranges([Piece(0, 4, 0), Piece(6, 8, 0)], 10)
    [(4, 6), (8, 10)]
    """
    gaps, at = [], 0
    for piece in sorted(pieces, key=lambda each: each.start):
        if piece.start > at:
            gaps.append((at, piece.start))
        at = piece.stop
    if at < size:
        gaps.append((at, size))
    return gaps


def _is_good(descriptor: int, piece: Piece) -> bool:
    crc, at = 0, piece.start
    while at < piece.stop:
        data = os.pread(descriptor, min(_READ, piece.stop - at), at)
        if not data:
            return False
        crc = zlib_ng.crc32(data, crc)
        at += len(data)
    return crc == piece.crc


def same_version(mine: Version, other: Version) -> bool:
    """Tell whether both are surely the same: size, and the strong entity tag, or else the date of change, agree."""
    if mine.size != other.size:
        return False
    if mine.etag is not None and other.etag is not None:
        return mine.etag == other.etag
    return mine.modified is not None and mine.modified == other.modified
