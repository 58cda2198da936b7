"""How the segments of a page, its tiles or strips, are decoded: kept as plain numbers, without the file.

tifffile makes the decoder. It gets a file of one empty page with the same tags, made in memory from what was kept.
"""

from __future__ import annotations

import base64
import functools
import io
import json
import math
import struct
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Form = dict[str, Any]
    Decoder = Callable[..., tuple[NDArray[Any] | None, Any, Any]]

LARGEST_SEGMENT = 2**32
"""Bytes of a decoded segment that can only be decoded whole; more do not fit into the memory of most machines."""

_JPEG = (6, 7, 34892, 33007)
_EER = (65000, 65001, 65002)


def describe_form(page: Any, name: str) -> Form:
    """Tell how a page is decoded.

    Parameters
    ----------
    page : tifffile.TiffPage
    name : str
        What the file is called in an error.

    Returns
    -------
    dict
        JSON values: ``shaped`` (separate samples, depth, rows, columns, samples), ``segment`` (depth, rows, columns
        of a segment), ``dtype``, ``contiguous`` (the page lies in one piece, uncompressed), and the tags.

    Raises
    ------
    UnreadableImageError
        If nothing decodes such pages.
    """
    if page.dtype is None or 0 in page.shaped:
        msg = (
            f"Pages of {page.bitspersample} bits and sample format {page.sampleformat} with the shape {page.shaped} "
            f"in {name} cannot be read. Expected a type that NumPy has, and pixels. Convert the file."
        )
        raise UnreadableImageError(msg)
    tiled = page.is_tiled
    rows = page.tilelength if tiled else min(page.rowsperstrip, page.imagelength)
    form = {
        "order": page.parent.byteorder,
        "shaped": [int(size) for size in page.shaped],
        "segment": [int(page.tiledepth), int(rows), int(page.tilewidth)] if tiled else [1, int(rows), page.shaped[3]],
        "tiled": tiled,
        "dtype": page.dtype.name,
        "contiguous": bool(page.is_final and page.bitspersample == 8 * page.dtype.itemsize),
        "nodata": _plain(page.nodata),
        "bits": _plain(page.bitspersample),
        "eer": page.parent.is_eer,
        "jfif": page.is_jfif,
        "header": None if page.jpegheader is None else base64.b64encode(page.jpegheader).decode(),
        "tags": {str(tag): _plain(value) for tag, value in _tags(page).items() if value is not None},
    }
    decoded = math.prod(form["segment"]) * form["shaped"][4] * page.dtype.itemsize
    if not form["contiguous"] and decoded > LARGEST_SEGMENT:
        msg = (
            f"The pages of {name} are in compressed segments of {decoded} bytes each, which can only be decoded whole. "
            "Expected tiles or strips of less than 4 GiB. Fetch the file and convert it to a tiled one."
        )
        raise UnreadableImageError(msg)
    try:
        decoder_of(json.dumps(form))(None, 0)
    except (ValueError, ArithmeticError, NotImplementedError, ImportError, struct.error) as error:
        msg = f"The pages of {name} cannot be decoded: {error}. Convert the file to another compression."
        raise UnreadableImageError(msg) from error
    return form


def _tags(page: Any) -> dict[int, Any]:
    tags = {
        256: page.imagewidth,
        257: page.imagelength,
        258: page.bitspersample,
        259: page.compression,
        262: page.photometric,
        266: page.fillorder,
        277: page.samplesperpixel,
        284: page.planarconfig,
        317: page.predictor,
        338: page.extrasamples or None,
        339: page.sampleformat,
        530: page.subsampling,
        32997: page.imagedepth if page.imagedepth > 1 else None,
    }
    if page.is_tiled:
        tags |= {322: page.tilewidth, 323: page.tilelength, 32998: page.tiledepth if page.tiledepth > 1 else None}
    else:
        tags[278] = page.rowsperstrip
    if page.compression in (3, *_EER):
        tags |= {tag: page.tags.valueof(tag) for tag in (292, 65007, 65008, 65009)}
    return tags


def _plain(value: Any) -> Any:
    """Turn numbers and enumerations into JSON; what JSON lacks, such as NaN, into text."""
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if isinstance(value, complex):
        return _plain(value.real)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return int(value)


@functools.lru_cache(maxsize=64)
def decoder_of(form: str) -> Decoder:
    """Give what decodes the segments of pages of a form.

    Parameters
    ----------
    form : str
        JSON of what `describe_form` gave.

    Returns
    -------
    callable
        Takes the bytes of a segment and its number, and `jpegtables` where a page has them; gives pixels of shape
        (depth, rows, columns, samples), native byte order.
    """
    from tifffile import TiffFile

    facts = json.loads(form)
    page = TiffFile(io.BytesIO(_write_page(facts))).pages.first
    if facts["header"] is not None:
        return functools.partial(page.decode, jpegheader=base64.b64decode(facts["header"]))
    decoder: Decoder = page.decode
    return decoder


def _write_page(facts: dict[str, Any]) -> bytes:
    """Write a BigTIFF of one page with these tags, and no pixels."""
    order = facts["order"]
    _, depth, height, _, _ = facts["shaped"]
    count = 1 if facts["tiled"] else facts["shaped"][0] * depth * -(-height // facts["segment"][1])
    # tifffile looks for JFIF six bytes into the first segment; and for <metadata> to know EER.
    head = b"\0" * 6 + (b"JFIF" if facts["jfif"] else b"\0" * 4) + b"\0" * 6
    entries = [(int(tag), *_encode(order, values)) for tag, values in facts["tags"].items()]
    offsets, counts = (324, 325) if facts["tiled"] else (273, 279)
    entries += [(offsets, 16, count, struct.pack(f"{order}{count}Q", *[16] * count))]
    entries += [(counts, 16, count, struct.pack(f"{order}{count}Q", *[16] * count))]
    if facts["eer"]:
        entries.append((65001, 7, 12, b"<metadata>\0\0"))
    at = 32 + 8 + 20 * len(entries) + 8
    directory, values = struct.pack(f"{order}Q", len(entries)), b""
    for tag, kind, number, data in sorted(entries):
        if len(data) > 8:
            directory += struct.pack(f"{order}HHQQ", tag, kind, number, at + len(values))
            values += data
        else:
            directory += struct.pack(f"{order}HHQ", tag, kind, number) + data.ljust(8, b"\0")
    begin = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HHHQ", 43, 8, 0, 32)
    return begin + head + directory + struct.pack(f"{order}Q", 0) + values


def _encode(order: str, values: int | list[int]) -> tuple[int, int, bytes]:
    """Give type, number and bytes of the values of a tag: 16 bits where they fit, as readers expect."""
    numbers = values if isinstance(values, list) else [values]
    kind, letter = (3, "H") if max(numbers) < 2**16 else (4, "I")
    return kind, len(numbers), struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
