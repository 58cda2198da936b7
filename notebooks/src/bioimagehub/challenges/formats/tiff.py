"""TIFF: one page for each plane, of one sample a pixel.

Only pages that hold their own pixels are read. What a TIFF can refer to elsewhere, such as further files of an
OME-TIFF, is refused. Codecs without loss, whose output can be bounded, are let in.

References
----------
TIFF revision 6.0 (Adobe, 1992); OME-TIFF specification, https://ome-model.readthedocs.io.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bioimagehub.challenges.formats.found import LARGEST_SEGMENT, Found, reading, refuse
from bioimagehub.challenges.formats.tiff_metadata import read_metadata

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffPage

SUFFIXES = (".ome.tif", ".ome.tiff", ".tif", ".tiff")
KINDS = frozenset({"labels", "classes", "image", "map"})

COMPRESSIONS = {1: "none", 5: "LZW", 8: "Deflate", 32773: "PackBits", 32946: "Deflate", 50000: "Zstandard"}
PREDICTORS = (1, 2, 3)
PLANES = 100_000
"""Pages that are looked at in one file."""
_SHAPE_TAGS = (256, 257, 258, 259, 277, 317, 339)


def inspect(path: Path) -> Found:
    """Read what a TIFF claims to hold.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Found
        Shape (z, y, x) where there are several pages. Spacing where OME-XML or ImageJ's text state one.

    Raises
    ------
    PredictionFileError
        If it is no TIFF, refers to other files, or has pages that are not read here.
    """
    with reading("TIFF"), _open(path) as file:
        pages = _pages(file)
        first = pages[0]
        shape = (first.imagelength, first.imagewidth) if len(pages) == 1 else (
            len(pages), first.imagelength, first.imagewidth,
        )  # fmt: skip
        axes, spacing = read_metadata(file, shape)
        return Found(np.dtype(first.dtype), shape, axes, spacing)


def load(path: Path, kind: str) -> NDArray[Any]:  # noqa: ARG001 - every kind is read alike
    """Read the pixels, plane by plane.

    Parameters
    ----------
    path : Path
    kind : str
        One of `KINDS`.

    Returns
    -------
    ndarray, shape (y, x) or (z, y, x)

    Raises
    ------
    PredictionFileError
        If it cannot be read.
    """
    with reading("TIFF"), _open(path) as file:
        pages = _pages(file)
        first = pages[0]
        planes: NDArray[Any] = np.empty((len(pages), first.imagelength, first.imagewidth), first.dtype)
        for number, page in enumerate(pages):
            _check_stored(page, number, path.stat().st_size)
            planes[number] = page.asarray(maxworkers=1).reshape(planes.shape[1:])
        return planes[0] if len(pages) == 1 else planes


def write(path: Path, data: NDArray[Any], axes: Sequence[str], spacing: Sequence[float] | None) -> None:
    """Write an image without loss; the same pixels give the same bytes.

    Parameters
    ----------
    path : Path
    data : ndarray
    axes : sequence of str
        Out of t c z y x, one for each axis.
    spacing : sequence of float or None
        In µm along each axis; None where it is not known.
    """
    import tifffile

    metadata: dict[str, Any] = {"axes": "".join(axes).upper()}
    options: dict[str, Any] = {"compression": "zlib", "photometric": "minisblack", "software": ""}
    if spacing is not None:
        sizes = dict(zip(axes, spacing, strict=True))
        metadata |= {"unit": "um"} | ({"spacing": sizes["z"]} if "z" in sizes else {})
        options["resolution"] = (1 / sizes["x"], 1 / sizes["y"])
    imagej = data.dtype.name in {"uint8", "uint16", "float32"} and spacing is not None
    tifffile.imwrite(path, data, imagej=imagej, metadata=metadata, **options)


def _open(path: Path) -> TiffFile:
    import tifffile

    # Without these, tifffile would go after the other files of an OME-TIFF or a stack of files.
    return tifffile.TiffFile(path, is_ome=False, _multifile=False)


def _pages(file: TiffFile) -> list[TiffPage]:
    """Give the pages, all alike, or say what is wrong with them; no pixel is read."""
    count = len(file.pages)
    if not 0 < count <= PLANES:
        refuse(f"it has {count} pages", f"1 to {PLANES} pages, one for each plane", "Write one image into the file.")
    first = file.pages.first
    if file.is_imagej and count == 1 and (file.imagej_metadata or {}).get("images", 1) > 1:
        refuse(
            "it has one page and claims more planes behind it, as ImageJ writes files above 4 GB",
            "a page for each plane",
            "Save it as BigTIFF, such as with tifffile.imwrite(..., bigtiff=True).",
        )
    pages = []
    for number in range(count):
        page = cast("TiffPage", file.pages.get(number, cache=False, aspage=True))
        _check_page(page, number)
        if any(page.tags.valueof(tag) != first.tags.valueof(tag) for tag in _SHAPE_TAGS):
            refuse(
                f"page {number + 1} has another size, type or compression than the first: {page.shape} {page.dtype}",
                "pages that are all alike",
                "Write one image into the file, without thumbnails or reduced copies.",
            )
        pages.append(page)
    return pages


def _check_page(page: TiffPage, number: int) -> None:
    where = f"page {number + 1}"
    if page.dtype is None or page.dtype.kind not in "uif" or page.bitspersample != 8 * page.dtype.itemsize:
        refuse(
            f"{where} has pixels of {page.bitspersample} bits and the sample format {page.sampleformat!s}",
            "whole numbers or floating point numbers of 8 to 64 bits",
            "Convert it, such as with array.astype(numpy.uint16).",
        )
    if page.samplesperpixel != 1 or page.imagedepth != 1 or page.photometric not in (0, 1):
        refuse(
            f"{where} has {page.samplesperpixel} values a pixel, or colours",
            "one value a pixel",
            "Save the numbers of the objects, not the colours they are shown in.",
        )
    if page.compression not in COMPRESSIONS or page.predictor not in PREDICTORS:
        names = ", ".join(sorted(set(COMPRESSIONS.values())))
        refuse(
            f"{where} is compressed by the method {int(page.compression)}",
            f"one of {names}",
            "Save it again with one of these, such as tifffile.imwrite(..., compression='zlib').",
        )


def _check_stored(page: TiffPage, number: int, size: int) -> None:
    """See that a page's strips or tiles lie in the file, and unpack to no more than the page needs."""
    rows = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    across = page.tilewidth if page.is_tiled else page.imagewidth
    itemsize = page.bitspersample // 8
    one = rows * across * itemsize
    whole = page.imagelength * page.imagewidth * itemsize
    down = math.ceil(page.imagelength / rows) if rows else 0
    count = down * (math.ceil(page.imagewidth / across) if across else 0)
    if one > max(2 * whole, LARGEST_SEGMENT):
        refuse(
            f"page {number + 1} has tiles of {one} bytes", f"at most {max(2 * whole, LARGEST_SEGMENT)}",
            "Save it with smaller tiles.",
        )  # fmt: skip
    places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    stored = all(start > 0 and length > 0 and start + length <= size for start, length in places)
    if len(places) != count or not stored:
        refuse(
            f"page {number + 1} claims {count} strips or tiles, and not all of them are in the file",
            "a file that holds all of its pixels",
            "The file was cut off, or keeps pixels elsewhere. Write it again, whole.",
        )
