"""Files in a zip file, read where they lie: each has an address and is read like any other, so every driver opens it.

``https://host/set.zip!/images/a.tif`` is the member ``images/a.tif`` of ``https://host/set.zip``. In an address, and
not in a path, the name is percent-encoded. A zip file in a zip file has several such marks.
"""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, unquote

from bioimagehub.catalogs.errors import ChangedFileError, MissingFileError, TruncatedFileError, UnreadableZipError
from bioimagehub.catalogs.reader.places import Place
from bioimagehub.catalogs.reader.recent import Recent
from bioimagehub.catalogs.reader.zip_directory import MARK, Member, is_zipped, read_directory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bioimagehub.catalogs.reader.versions import Dataset, Version

WHOLE = 4 * 2**20
"""Bytes of a stored member up to which it is fetched at once, so that its CRC-32 is checked; larger go by ranges."""

LARGEST = 4 * 2**30
"""Bytes of a member that is unpacked in memory at most."""

KEPT = 128 * 2**20
"""Bytes of members that were read last and stay in memory: drivers read a file in several pieces."""

FRESH = 5.0
"""Seconds for which a directory is taken as it was read by those who do not know the version of a member."""

_HEADER = struct.Struct("<4s5H3L2H")
_SLACK = 1024  # of the extra field, which a member's own header may have longer than the directory
_NEAR = 64 * 2**10  # bytes from the beginning up to which the first read brings the header of the member along
_STORED, _DEFLATED = 0, 8
_recent: Recent[bytes] = Recent(KEPT, len)


class Zip:
    """A zip file with its directory.

    Parameters
    ----------
    place : Place
        The file. Its version is fixed when the directory is read, so bytes of two versions are never mixed.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.members: dict[str, list[Member]] = {}
        for member in read_directory(place):
            self.members.setdefault(member.name, []).append(member)
        self.read_at = time.monotonic()

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

    def read(self, member: Member, start: int, length: int) -> memoryview:
        """Read bytes of a member.

        One that is packed, or has no more than 4 MiB, is read whole, checked, and kept in memory for a while.

        Raises
        ------
        UnreadableZipError
            If it is damaged, encrypted, or packed in a way that is not known.
        """
        if member.method != _STORED or member.size <= WHOLE:
            return memoryview(self.load(member))[start : start + length]
        first: list[memoryview] = []

        def locate() -> int:
            begin, data = self.locate(member, start + length if start <= _NEAR else 0)
            first.append(data)
            return begin

        begin = _begins.find((self.place.url, self.place.version, member.offset), locate)
        if first and start <= _NEAR:
            return first[0][start : start + length]
        return self.place.read(begin + start, length)

    def load(self, member: Member) -> bytes:
        """Read a member, unpack it and check it; one request, unless its own header is unusually long.

        Raises
        ------
        UnreadableZipError
            If it is damaged, encrypted, or packed in a way that is not known.
        """
        return _recent.find((self.place.url, self.place.version, member.offset), lambda: self._unpack(member))

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
        from imagecodecs import DeflateError

        try:
            if member.method == _DEFLATED:
                return _inflated(data, member.size)
            return b"".join(_other_methods(member, data))
        except NotImplementedError as error:
            msg = (
                f"{self._describe(member)} cannot be read in place: it is packed by method {member.method}, which this "
                "Python does not have. Unpack the zip file with 7-Zip, and open the file."
            )
            raise UnreadableZipError(msg) from error
        except DeflateError as error:
            found = f"its packed data are cut off, or give more than is stated ({error})"
            raise self._damaged(member, found) from error
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


def _told(member: Member, packed: int, size: int) -> tuple[int, int, int]:
    """Give what a member's own header tells; it leaves sizes to the extra field where they have more than 32 bits."""
    beyond = 0xFFFFFFFF
    return (
        beyond if packed == beyond else member.packed,
        beyond if size == beyond else member.size,
        member.crc,
    )


def _inflated(data: memoryview, size: int) -> bytes:
    """Unpack Deflate by libdeflate, which takes half the time of zlib and no more room than `size` bytes."""
    import imagecodecs

    # A size of 0 would leave the room open.
    found: Any = imagecodecs.deflate_decode(cast("bytes", data), raw=True, out=max(1, size))
    return bytes(found)


def _other_methods(member: Member, data: memoryview) -> Iterable[bytes]:
    """Unpack by whatever else Python knows, in pieces, so that no more comes than is stated."""
    told = zipfile.ZipInfo(member.name)
    told.compress_type, told.compress_size = member.method, member.packed
    told.file_size, told.CRC = member.size, member.crc
    with zipfile.ZipExtFile(io.BytesIO(data), "r", told) as file:
        while piece := file.read1(4096):
            yield piece


