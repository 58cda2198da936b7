"""A remote file that libraries can read like one of this machine: in blocks, each of which comes once."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import StoreUnreachableError, TruncatedFileError
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from bioimagehub.catalogs.reader.places import Place

BLOCK = 2**20
_KEPT = 64
"""Blocks in memory of each open file: those that were used last."""

_AT_ONCE = 8
"""Blocks that come with one request."""


class RemoteFile(io.RawIOBase):
    """A file of a store, with the methods of a binary file; its version is fixed by the first block that comes.

    Parameters
    ----------
    place : Place
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._size: int | None = None
        self._using = threading.Lock()

    @property
    def name(self) -> str:
        """Address of the file."""
        return self._place.url

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can seek."""
        return True

    def tell(self) -> int:
        """Give the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move the position; not before the beginning."""
        if whence == io.SEEK_SET:
            at = offset
        elif whence == io.SEEK_CUR:
            at = self._at + offset
        elif whence == io.SEEK_END:
            at = self.size + offset
        else:
            msg = f"{whence=} is not known; expected 0, 1 or 2, as io.SEEK_SET, io.SEEK_CUR and io.SEEK_END."
            raise ValueError(msg)
        if at < 0:
            msg = f"The position {at} lies before the beginning of {self.name}; expected 0 or more. Seek to another."
            raise ValueError(msg)
        self._at = at
        return at

    @property
    def size(self) -> int:
        """Bytes of the file."""
        with self._using:
            return self._find_size()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read bytes at the position, as many as there is room for or as there are."""
        view = memoryview(buffer).cast("B")
        with self._using:
            end = min(self._at + len(view), self._find_size())
            first = self._at
            while self._at < end:
                number, offset = divmod(self._at, BLOCK)
                if number not in self._blocks:
                    self._fetch(number, (end - 1) // BLOCK)
                part = memoryview(self._blocks[number])[offset : offset + end - self._at]
                view[self._at - first :][: len(part)] = part
                self._blocks.move_to_end(number)
                self._at += len(part)
            return max(0, end - first)

    def readall(self) -> bytes:
        """Read all bytes from the position on, with as few requests as it takes."""
        content = bytearray(max(0, self.size - self._at))
        return bytes(memoryview(content)[: self.readinto(content)])

    def _find_size(self) -> int:
        if self._size is None:
            version = self._place.version
            if version is None or version.size is None:
                # The first block tells the size, and is what most readers want first.
                data, version = self._place.read_some(0, BLOCK)
                self._blocks[0] = bytes(data)
            self._size = version.size if version.size is not None else self._place.stat().size
        if self._size is None:
            msg = (
                f"{hide_secrets(self.name)} cannot be opened as a file: its server does not tell its size; expected "
                "Content-Length or Content-Range. Download it and open the copy."
            )
            raise StoreUnreachableError(msg)
        return self._size

    def _fetch(self, number: int, last: int) -> None:
        """Get a block, and with the same request those behind it that are wanted, too, and not there."""
        count = 1
        while count < _AT_ONCE and number + count <= last and number + count not in self._blocks:
            count += 1
        data, _ = self._place.read_some(number * BLOCK, count * BLOCK)
        # Copies, as one of them would keep the memory of all.
        for each in range(count):
            self._blocks[number + each] = bytes(data[each * BLOCK : (each + 1) * BLOCK])
        while len(self._blocks) > _KEPT:
            self._blocks.popitem(last=False)
        if len(data) < min(count * BLOCK, self._find_size() - number * BLOCK):
            msg = (
                f"{hide_secrets(self.name)} ended at byte {number * BLOCK + len(data):,} of {self._find_size():,}; "
                "expected that it stays as it is. Open it again."
            )
            raise TruncatedFileError(msg)
