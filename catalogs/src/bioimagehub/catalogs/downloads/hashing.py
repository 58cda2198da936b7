"""Checksums of files while they come."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING, Protocol

from zlib_ng import zlib_ng

if TYPE_CHECKING:
    from pathlib import Path

_READ = 1 << 20


OWN = "crc32"
"""What is noted of a file where the archive states no checksum: it is had at no cost, and tells damage."""


class Hash(Protocol):
    """What works out a checksum."""

    def update(self, data: memoryview | bytes, /) -> None:
        """Add bytes."""

    def hexdigest(self) -> str:
        """Give the digest of all that was added."""


class Crc32:
    """The CRC-32 of gzip (RFC 1952), with the methods of `hashlib`."""

    def __init__(self) -> None:
        self._crc = 0

    def update(self, data: memoryview | bytes) -> None:
        """Add bytes."""
        self._crc = zlib_ng.crc32(data, self._crc)

    def hexdigest(self) -> str:
        """Give it as eight hexadecimal digits."""
        return f"{self._crc:08x}"


def begin_hash(algorithm: str) -> Hash:
    """Begin a checksum: ``crc32``, or one of `hashlib`."""
    return Crc32() if algorithm == "crc32" else hashlib.new(algorithm, usedforsecurity=False)


def hash_bytes(data: memoryview | bytes, algorithm: str) -> str:
    """Give the digest of bytes in hexadecimal."""
    found = begin_hash(algorithm)
    found.update(data)
    return found.hexdigest()


def hash_file(file: Path, algorithm: str) -> str:
    """Give the digest of a file in hexadecimal.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    found, buffer = begin_hash(algorithm), memoryview(bytearray(_READ))
    with file.open("rb", buffering=0) as opened:
        while count := opened.readinto(buffer):
            found.update(buffer[:count])
    return found.hexdigest()


def split_checksum(checksum: str | None, own: str = OWN) -> tuple[str, str | None]:
    """Tell the algorithm and the digest that a file is checked with; `own` and no digest where none is stated.

    An entity tag of 32 hexadecimal digits is the MD5 of the object in most stores.

    Examples
    --------
    >>> split_checksum("md5:9e107d9d372bb6826bd81d3542a419d6")
    ('md5', '9e107d9d372bb6826bd81d3542a419d6')
    >>> split_checksum('etag:d41d8cd98f00b204e9800998ecf8427e-12')
    ('crc32', None)
    """
    kind, _, digest = (checksum or "").partition(":")
    digest = digest.strip('"')
    if kind == "etag":
        is_md5 = len(digest) == 32 and set(digest.lower()) <= set("0123456789abcdef")
        return ("md5", digest.lower()) if is_md5 else (own, None)
    return (kind, digest.lower()) if kind in {"md5", "sha256"} else (own, None)


class FollowingHash:
    """Checksum of a file whose parts come in any order: a thread reads it as far as it is whole from the beginning.

    Parameters
    ----------
    descriptor : int
        The file, which stays open until `result` or `stop`.
    size : int
    algorithm : str
        Of `hashlib`.
    """

    def __init__(self, descriptor: int, size: int, algorithm: str) -> None:
        self._descriptor = descriptor
        self._size = size
        self._hash = begin_hash(algorithm)
        self._news = threading.Condition()
        self._ahead: dict[int, int] = {}
        self._whole = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._follow, name="checksum", daemon=True)
        self._thread.start()

    def add(self, start: int, stop: int) -> None:
        """Tell that these bytes are in the file."""
        with self._news:
            self._ahead[start] = stop
            before = self._whole
            while (reached := self._ahead.pop(self._whole, None)) is not None:
                self._whole = reached
            if self._whole - before:
                self._news.notify()

    def result(self) -> str:
        """Wait for the end of a whole file, and give the digest in hexadecimal."""
        self._thread.join()
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Give up, and wait until the file is no longer read."""
        with self._news:
            self._stopped = True
            self._news.notify()
        self._thread.join()

    def _follow(self) -> None:
        at = 0
        buffer = memoryview(bytearray(_READ))
        while at < self._size:
            with self._news:
                while self._whole <= at and not self._stopped:
                    self._news.wait()
                if self._stopped:
                    return
                reached = self._whole
            while at < reached and not self._stopped:
                count = os.preadv(self._descriptor, [buffer[: min(_READ, reached - at)]], at)
                if count == 0:
                    return
                self._hash.update(buffer[:count])
                at += count
