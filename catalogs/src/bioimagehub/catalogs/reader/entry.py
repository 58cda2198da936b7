"""An entry of the cache: how a range of a file and its version are one file, and how damage of it is noticed.

========= ========== =========================================================
bytes     type       what
========= ========== =========================================================
0 to 7    bytes      ``BIHCACH1``
8 to 11   uint32     CRC-32C of all that follows
12 to 31  bytes      name of the entry
32 to 39  uint64     bytes of the content
40 to 43  uint32     bytes of the version
44 to 255 JSON       version: size, ETag, time of change; zeros after it
256 on    bytes      the content
========= ========== =========================================================

Numbers are little-endian. CRC-32C (RFC 3720, appendix B.4) is what processors have an instruction for.
"""

from __future__ import annotations

import json
import struct

import google_crc32c

from bioimagehub.catalogs.reader.versions import Version

HEADER_SIZE = 256
"""Bytes before the content."""
_MAGIC = b"BIHCACH1"
_HEADER = struct.Struct("<8sI20sQI")
_CHECKED = 12
"""Where that begins which the checksum is of."""


def pack_header(key: str, content: bytes, version: Version) -> bytes | None:
    """Make what stands before the content of an entry.

    Parameters
    ----------
    key : str
        Name of the entry, 40 hexadecimal digits.
    content : bytes
    version : Version

    Returns
    -------
    bytes or None
        None where the version is too long to be noted.
    """
    noted = json.dumps([version.size, version.etag, version.modified]).encode()
    if _HEADER.size + len(noted) > HEADER_SIZE:
        return None
    header = bytearray(HEADER_SIZE)
    _HEADER.pack_into(header, 0, _MAGIC, 0, bytes.fromhex(key), len(content), len(noted))
    header[_HEADER.size : _HEADER.size + len(noted)] = noted
    struct.pack_into("<I", header, len(_MAGIC), _checksum(bytes(header), content))
    return bytes(header)


def unpack_header(key: str, header: bytes, content: bytes) -> Version | None:
    """Give the version that an entry is of; None where header and content are not the whole entry of that name."""
    if len(header) < HEADER_SIZE:
        return None
    magic, checksum, digest, length, noted = _HEADER.unpack_from(header)
    if magic != _MAGIC or digest != bytes.fromhex(key) or length != len(content):
        return None
    if _checksum(header, content) != checksum:
        return None
    # It is as it was written, as the checksum is right.
    return Version(*json.loads(header[_HEADER.size : _HEADER.size + noted]))


def _checksum(header: bytes, content: bytes) -> int:
    found: int = google_crc32c.extend(google_crc32c.value(header[_CHECKED:]), content)
    return found
