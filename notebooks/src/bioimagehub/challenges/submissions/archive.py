"""Unpacks a zip file into a folder: nothing outside it, and no more than its caps.

Sizes and sums that the file states are not trusted: bytes are counted as they are unpacked. Archives within it are
files like others and are not opened.

References
----------
PKWARE, .ZIP File Format Specification, version 6.3.10; Fifield, "A better zip bomb", WOOT 2019.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from bioimagehub.challenges.submissions.names import find_clashes, is_junk, wrong_with
from bioimagehub.challenges.submissions.report import Problem, clean

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.challenges.submissions.expected import Caps

_PART = 2**20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END, _END64, _LOCATOR64, _MEMBER = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_AGAIN = "Make the zip file anew, of plain files, such as with shutil.make_archive(name, 'zip', folder)."


def is_zip(path: Path) -> bool:
    """Tell by its first bytes whether a file is a zip file (an .npz file is one)."""
    with path.open("rb") as file:
        return file.read(4) in {b"PK\x03\x04", _END}


def unpack(path: Path, folder: Path, caps: Caps) -> list[Problem]:
    """Unpack a zip file.

    Parameters
    ----------
    path : Path
    folder : Path
        An empty folder. What is in it after problems is incomplete.
    caps : Caps

    Returns
    -------
    list of Problem
        All that is wrong; empty if all was unpacked.
    """
    try:
        with path.open("rb") as file:
            count = _count_members(file)
            if count > caps.files:
                return [_refuse(f"the zip file has {count} members", f"at most {caps.files}")]
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > caps.files:
                return [_refuse(f"the zip file has {len(archive.infolist())} members", f"at most {caps.files}")]
            members = [one for one in archive.infolist() if not is_junk(one.orig_filename)]
            problems = _look(members)
            return problems or _write(archive, members, folder, caps)
    except (*_DAMAGE, OSError) as error:
        # A full disk is no fault of the file; a seek to nowhere is.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        return [_refuse(f"the zip file cannot be read: {error}", "a whole zip file")]


def _refuse(what: str, expected: str) -> Problem:
    return Problem("", what, expected, _AGAIN)


def _count_members(file: IO[bytes]) -> int:
    """Count the members in the directory without making an object of each, as its own count may be a lie."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - 2**16 - 128)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        message = "it has no directory at its end"
        raise zipfile.BadZipFile(message)
    (length,) = struct.unpack_from("<I", tail, at + 12)
    end = start + at
    at64 = at - 76
    # As zipfile does: the longer record counts only where its locator stands before the short one.
    if at64 >= 0 and tail[at - 20 : at - 16] == _LOCATOR64 and tail[at64 : at64 + 4] == _END64:
        (length,) = struct.unpack_from("<Q", tail, at64 + 40)
        end = start + at64
    if length > end:
        message = "its directory is larger than the file"
        raise zipfile.BadZipFile(message)
    file.seek(end - length)
    count, left, before = 0, length, b""
    while left > 0 and (part := file.read(min(_PART, left))):
        left -= len(part)
        count += (before + part).count(_MEMBER)
        before = part[-3:]
    return count


def _look(members: list[zipfile.ZipInfo]) -> list[Problem]:
    """Find what is wrong with the members, as the directory tells of them."""
    problems = []
    for one in members:
        name = clean(one.orig_filename, 100)
        wrong = "has a zero byte" if "\0" in one.orig_filename else wrong_with(one.orig_filename)
        if wrong is not None:
            problems.append(_refuse(f"the name {name!r} {wrong}", "names of files below one folder"))
        kind = stat.S_IFMT(one.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            what = "a link" if kind == stat.S_IFLNK else "a device, a socket or a pipe"
            problems.append(_refuse(f"{name!r} is {what}", "plain files"))
        if one.flag_bits & 0x41:
            problems.append(_refuse(f"{name!r} is encrypted", "a zip file without a password"))
        elif one.compress_type not in _METHODS:
            problems.append(_refuse(f"{name!r} is packed by the method {one.compress_type}", "Deflate, or none"))
    files = [one.orig_filename for one in members if not one.is_dir()]
    problems += [
        _refuse(
            f"{clean(later, 100)!r} and {clean(earlier, 100)!r} are the same file on some systems", "names that differ"
        )
        for later, earlier in find_clashes(files)
    ]
    return problems + _find_overlaps(members)


def _find_overlaps(members: list[zipfile.ZipInfo]) -> list[Problem]:
    """Find members that share bytes: so a small file can unpack to a huge one."""
    problems = []
    end = 0
    for one in sorted(members, key=lambda one: one.header_offset):
        if one.header_offset < end:
            problems.append(
                _refuse(f"{clean(one.orig_filename, 100)!r} overlaps another member", "members side by side")
            )
        # The name in its own header may be longer; a member has at least these bytes.
        end = max(end, one.header_offset + 30 + len(one.orig_filename) + one.compress_size)
    return problems


def _write(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, caps: Caps) -> list[Problem]:
    problems: list[Problem] = []
    left = caps.unpacked
    for one in members:
        if one.is_dir():
            continue
        target = folder / one.orig_filename
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file, archive.open(one) as stream:
                while part := stream.read(_PART):
                    left -= len(part)
                    if left < 0:
                        return [
                            *problems,
                            _refuse(f"it unpacks to more than {caps.unpacked} bytes", f"at most {caps.unpacked} bytes"),
                        ]
                    file.write(part)
        except _DAMAGE as error:
            name = clean(one.orig_filename, 100)
            problems.append(_refuse(f"{name!r} cannot be unpacked: {error}", "a zip file that is whole"))
    return problems
