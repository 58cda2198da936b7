"""Records as they lie in the index: sixteen together, compressed with a dictionary of what all have in common."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.index.schema import BLOCK, damaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WINDOW = 32 * 1024
_LEVEL = 6


def choose_dictionary(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Choose what the compression may refer to: some of the records, evenly spread."""
    parts = [_write(record) for record in records[:: max(1, len(records) // 16)]]
    return b"\n".join(part[: _WINDOW // 8] for part in parts)[-_WINDOW:] or b"{}"


class Packer:
    """Puts records together into blocks."""

    def __init__(self, dictionary: bytes) -> None:
        self._dictionary = dictionary
        self._lines: list[bytes] = []
        self._identifiers: list[str] = []
        self._number = 0

    def add(self, record: Mapping[str, Any]) -> Iterator[tuple[int, bytes]]:
        """Take one more record; give a block where it fills one."""
        self._lines.append(_write(record))
        self._identifiers.append(record["identifier"])
        if len(self._lines) == BLOCK:
            yield from self.finish()

    def finish(self) -> Iterator[tuple[int, bytes]]:
        """Give the block that is not full."""
        if self._lines:
            first = json.dumps(self._identifiers).encode()
            packer = zlib.compressobj(_LEVEL, zdict=self._dictionary)
            yield self._number, packer.compress(b"\n".join([first, *self._lines])) + packer.flush()
            self._number += 1
            self._lines, self._identifiers = [], []


def unpack_block(body: bytes, dictionary: bytes, where: object) -> list[bytes]:
    """Give the lines of a block: the identifiers, and then each record, as JSON.

    Raises
    ------
    DamagedIndexError
        If the block is not what was written.
    """
    try:
        unpacker = zlib.decompressobj(zdict=dictionary)
        content = unpacker.decompress(body)
    except zlib.error as error:
        raise damaged(where, f"a block of records cannot be unpacked ({error})") from error
    if not unpacker.eof:
        raise damaged(where, "a block of records ends too early")
    return content.split(b"\n")


def place(record: int) -> tuple[int, int]:
    """Tell in which block a record is, and on which line there."""
    block, line = divmod(record - 1, BLOCK)
    return block, line + 1


def _write(record: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(record), separators=(",", ":")).encode()
