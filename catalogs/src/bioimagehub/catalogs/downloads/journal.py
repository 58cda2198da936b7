"""What there is of a file that is not whole: which bytes came, of which version, and their checksums.

One JSON line an entry, the first one for the version. Entries are appended before the bytes are known to be on the
disk: what is there is checked against them, not trusted, when a download goes on.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioimagehub.catalogs.reader import Version

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT = 1


@dataclass(frozen=True)
class Piece:
    """Bytes from `start` to `stop`, without the last, and their CRC-32 (that of gzip, RFC 1952)."""

    start: int
    stop: int
    crc: int


@dataclass(frozen=True)
class Header:
    """Which file a journal is about.

    Attributes
    ----------
    path : str
        Its path in the dataset.
    url : str
        Where its bytes came from.
    version : Version
        The version they are of; it has a size.
    """

    path: str
    url: str
    version: Version


class Journal:
    """The journal of one file, open for more entries.

    Parameters
    ----------
    file : Path
    header : Header
    pieces : iterable of Piece
        What it begins with.
    """

    def __init__(self, file: Path, header: Header, pieces: list[Piece]) -> None:
        self.file = file
        version = header.version
        lines = [
            json.dumps(
                {
                    "format": _FORMAT,
                    "path": header.path,
                    "url": header.url,
                    "size": version.size,
                    "etag": version.etag,
                    "modified": version.modified,
                }
            ),
            *(json.dumps([piece.start, piece.stop, piece.crc]) for piece in pieces),
        ]
        fresh = file.with_name(file.name + ".new")
        fresh.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        fresh.replace(file)
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)

    def note(self, start: int, stop: int, crc: int) -> None:
        """Append a piece; one call of the system, so that entries of several threads do not mix."""
        os.write(self._descriptor, b"[%d, %d, %d]\n" % (start, stop, crc))

    def sync(self) -> None:
        """Have the system write it to the disk."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close it; it stays."""
        os.close(self._descriptor)


def read_journal(file: Path) -> tuple[Header, list[Piece]] | None:
    """Read a journal; None where there is none, or none that can be used.

    What was cut off in the middle of a line is left out, and so is a piece that overlaps an earlier one.
    """
    try:
        first, *rest = file.read_bytes().split(b"\n")
        fields = json.loads(first)
        if fields["format"] != _FORMAT:
            return None
        version = Version(fields["size"], fields["etag"], fields["modified"])
        header = Header(fields["path"], fields["url"], version)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(version.size, int):
        return None
    pieces = [piece for line in rest if (piece := _parse_piece(line, version.size)) is not None]
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda each: each.start):
        if not kept or piece.start >= kept[-1].stop:
            kept.append(piece)
    return header, kept


def _parse_piece(line: bytes, size: int) -> Piece | None:
    try:
        start, stop, crc = json.loads(line)
    except (ValueError, TypeError):
        return None
    if not all(isinstance(each, int) for each in (start, stop, crc)) or not 0 <= start < stop <= size:
        return None
    return Piece(start, stop, crc)
