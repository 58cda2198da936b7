"""Sub-blocks of CZI files: where they lie, how they are decoded, and how the tiles of a mosaic make an image.

Source: Zeiss, CZI (ZISRAW) file format design specification 1.2.2, and libCZI for the codecs that it does not have,
https://zeiss.github.io/libczi.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.catalogs.reader import Place

_SEGMENT = struct.Struct("<16sqq")
_HEADER = struct.Struct("<iiii16s16siqqiq")
_SIZES = struct.Struct("<iiq")
_ENTRY = struct.Struct("<2siqiiB5si")
_DIMENSION = struct.Struct("<4siifi")

DIMENSIONS = "TCZRIHVB"
"""Dimensions besides x, y, scene and tile: time, channel, z, rotation, illumination, phase, view, block."""

COLUMNS = ("position", "length", "type", "codec", "S", "M", "Y", "X", "height", "width", "rows", "columns", *DIMENSIONS)
"""What is kept of each sub-block: where it lies, its place in the image at full size, and its own size in pixels."""

TYPES = {0: ("<u1", 1), 1: ("<u2", 1), 2: ("<f4", 1), 3: ("<u1", 3), 4: ("<u2", 3), 8: ("<f4", 3), 9: ("<u1", 4)}
"""Pixel types: type of a sample, and samples of a pixel, which are blue, green, red (and alpha)."""

RAW, JPEG_XR, ZSTD, ZSTD_HEADED = 0, 4, 5, 6
CODECS = {RAW, JPEG_XR, ZSTD, ZSTD_HEADED}

_LARGEST = 2**25
"""Pixels along an axis, and steps of any other: far more than any slide has."""

_LEAD = 64 * 2**10
"""Bytes before the samples of a sub-block that are read with them: its headers and XML, seldom more."""


@dataclass(frozen=True)
class Contents:
    """What the header of a file leads to.

    Attributes
    ----------
    blocks : array of int64, shape (sub-blocks, columns)
        See `COLUMNS`; dimensions that a sub-block does not have are 0.
    dimensions : str
        Letters of the dimensions that occur.
    xml : bytes
        Metadata; empty if there are none.
    """

    blocks: NDArray[np.int64]
    dimensions: str
    xml: bytes


def read_contents(file: Any) -> Contents:
    """Read the directory of sub-blocks and the metadata.

    Raises
    ------
    ValueError
        If the file is not a whole CZI file, or only a part of one.
    """
    end = file.seek(0, 2)
    name, data = _segment(file, 0, end)
    _require(name == "ZISRAWFILE", "it does not begin as a CZI file")
    header = _HEADER.unpack(data[: _HEADER.size])
    part, directory, metadata, pending, attachments = header[6:]
    _require(part == 0, f"it is part {part} of several files; join them with ZEN")
    _require(not pending, "the program that wrote it did not finish")
    _require(directory > 0, "it has no directory of sub-blocks")
    name, data = _segment(file, directory, end)
    _require(name == "ZISRAWDIRECTORY", "its directory is not where the header has it")
    xml = b""
    if metadata > 0:
        name, text = _segment(file, metadata, end)
        _require(name == "ZISRAWMETADATA", "its metadata are not where the header has them")
        xml = bytes(text[256 : 256 + struct.unpack_from("<i", text)[0]])
    blocks, dimensions = _read_directory(data)
    others = [position for position in (directory, metadata, attachments, end) if position > 0]
    return Contents(_limit(blocks, others), dimensions, xml)


def _segment(file: Any, position: int, end: int) -> tuple[str, bytes]:
    file.seek(position)
    name, allocated, used = _SEGMENT.unpack(file.read(_SEGMENT.size))
    size = used or allocated
    _require(0 <= size <= end - position, f"its segment at byte {position} ends beyond the file of {end} bytes")
    return name.rstrip(b"\0").decode("ascii", "replace"), file.read(size)


def _require(good: bool, problem: str) -> None:
    if not good:
        raise ValueError(problem)


def _read_directory(data: bytes) -> tuple[NDArray[np.int64], str]:
    (count,) = struct.unpack_from("<i", data)
    at, rows, found = 128, [], set()
    for _ in range(count):
        schema, kind, position, part, codec, _, _, number = _ENTRY.unpack_from(data, at)
        _require(schema == b"DV" and part == 0 and 0 < number < 40, "an entry of its directory is not understood")
        _require(kind in TYPES, f"its pixel type {kind} is not read")
        _require(codec in CODECS, f"its compression {codec} is not read; save it with another from ZEN")
        row = dict.fromkeys(COLUMNS, 0) | {"position": position, "type": kind, "codec": codec}
        at += _ENTRY.size
        for name, start, size, _, stored in _DIMENSION.iter_unpack(data[at : at + 20 * number]):
            letter = name.rstrip(b"\0").decode()
            found.add(letter)
            if letter in "XY":
                long, short = ("width", "columns") if letter == "X" else ("height", "rows")
                row |= {letter: start, long: size, short: stored or size}
            else:
                _require(letter in row, f"its dimension {letter} is not known")
                _require(size <= 1 or letter == "M", f"a sub-block has {size} steps along {letter}")
                row[letter] = start
        at += 20 * number
        sizes = [row[name] for name in ("height", "width", "rows", "columns")]
        _require(position > 0 and min(sizes) > 0, "a sub-block has no pixels, or no place in the file")
        rows.append([row[column] for column in COLUMNS])
    return np.array(rows, np.int64).reshape(-1, len(COLUMNS)), "".join(sorted(found))


def _limit(blocks: NDArray[np.int64], others: list[int]) -> NDArray[np.int64]:
    """Check how far sub-blocks are apart, and fill in how many bytes to read of each.

    That is up to the next segment that is known, or its full size.
    """
    if not len(blocks):
        return blocks
    spans = np.ptp(blocks[:, COLUMNS.index("M") + 1 :], axis=0)
    _require(int(spans.max()) < _LARGEST, f"its sub-blocks are {int(spans.max())} pixels or steps apart")
    columns = dict(zip(COLUMNS, blocks.T, strict=True))
    ordered = np.unique(np.concatenate([columns["position"], others]))
    following = np.append(ordered, ordered[-1])[np.searchsorted(ordered, columns["position"]) + 1]
    sample = np.array([np.dtype(TYPES[kind][0]).itemsize * TYPES[kind][1] for kind in columns["type"].tolist()])
    whole = columns["rows"] * columns["columns"] * sample + _LEAD
    blocks[:, COLUMNS.index("length")] = np.minimum(following - columns["position"], whole)
    return blocks


def read_block(place: Place, block: dict[str, int]) -> NDArray[Any]:
    """Read and decode a sub-block.

    Parameters
    ----------
    place : Place
    block : dict
        A row of the table, by column.

    Returns
    -------
    array of shape (y, x, sample)
        In the size in which it is stored; samples are red, green, blue (and alpha).

    Raises
    ------
    UnreadableImageError
        If there is another sub-block in its place, or it cannot be decoded.
    """
    data = place.read(block["position"], block["length"])
    try:
        start, size = _find_samples(data, block)
        if start + size > len(data):
            data = place.read(block["position"], start + size)
        return _decode(data[start : start + size], block)
    except (ValueError, RuntimeError, struct.error, TypeError) as error:
        reason = str(error).partition("\n")[0]
        msg = (
            f"The sub-block at byte {block['position']} of {place.url} cannot be read ({reason}). The file is damaged, "
            "or is not the one that was indexed. Fetch it anew, or index it anew with `bioimagehub catalog index`."
        )
        raise UnreadableImageError(msg) from error


def _find_samples(data: memoryview, block: dict[str, int]) -> tuple[int, int]:
    """Tell where the samples begin and how many bytes they have, if this is the sub-block that the directory names."""
    name, _, _ = _SEGMENT.unpack_from(data)
    _require(name.rstrip(b"\0") == b"ZISRAWSUBBLOCK", "it is not a sub-block")
    metadata, _, size = _SIZES.unpack_from(data, _SEGMENT.size)
    at = _SEGMENT.size + _SIZES.size
    schema, kind, _, _, codec, _, _, number = _ENTRY.unpack_from(data, at)
    entry = _ENTRY.size + 20 * number
    same = schema == b"DV" and (kind, codec) == (block["type"], block["codec"])
    _require(same and metadata >= 0 and size >= 0, "it is not the one that the directory names")
    found = {}
    for letter, start, _, _, stored in _DIMENSION.iter_unpack(data[at + _ENTRY.size : at + entry]):
        found[letter.rstrip(b"\0").decode("ascii", "replace")] = (start, stored)
    wanted = {"X": (block["X"], block["columns"]), "Y": (block["Y"], block["rows"])}
    for letter, (start, stored) in wanted.items():
        there = found.get(letter, (start, stored))
        _require(
            there[0] == start and there[1] in {0, stored}, "it lies elsewhere in the image than the directory says"
        )
    return _SEGMENT.size + max(256, _SIZES.size + entry) + metadata, size


def _decode(data: Any, block: dict[str, int]) -> NDArray[Any]:
    import imagecodecs

    name, samples = TYPES[block["type"]]
    dtype, shape = np.dtype(name), (block["rows"], block["columns"], samples)
    expected = dtype.itemsize * shape[0] * shape[1] * samples
    if block["codec"] == JPEG_XR:
        found = np.asarray(imagecodecs.jpegxr_decode(data))
        _require(found.dtype == dtype and found.size == shape[0] * shape[1] * samples, f"it has shape {found.shape}")
        # The codec has turned the samples round already.
        return found.reshape(shape)
    raw: Any = data
    if block["codec"] == ZSTD:
        raw = imagecodecs.zstd_decode(data)
    elif block["codec"] == ZSTD_HEADED:
        lead = data[0]
        raw = imagecodecs.zstd_decode(data[lead:])
        if lead >= 3 and data[1] == 1 and data[2] & 1:
            # First the low bytes of all samples, then their high bytes.
            raw = np.frombuffer(raw, np.uint8).reshape(2, -1).T.tobytes()
    _require(len(raw) >= expected, f"it has {len(raw)} bytes instead of {expected}")
    found = np.frombuffer(raw, dtype, expected // dtype.itemsize).reshape(shape)
    return found if samples == 1 else found[..., [2, 1, 0, 3][:samples]]
