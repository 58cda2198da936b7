"""Files in a zip file, read where they lie: each is a place like any other, so every driver opens it."""

from __future__ import annotations

import io
import itertools
import struct
import threading
import zipfile
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from bioimagehub.catalogs.errors import ChangedFileError, MissingFileError, TruncatedFileError, UnreadableZipError
from bioimagehub.catalogs.reader.places import Place
from bioimagehub.catalogs.reader.recent import Recent
from bioimagehub.catalogs.reader.zip_directory import Member, read_directory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import WriteableBuffer

    from bioimagehub.catalogs.layouts import Layout
    from bioimagehub.catalogs.reader.versions import Dataset, Version

MARK = ".zip!/"
"""What parts the address of a zip file from the name of a member, as in ``https://host/set.zip!/images/a.tif``."""

WHOLE = 4 * 2**20
"""Bytes of a stored member up to which it is fetched at once, so that its CRC-32 is checked; larger go by ranges."""

LARGEST = 4 * 2**30
"""Bytes of a member that is unpacked in memory at most."""

KEPT = 128 * 2**20
"""Bytes of members that were read last and stay in memory: drivers read a file in several pieces."""

_HEADER = struct.Struct("<4s5H3L2H")
_SLACK = 1024  # of the extra field, which a member's own header may have longer than the directory
_STORED, _DEFLATED = 0, 8
_recent: Recent[bytes] = Recent(KEPT, len)
_numbers = itertools.count()


class Zip:
    """A zip file, of which the directory is read when a member is first looked for.

    Parameters
    ----------
    place : Place
        The file; its version is fixed by the first read, so bytes of two versions are never mixed.
    members : iterable of Member or None
        Its directory, where it is known.
    """

    def __init__(self, place: Place, members: Iterable[Member] | None = None) -> None:
        self.place = place
        self._members = None if members is None else _by_name(members)
        self._reading = threading.Lock()
        self._number = next(_numbers)

    @property
    def members(self) -> dict[str, list[Member]]:
        """Its members by name, in the order of its directory; a name may be there more than once."""
        if self._members is None:
            with self._reading:
                if self._members is None:
                    self._members = _by_name(read_directory(self.place))
        return self._members

    def find(self, name: str) -> Member:
        """Give a member by its name.

        Raises
        ------
        MissingFileError
            If there is none.
        UnreadableZipError
            If there are several that differ.
        """
        found = self.members.get(name)
        if not found:
            names = ", ".join(sorted(self.members)[:10]) or "nothing"
            msg = f"The zip file {self.place.url} has no member {name!r}. It has {names}. Choose one of its members."
            raise MissingFileError(msg)
        if any(member.version != found[0].version for member in found):
            msg = (
                f"The zip file {self.place.url} has {len(found)} different members of the name {name!r}, so it is not "
                "known which is meant. Unpack it, and choose one of them."
            )
            raise UnreadableZipError(msg)
        return found[-1]

    def load(self, member: Member) -> bytes:
        """Read a member, unpack it and check it; one request, unless its own header is unusually long.

        Raises
        ------
        UnreadableZipError
            If it is damaged, encrypted, or packed in a way that is not known.
        """
        return _recent.find((self._number, member.offset), lambda: self._unpack(member))

    def locate(self, member: Member, wanted: int) -> tuple[int, memoryview]:
        """Tell where the data of a member begin, and give its first `wanted` bytes as they are packed."""
        self._refuse(member)
        first = min(_HEADER.size + len(member.name.encode()) + _SLACK + wanted, member.until - member.offset)
        data = self.place.read(member.offset, first)
        if len(data) < _HEADER.size or bytes(data[:4]) != b"PK\x03\x04":
            raise self._damaged(member, "its own header is not where the directory says")
        _, _, flags, method, _, _, crc, packed, size, name, extra = _HEADER.unpack_from(data)
        told = (packed, size, crc)
        if method != member.method or (not flags & 8 and told != _told(member, packed, size)):
            raise self._damaged(member, "its own header and the directory disagree")
        begin = _HEADER.size + name + extra
        if begin + member.packed > member.until - member.offset:
            raise self._damaged(member, "it reaches into the next member")
        if begin + wanted > len(data):
            return member.offset + begin, self.place.read(member.offset + begin, wanted)
        return member.offset + begin, data[begin : begin + wanted]

    def _unpack(self, member: Member) -> bytes:
        data = self.locate(member, member.packed)[1]
        found = bytes(data) if member.method == _STORED else self._inflate(member, data)
        if len(found) != member.size or zlib.crc32(found) != member.crc:
            raise self._damaged(member, f"its {len(found)} bytes do not have the length and the CRC-32 that are stated")
        return found

    def _inflate(self, member: Member, data: memoryview) -> bytes:
        try:
            if member.method == _DEFLATED:
                machine = zlib.decompressobj(-zlib.MAX_WBITS)
                found = machine.decompress(data, member.size + 1)
                if not machine.eof:
                    raise self._damaged(member, "its packed data are cut off, or give more than is stated")
                return found
            return b"".join(_other_methods(member, data))
        except NotImplementedError as error:
            msg = (
                f"{self._describe(member)} cannot be read in place: it is packed by method {member.method}, which this "
                "Python does not have. Unpack the zip file with 7-Zip, and open the file."
            )
            raise UnreadableZipError(msg) from error
        except (zlib.error, OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
            raise self._damaged(member, str(error)) from error

    def _refuse(self, member: Member) -> None:
        if member.flags & 0x41:
            msg = (
                f"{self._describe(member)} is encrypted. Unpack the zip file with the password that its authors give, "
                "and open the file."
            )
            raise UnreadableZipError(msg)
        if member.method != _STORED and member.size > LARGEST:
            msg = (
                f"{self._describe(member)} is packed and has {member.size:,} bytes; at most {LARGEST:,} are unpacked "
                "in memory. Unpack the zip file, and open the file."
            )
            raise UnreadableZipError(msg)

    def _damaged(self, member: Member, found: str) -> UnreadableZipError:
        msg = f"{self._describe(member)} is damaged: {found}. Fetch the zip file anew, or ask its authors for it."
        return UnreadableZipError(msg)

    def _describe(self, member: Member) -> str:
        return f"The member {member.name!r} of the zip file {self.place.url}"

    def __getstate__(self) -> dict[str, Any]:
        # A directory is long, and the places that are pickled know their member.
        return {"place": self.place}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["place"])  # type: ignore[misc]