class ZipReader:
    """Reads members of zip files, as `bioimagehub.catalogs.reader.Reader` reads files."""

    def read(
        self,
        url: str,
        start: int | None,
        length: int | None,
        *,
        dataset: Dataset,
        expected: Version | None,
        exact: bool = True,
        edition: str | None = None,  # noqa: ARG002 - as `Reader.read` has it
    ) -> tuple[memoryview, Version]:
        """Read bytes of a member; see `Place.read`. Its version is its CRC-32, wherever the zip file lies.

        Raises
        ------
        UnreadableZipError
            If the zip file or the member is damaged, encrypted, or packed in a way that is not known.
        """
        zipped, member = _find(url, dataset, expected)
        first = 0 if start is None else max(0, member.size + start) if start < 0 else start
        length = max(0, member.size - first) if length is None else length
        if not exact:
            first = min(first, member.size)
            length = min(length, member.size - first)
        if first + length > member.size:
            msg = (
                f"{url} has {member.size:,} bytes; {length:,} from byte {first:,} on were to be read. "
                "It is cut off, or what describes it is of another file: get it again."
            )
            raise TruncatedFileError(msg)
        try:
            return zipped.read(member, first, length), member.version
        except ChangedFileError:
            forget(zipped.place.url)
            raise

    def stat(self, url: str, *, dataset: Dataset, expected: Version | None) -> Version:
        """Give size and version of a member, out of the directory."""
        return _find(url, dataset, expected)[1].version

    def names(self, url: str, *, dataset: Dataset) -> list[str]:
        """List a folder in a zip file: names in it, sorted, those of folders with ``/`` at the end."""
        address, path = _part(url)
        zipped = _open(address, dataset, fresh=True)
        prefix = f"{path}/" if path else ""
        inside = [name for name in zipped.members if name.startswith(prefix)]
        if prefix and not inside:
            msg = f"The zip file {address} has no folder {path!r}. Choose one that it has."
            raise MissingFileError(msg)
        steps = (name.removeprefix(prefix).partition("/") for name in inside)
        return sorted({name + separator for name, separator, _ in steps})


def members_of(place: Place) -> list[tuple[str, Place]]:
    """Give all files in a zip file, or below a folder in one: path and place, in the order of the directory.

    Each has its version; the paths begin at the zip file or the folder.

    Raises
    ------
    UnreadableZipError
        If it is no zip file, or has different members of one name.
    MissingFileError
        If there is no such folder.
    """
    if place.name.lower().endswith(".zip"):
        address, prefix, expected = place.url, "", place.version
    elif is_zipped(place.url):
        address, path = _part(place.url)
        prefix, expected = f"{path}/" if path else "", None
    else:
        msg = f"{place.url} is to be read as a zip file, and its name does not end in .zip. Fetch it, and unpack it."
        raise UnreadableZipError(msg)
    zipped = _open(address, place.dataset, fresh=True, version=expected)
    if not prefix and place.version is None and address == place.url:
        place.version = zipped.place.version
    found = []
    for name in zipped.members:
        if name.startswith(prefix):
            version = zipped.find(name).version
            found.append(
                (name[len(prefix) :], Place(member_url(address, name), dataset=place.dataset, version=version))
            )
    if prefix and not found:
        msg = f"The zip file {address} has no folder {path!r}. Choose one that it has."
        raise MissingFileError(msg)
    return found


def member_url(url: str, name: str) -> str:
    """Give the address of a member of the zip file at an address; empty for the folder that the zip file is.

    Examples
    --------
    >>> member_url("https://example.org/set.zip?key=1", "well A1/1.tif"), member_url("/data/set.zip", "well A1/1.tif")
    ('https://example.org/set.zip!/well%20A1/1.tif?key=1', '/data/set.zip!/well A1/1.tif')
    """
    if "://" not in url:
        return f"{url}!/{name}"
    file, mark, query = url.partition("?")
    return f"{file}!/{quote(name)}{mark}{query}"


def forget(url: str) -> None:
    """Forget the directory and the members that are in memory, so that the zip file at an address is asked again."""
    _opened.drop(lambda key: key == url)
    _recent.drop(lambda key: key[0] == url)
    _begins.drop(lambda key: key[0] == url)


def _find(url: str, dataset: Dataset, expected: Version | None) -> tuple[Zip, Member]:
    address, path = _part(url)
    zipped = _open(address, dataset, fresh=expected is None)
    member = zipped.find(path)
    if expected is not None and expected.differs(member.version):
        forget(address)
        msg = (
            f"{url} is not the version that was expected: {member.version} in place of {expected}. "
            "Index it anew, or get the version that was meant."
        )
        raise ChangedFileError(msg)
    return zipped, member


def _open(address: str, dataset: Dataset, *, fresh: bool, version: Version | None = None) -> Zip:
    """Give a zip file; where it has to be `fresh`, its directory is read again unless that was done just now."""

    def read() -> Zip:
        return Zip(Place(address, dataset=dataset, version=version))

    zipped = _opened.find(address, read)
    known = zipped.place.version
    is_other = version is not None and known is not None and version.differs(known)
    if is_other or (fresh and _is_old(zipped)):
        forget(address)
        zipped = _opened.find(address, read)
    return zipped


def _is_old(zipped: Zip) -> bool:
    found = zipped.place.version
    if zipped.place.near and not is_zipped(zipped.place.url):
        return found is None or found.differs(Place(zipped.place.url, dataset=zipped.place.dataset).stat())
    return time.monotonic() - zipped.read_at > FRESH


def _part(url: str) -> tuple[str, str]:
    """Part the address of the innermost zip file from the name of the member."""
    file, mark, query = url.partition("?") if "://" in url else (url, "", "")
    at = f"{file.lower()}/".rfind(MARK)
    path = file[at + len(MARK) :]
    return f"{file[: at + len(MARK) - 2]}{mark}{query}", unquote(path) if "://" in url else path


_begins: Recent[int] = Recent(10_000, lambda _: 1)
_opened: Recent[Zip] = Recent(2_000_000, lambda zipped: len(zipped.members))
