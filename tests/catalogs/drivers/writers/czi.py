"""Writes small CZI files with what no package that Python has writes: pyramids, tile numbers, JPEG XR, floats.

czifile reads what it can of them, which the tests check.

Source: Zeiss, CZI (ZISRAW) file format design specification 1.2.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TYPES = {("uint8", 1): 0, ("uint16", 1): 1, ("float32", 1): 2, ("uint8", 3): 3, ("uint16", 3): 4, ("uint8", 4): 9}


@dataclass
class Block:
    """A sub-block to write.

    Attributes
    ----------
    pixels : array of shape (y, x) or (y, x, sample)
        Samples are blue, green, red (and alpha), but for JPEG XR, whose codec turns them round.
    start : tuple of int
        Row and column in the image at full size.
    at : mapping of letter to int
        Position along other dimensions, such as ``{"C": 0, "S": 1, "M": 3}``.
    scale : int
        Pixels of full size that a pixel covers along each axis.
    codec : int
        0 for none, 4 for JPEG XR.
    """

    pixels: NDArray[Any]
    start: tuple[int, int]
    at: dict[str, int] = field(default_factory=dict)
    scale: int = 1
    codec: int = 0


def write_czi(path: Path, blocks: list[Block], xml: str = "", *, part: int = 0, pending: int = 0) -> None:
    """Write a file; some bytes that belong to nothing lie between its segments."""
    entries: list[bytes] = []
    with path.open("wb") as file:
        file.write(bytes(32 + 512))
        for block in blocks:
            position = file.tell()
            entry = _entry(block, position)
            entries.append(entry)
            _write_segment(file, b"ZISRAWSUBBLOCK", _sub_block(block, entry))
        directory = file.tell()
        _write_segment(file, b"ZISRAWDIRECTORY", struct.pack("<i", len(entries)).ljust(128, b"\0") + b"".join(entries))
        metadata = file.tell() if xml else 0
        if xml:
            text = xml.encode()
            _write_segment(file, b"ZISRAWMETADATA", struct.pack("<ii", len(text), 0).ljust(256, b"\0") + text)
        header = struct.pack(
            "<iiii16s16siqqiq", 1, 0, 0, 0, b"p" * 16, b"f" * 16, part, directory, metadata, pending, 0
        ).ljust(512, b"\0")
        file.seek(0)
        _write_segment(file, b"ZISRAWFILE", header)


def _write_segment(file: Any, name: bytes, data: bytes) -> None:
    size = -(-len(data) // 32) * 32
    file.write(struct.pack("<16sqq", name, size, len(data)) + data.ljust(size, b"\0"))


def _entry(block: Block, position: int) -> bytes:
    height, width = block.pixels.shape[:2]
    samples = 1 if block.pixels.ndim == 2 else block.pixels.shape[2]
    kind = TYPES[str(block.pixels.dtype), samples]
    dimensions = [
        (b"X", block.start[1], width * block.scale, width if block.scale > 1 else 0),
        (b"Y", block.start[0], height * block.scale, height if block.scale > 1 else 0),
        *((letter.encode(), at, 1, 0) for letter, at in block.at.items()),
    ]
    pyramid = 2 if block.scale > 1 else 0
    head = struct.pack("<2siqiiB5si", b"DV", kind, position, 0, block.codec, pyramid, b"", len(dimensions))
    return head + b"".join(
        struct.pack("<4siifi", name, start, size, 0.0, stored) for name, start, size, stored in dimensions
    )


def _sub_block(block: Block, entry: bytes) -> bytes:
    xml = b"<METADATA><Tags/></METADATA>"
    data = imagecodecs.jpegxr_encode(block.pixels, level=1.0) if block.codec == 4 else block.pixels.tobytes()
    head = struct.pack("<iiq", len(xml), 0, len(data)) + entry
    return head.ljust(256, b"\0") + xml + bytes(data)


def pyramid(image: NDArray[Any], tile: int, levels: int, at: dict[str, int], start: tuple[int, int]) -> list[Block]:
    """Cut a plane into tiles, at full size and reduced by 2, 4...; only the former have tile numbers."""
    blocks = []
    for level in range(levels):
        scale = 2**level
        reduced = np.ascontiguousarray(image[::scale, ::scale])
        corners = [(y, x) for y in range(0, reduced.shape[0], tile) for x in range(0, reduced.shape[1], tile)]
        for number, (y, x) in enumerate(corners):
            place = {**at, "M": number} if level == 0 else at
            found = np.ascontiguousarray(reduced[y : y + tile, x : x + tile])
            blocks.append(Block(found, (start[0] + y * scale, start[1] + x * scale), place, scale))
    return blocks