def _by_name(members: Iterable[Member]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for member in members:
        found.setdefault(member.name, []).append(member)
    return found


def _told(member: Member, packed: int, size: int) -> tuple[int, int, int]:
    """Give what a member's own header tells; it leaves sizes to the extra field where they have more than 32 bits."""
    beyond = 0xFFFFFFFF
    return (
        beyond if packed == beyond else member.packed,
        beyond if size == beyond else member.size,
        member.crc,
    )


def _other_methods(member: Member, data: memoryview) -> Iterable[bytes]:
    """Unpack by whatever else Python knows, in pieces, so that no more comes than is stated."""
    told = zipfile.ZipInfo(member.name)
    told.compress_type, told.compress_size = member.method, member.packed
    told.file_size, told.CRC = member.size, member.crc
    with zipfile.ZipExtFile(io.BytesIO(data), "r", told) as file:
        while piece := file.read1(4096):
            yield piece


class ZipPlace(Place):
    """A file or a folder in a zip file; its version is its CRC-32, wherever the zip file lies.

    Parameters
    ----------
    zipped : Zip
    path : str
        Name of the member, or of the folder; empty for the zip file's own.
    member : Member or None
        The member, where it is known already.
    version : Version or None
        Version that the member has to have; None for the one that is found.
    layout : Layout or None
        As in `Place`.
    """

    def __init__(
        self,
        zipped: Zip,
        path: str = "",
        *,
        member: Member | None = None,
        version: Version | None = None,
        layout: Layout | None = None,
    ) -> None:
        place = zipped.place
        super().__init__(place.url, dataset=place.dataset, version=version, layout=layout)
        self.url = f"{place.url}!/{quote(path) if '://' in place.url else path}"
        self.zipped, self.path = zipped, path
        self._member = member
        self._begin: int | None = None
        if member is not None:
            self._fix(member)

    def __truediv__(self, path: str) -> ZipPlace:
        path = unquote(path) if "://" in self.zipped.place.url else path
        return ZipPlace(self.zipped, f"{self.path}/{path}" if self.path else path)

    def read(self, start: int | None = None, length: int | None = None) -> memoryview:
        """Read bytes, by default all; see `Place.read`.

        A member that is packed, or has no more than 4 MiB, is read whole, checked, and kept in memory for a while.

        Raises
        ------
        UnreadableZipError
            If the zip file or the member is damaged, encrypted, or packed in a way that is not known.
        """
        member = self._find()
        start = 0 if start is None else max(0, member.size + start) if start < 0 else start
        length = max(0, member.size - start) if length is None else length
        if start + length > member.size:
            msg = (
                f"{self.url} has {member.size} bytes; {length} from byte {start} on were to be read. "
                "Fetch it anew, or index it anew if it was indexed."
            )
            raise TruncatedFileError(msg)
        if member.method != _STORED or member.size <= WHOLE:
            return memoryview(self.zipped.load(member))[start : start + length]
        if self._begin is None:
            near = start + length if start + length <= WHOLE else 0
            self._begin, data = self.zipped.locate(member, near)
            if near:
                return data[start:]
        return self.zipped.place.read(self._begin + start, length)

    def stat(self) -> Version:
        """Give its size and version, out of the directory."""
        return self._find().version

    def open(self) -> Any:
        """Open as a binary file that can seek."""
        if self._find().method == _STORED:
            return io.BufferedReader(_StoredFile(self), 2**18)
        return io.BytesIO(self.read())

    def names(self) -> list[str]:
        """List a folder: names in it, sorted, those of folders with ``/`` at the end."""
        prefix = f"{self.path}/" if self.path else ""
        inside = [name for name in self.zipped.members if name.startswith(prefix)]
        if prefix and not inside:
            msg = f"The zip file {self.zipped.place.url} has no folder {self.path!r}. Choose one that it has."
            raise MissingFileError(msg)
        steps = (name.removeprefix(prefix).partition("/") for name in inside)
        return sorted({name + separator for name, separator, _ in steps})

    def members(self) -> list[ZipPlace]:
        """Give all files in a folder and the folders below it, in the order of the directory, each name once."""
        prefix = f"{self.path}/" if self.path else ""
        names = [name for name in self.zipped.members if name.startswith(prefix)]
        return [ZipPlace(self.zipped, name, member=self.zipped.find(name)) for name in names]

    @property
    def near(self) -> bool:
        """Whether the zip file lies on this machine."""
        return self.zipped.place.near

    @property
    def name(self) -> str:
        """Last step of the path; of the zip file itself its name."""
        return self.path.rpartition("/")[2] if self.path else self.zipped.place.name

    def _find(self) -> Member:
        return self._fix(self.zipped.find(self.path)) if self._member is None else self._member

    def _fix(self, member: Member) -> Member:
        if self.version is not None and self.version.differs(member.version):
            msg = (
                f"{self.url} is not the version that was expected: {member.version} in place of {self.version}. "
                "Index it anew, or get the version that was meant."
            )
            raise ChangedFileError(msg)
        self._member, self.version = member, member.version
        return member


class _StoredFile(io.RawIOBase):
    """A stored member as a file."""

    def __init__(self, place: ZipPlace) -> None:
        self._place, self._at = place, 0
        self._size = place.stat().size or 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, into: WriteableBuffer) -> int:
        wanted = memoryview(into).cast("B")
        count = max(0, min(len(wanted), self._size - self._at))
        wanted[:count] = self._place.read(self._at, count)
        self._at += count
        return count


