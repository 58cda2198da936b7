"""The directory at the end of a zip file: which members it has, and where each lies."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import ReadError, UnreadableZipError
from bioimagehub.catalogs.reader.versions import Version

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from bioimagehub.catalogs.reader.places import Place

MARK = ".zip!/"
"""What parts the address of a zip file from the name of a member."""

TAIL = 128 * 2**10
"""Bytes at the end that are read first: they hold the directory of about 1,500 members, after any comment."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a zip file.

    Attributes
    ----------
    name : str
        As the directory has it; nothing keeps it from being absolute or from having ``..`` in it.
    offset : int
        Byte where its own header begins.
    until : int
        Byte where the next member, or the directory, begins.
    packed, size : int
        Bytes in the zip file, and unpacked.
    crc : int
        CRC-32 of the unpacked bytes.
    method : int
        0 for bytes that are stored as they are, 8 for Deflate.
    flags : int
        Bit 0 stands for encryption, bit 3 for sizes that follow the data.
    """

    name: str
    offset: int
    until: int
    packed: int
    size: int
    crc: int
    method: int
    flags: int

    @property
    def version(self) -> Version:
        """Version that its content has, wherever the zip file lies."""
        return Version(self.size, f'"crc32-{self.crc:08x}"')


def is_zipped(url: str) -> bool:
    """Tell whether an address leads into a zip file.

    Examples
    --------
    >>> is_zipped("https://example.org/set.ZIP!/images/a.tif"), is_zipped("/data/set.zip")
    (True, False)
    """
    file = url.partition("?")[0] if "://" in url else url
    return MARK in f"{file.lower()}/"


def read_directory(place: Place) -> list[Member]:
    """Read the members of a zip file, in the order of its directory, without folders.

    One request where the directory is shorter than 128 KiB, else two.

    Raises
    ------
    UnreadableZipError
        If it is no zip file, is cut off, or is one of several volumes.
    ReadError
        If the bytes cannot be had.

    References
    ----------
    PKWARE, .ZIP File Format Specification, version 6.3.10.
    """
    window = _Window(place)
    try:
        with zipfile.ZipFile(window) as file:  # type: ignore[arg-type,unused-ignore]
            found, end = file.infolist(), file.start_dir
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OSError) as error:
        if window.failed is not None:
            raise window.failed from None
        msg = (
            f"{place.url} cannot be read as a zip file: {error}. Expected one that is whole, with its directory at the "
            "end. Check the address; if it was downloaded, fetch it anew."
        )
        raise UnreadableZipError(msg) from error
    if any(one.volume for one in found):
        msg = f"{place.url} is one of several volumes of a zip file, which cannot be read in place. Join them first."
        raise UnreadableZipError(msg)
    return _members(found, end)


def _members(found: list[zipfile.ZipInfo], end: int) -> list[Member]:
    until = {}
    for one in sorted(found, key=lambda one: one.header_offset, reverse=True):
        if one.header_offset < end:
            until[one.header_offset] = end
            end = one.header_offset
    return [
        Member(
            one.filename,
            one.header_offset,
            until.get(one.header_offset, one.header_offset),
            one.compress_size,
            one.file_size,
            one.CRC,
            one.compress_type,
            one.flag_bits,
        )
        for one in found
        if not one.is_dir()
    ]


class _Window(io.RawIOBase):
    """A zip file as its parser wants it: the end is read at once, anything before it by a request of its own."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.failed: ReadError | None = None
        self._tail = bytes(place.read(-TAIL))
        size = place.version.size if place.version is not None else None
        self._size = place.stat().size or 0 if size is None else size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        at = offset + (0, self._at, self._size)[whence]
        if at < 0:
            msg = f"it has {self._size} bytes, too few for what its end tells"
            raise OSError(msg)
        self._at = at
        return at

    def readinto(self, into: WriteableBuffer) -> int:
        wanted = memoryview(into).cast("B")
        count = max(0, min(len(wanted), self._size - self._at))
        begin = self._at - (self._size - len(self._tail))
        outside = count > 0 and begin < 0
        wanted[:count] = self._fetch(count) if outside else self._tail[begin : begin + count]
        self._at += count
        return count

    def _fetch(self, count: int) -> memoryview:
        try:
            return self._place.read(self._at, count)
        except ReadError as error:
            self.failed = error
            raise
