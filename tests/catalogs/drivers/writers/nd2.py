"""Writes small ND2 files as NIS-Elements 4 and 5 do: no tool that Python has does. nd2 reads them, as tests check.

Source: the format as nd2 describes it, https://github.com/tlambert03/nd2: chunks with a magic number, a name and data;
metadata as "lite variants" (type, length of the name, name in UTF-16, value); the map of all chunks at the end.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAGIC = 0x0ABECEDA
RESERVED = 4072
SPECTRUM = {"m_EmissionSpectrum": {"pPoint": {"Point0": {"dTValue": 1.0, "dWavelength": 520.0, "eType": 1}}}} | {
    "m_ExcitationSpectrum": {"pPoint": {"Point0": {"dTValue": 1.0, "dWavelength": 488.0, "eType": 1}}}
}


@dataclass
class Nd2File:
    """What to write.

    Attributes
    ----------
    frames : mapping of int to array
        Number of each frame that was taken, and its samples with the axes y, x and component.
    loops : sequence of (kind, parameters)
        As in ``ImageMetadataLV!``, the slowest first: 1 time, 2 positions, 4 z, 8 times in several phases.
    channels : sequence of str
        Names; components are shared out among them.
    calibration : float
        Micrometres of a pixel; 0 for none.
    deflated : bool
    padding : int
        Bytes after each row.
    attributes : mapping
        Put over those of ``ImageAttributesLV!``.
    """

    frames: dict[int, NDArray[Any]]
    loops: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    channels: tuple[str, ...] = ("DAPI",)
    calibration: float = 0.25
    deflated: bool = False
    padding: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)


def write_nd2(path: Path, made: Nd2File) -> None:
    """Write a file."""
    chunks: dict[bytes, tuple[int, int]] = {}
    with path.open("wb") as file:
        head = b"Ver3.0".ljust(64, b"\0")
        file.write(struct.pack("<IIQ", MAGIC, 32, 64) + b"ND2 FILE SIGNATURE CHUNK NAME01!" + head)
        first = next(iter(made.frames.values()))
        for number, frame in made.frames.items():
            data = _frame_bytes(frame, made)
            _write_chunk(file, chunks, b"ImageDataSeq|%d!" % number, data)
        _write_chunk(file, chunks, b"ImageAttributesLV!", lite({"SLxImageAttributes": _attributes(first, made)}))
        _write_chunk(file, chunks, b"ImageMetadataSeqLV|0!", lite({"SLxPictureMetadata": _picture(first, made)}))
        if made.loops:
            _write_chunk(file, chunks, b"ImageMetadataLV!", lite({"SLxExperiment": _experiment(made.loops)}))
        start = file.tell()
        entries = b"".join(name + struct.pack("<QQ", *where) for name, where in chunks.items())
        end = b"ND2 CHUNK MAP SIGNATURE 0000001!" + struct.pack("<Q", start)
        name = b"ND2 FILEMAP SIGNATURE NAME 0001!".ljust(4080, b"\0")
        file.write(struct.pack("<IIQ", MAGIC, len(name), len(entries + end)) + name + entries + end)


def _write_chunk(file: Any, chunks: dict[bytes, tuple[int, int]], name: bytes, data: bytes) -> None:
    start = file.tell()
    chunks[name] = (start, len(data))
    file.write(struct.pack("<IIQ", MAGIC, RESERVED, len(data)) + name.ljust(RESERVED, b"\0") + data)
    file.write(bytes(-file.tell() % 4096))


def _frame_bytes(frame: NDArray[Any], made: Nd2File) -> bytes:
    samples = b"".join(row.tobytes() + bytes(made.padding) for row in frame)
    return struct.pack("<d", 12.5) + (zlib.compress(samples) if made.deflated else samples)


def _attributes(frame: NDArray[Any], made: Nd2File) -> dict[str, Any]:
    height, width, components = frame.shape
    bits = 8 * frame.itemsize
    return {
        "uiWidth": width,
        "uiWidthBytes": width * components * frame.itemsize + made.padding,
        "uiHeight": height,
        "uiComp": components,
        "uiBpcInMemory": bits,
        "uiBpcSignificant": bits,
        "uiSequenceCount": max(made.frames) + 1,
        "uiTileWidth": width,
        "uiTileHeight": height,
        "eCompression": 0 if made.deflated else 2,
        "dCompressionParam": 0.0,
    } | made.attributes


def _picture(frame: NDArray[Any], made: Nd2File) -> dict[str, Any]:
    each = frame.shape[-1] // len(made.channels)
    planes = {
        f"a{number}": {
            "uiCompCount": each,
            "uiSampleIndex": number,
            "sDescription": name,
            "uiColor": 65280,
            "pFluorescentProbe": SPECTRUM,
        }
        for number, name in enumerate(made.channels)
    }
    return {
        "bCalibrated": bool(made.calibration),
        "dCalibration": made.calibration,
        "sPicturePlanes": {"uiCount": len(planes), "sPlaneNew": planes},
    }


def _experiment(loops: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    (kind, parameters), *further = loops
    told: dict[str, Any] = {"eType": kind, "uLoopPars": parameters}
    if further:
        told["ppNextLevelEx"] = [_experiment(further)]
    return told


def lite(values: dict[str, Any] | list[Any]) -> bytes:
    """Encode values as lite variants; a list has items without a name."""
    items = values.items() if isinstance(values, dict) else (("", value) for value in values)
    return b"".join(_variant(name, value) for name, value in items)


def _variant(name: str, value: Any) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    kinds = {bool: (1, "<B"), int: (3, "<I"), float: (6, "<d")}
    if type(value) in kinds:
        kind, form = kinds[type(value)]
        return struct.pack("<BB", kind, len(text) // 2) + text + struct.pack(form, value)
    if isinstance(value, str):
        return struct.pack("<BB", 8, len(text) // 2) + text + (value + "\0").encode("utf-16-le")
    inner = lite(value)
    length = 2 + len(text) + 12 + len(inner)
    head = struct.pack("<BB", 11, len(text) // 2) + text + struct.pack("<IQ", len(value), length)
    return head + inner + bytes(8 * len(value))