def open_zip(place: Place) -> ZipPlace:
    """Give the folder that a zip file is."""
    return ZipPlace(Zip(place))


def open_member(url: str, *, dataset: Dataset | None, version: Version | None, layout: Layout | None) -> Place:
    """Give the place of an address with a ``.zip!/`` in it; in a zip file in a zip file it has several.

    Parameters
    ----------
    url : str
        In an address, and not in a path, the name of the member is percent-encoded.
    dataset, version, layout
        As in `Place`; the version is that of the member.
    """
    address, path = split_address(url)
    encoded = "://" in address
    zipped = Zip(Place(address, dataset=dataset))
    while MARK in path.lower():
        inner, path = split_address(path)
        zipped = Zip(ZipPlace(zipped, unquote(inner) if encoded else inner))
    return ZipPlace(zipped, unquote(path) if encoded else path, version=version, layout=layout)


def split_address(url: str) -> tuple[str, str]:
    """Part the address of a zip file from what is named in it; what has no ``.zip!/`` in it has no second part.

    Examples
    --------
    >>> split_address("https://example.org/set.ZIP!/images/a.tif")
    ('https://example.org/set.ZIP', 'images/a.tif')
    >>> split_address("/data/a.tif")
    ('/data/a.tif', '')
    """
    at = url.lower().find(MARK)
    return (url, "") if at < 0 else (url[: at + 4], url[at + len(MARK) :])
