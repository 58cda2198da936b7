"""Files that are made to do harm, as small as they are."""

from __future__ import annotations

import contextlib
import io
import struct
import tracemalloc
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def memory_below(most: int) -> Iterator[None]:
    """Fail if more is allocated, by Python or by NumPy."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def zip_of(path: Path, members: dict[str, bytes], **attributes: int) -> Path:
    """A zip file; `attributes` are set on every member."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            for key, value in attributes.items():
                setattr(member, key, value)
            archive.writestr(member, content)
    return path


def overlapping_zip(path: Path, copies: int, size: int) -> Path:
    """Many entries of the directory that share the bytes of one member."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.tif", b"\0" * size)
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.infolist()[0]
        for number in range(copies):
            other = zipfile.ZipInfo(f"b{number}.tif")
            for key in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(other, key, getattr(first, key))
            archive.filelist.append(other)
        archive._didModify = True
    return path


def lying_zip(path: Path, name: str, size: int) -> Path:
    """A member that unpacks to `size` bytes, of which the headers say that it has 10."""
    content = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = content.compress(b"\0" * size) + content.flush()
    crc = zlib.crc32(b"\0" * 10)
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(packed), 10, len(name), 0)
    local = b"PK\x03\x04" + common + name.encode() + packed
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name.encode()
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    path.write_bytes(local + central + end)
    return path


def npy_header(shape: tuple[int, ...], descr: str = "<u2") -> bytes:
    """The header of an array, without values."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def png(width: int, height: int, *chunks: tuple[bytes, bytes], rows: bytes = b"") -> bytes:
    """A PNG of 8 bits of grey."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = b"".join(chunk(kind, data) for kind, data in chunks)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def tiff(entries: list[tuple[int, int, int, int]], following: int = 0, data: bytes = b"") -> bytes:
    """A TIFF of one directory with entries (tag, type, count, value); `data` begin at byte 8."""
    at = 8 + len(data)
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return (
        struct.pack("<2sHI", b"II", 42, at)
        + data
        + struct.pack("<H", len(entries))
        + body
        + struct.pack("<I", following)
    )


def tiff_page(width: int, height: int, **others: int) -> list[tuple[int, int, int, int]]:
    """The entries of a page of 8 bits in one strip."""
    values = {
        256: width, 257: height, 258: 8, 259: others.get("compression", 1), 262: 1,
        273: others.get("offset", 8), 277: 1, 278: height, 279: others.get("count", width * height),
    }  # fmt: skip
    return [(tag, 4 if value > 65535 else 3, 1, value) for tag, value in values.items()]
