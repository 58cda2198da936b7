"""Files of this machine."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote

from bioimagehub.catalogs.errors import MissingFileError, NoAccessError, StoreUnreachableError, TruncatedFileError
from bioimagehub.catalogs.locations import resolve
from bioimagehub.catalogs.reader.versions import Version, check_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.catalogs.reader.spans import Span


def find_path(url: str) -> str:
    """Give the path of a local address: a path itself, ``file://`` or ``samples://``.

    Examples
    --------
    >>> find_path("file:///data/a%20b.mrc"), find_path("/data/a%20b.mrc")
    ('/data/a b.mrc', '/data/a%20b.mrc')
    """
    if url.startswith("file://"):
        host, _, path = url.removeprefix("file://").partition("/")
        if host not in ("", "localhost"):
            msg = f"{url} is on the machine {host!r}; expected file:/// and a path of this one. Correct the address."
            raise StoreUnreachableError(msg)
        return "/" + unquote(path)
    return resolve(url)


def read_file(url: str, span: Span, expected: Version | None) -> tuple[memoryview, Version]:
    """Read a part of a file; see `Place.read`."""
    with _opened(url) as (file, version):
        check_version(url, version, expected)
        size = version.size or 0
        span.check(size, url)
        first, end = span.within(size)
        return _read(file, first, end, url), version


def stat_file(url: str, expected: Version | None) -> Version:
    """Give the version of a file; see `Place.stat`."""
    with _opened(url) as (_, version):
        check_version(url, version, expected)
        return version


def open_file(url: str, expected: Version | None) -> BinaryIO:
    """Open a file; see `Place.open`."""
    with _opened(url) as (file, version):
        check_version(url, version, expected)
        return os.fdopen(os.dup(file), "rb")


def list_folder(url: str) -> list[str]:
    """List a folder; see `Place.names`."""
    path = find_path(url)
    try:
        with os.scandir(path) as entries:
            return sorted(entry.name + "/" * entry.is_dir() for entry in entries)
    except (OSError, ValueError) as error:
        raise _explain(error, url, path, "folder") from error


@contextmanager
def _opened(url: str) -> Iterator[tuple[int, Version]]:
    path = find_path(url)
    try:
        # A pipe would wait for its writer.
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise _explain(error, url, path, "file") from error
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "a device or a pipe"
            msg = f"{path} is {what}; expected a file. Name a file in it, or the driver that opens such a thing."
            raise MissingFileError(msg)
        yield file, Version(status.st_size, None, str(status.st_mtime_ns))
    finally:
        os.close(file)


def _read(file: int, first: int, end: int, url: str) -> memoryview:
    from numpy import empty

    try:
        buffer = empty(end - first, "u1").data
    except MemoryError as error:
        msg = f"{url} has {end - first:,} bytes to read, which is more than there is memory. Read it in parts."
        raise StoreUnreachableError(msg) from error
    at = 0
    while first + at < end:
        try:
            count = os.preadv(file, [buffer[at:]], first + at)
        except OSError as error:
            raise _explain(error, url, url, "file") from error
        if count == 0:
            msg = (
                f"{url} became shorter than {end:,} bytes while it was read; expected that it stays as it is. "
                "Read it again when nobody writes it any more."
            )
            raise TruncatedFileError(msg)
        at += count
    return buffer.toreadonly()


def _explain(error: OSError | ValueError, url: str, path: str, what: str) -> Exception:
    """Give the error of this project for one of the file system."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        msg = f"{path} does not exist; expected a {what}. Check the path, and that its disk is mounted."
        return MissingFileError(msg)
    if isinstance(error, PermissionError):
        msg = f"{path} may not be read ({error.strerror}); expected a {what} that you may read. Ask its owner."
        return NoAccessError(msg)
    reason = error.strerror if isinstance(error, OSError) else str(error)
    msg = f"The {what} {url!r:.300} could not be read: {reason}. Check the path and the disk."
    return StoreUnreachableError(msg)
