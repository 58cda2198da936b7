"""NRRD files, in one (.nrrd) or with their data beside (.nhdr), plain or compressed: volumes, atlases, time series."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.arrays.stored import StoredImage
    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ()

_HEAD = 4096
"""Bytes that nearly every header fits in."""


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
) -> xr.DataArray:
    """Open an NRRD file without reading its samples.

    A file whose data are compressed is unpacked into memory when the first sample is read, and stays there.

    Parameters
    ----------
    url : str or Place
        Path or address of the file, or of the header where the data lie in a file beside.
    level : int or "auto"
        0; an NRRD file has one level.
    label : None
        An NRRD file has no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Without effect, as there is one level.

    Returns
    -------
    xarray.DataArray
        Axes out of t c z y x, by the kinds and space directions of the header: domains are x, y, z in the order of
        the file, lists, vectors and colours are c. Coordinates in micrometres and seconds, float64. Where the space
        directions only scale, they are those of the space, which may descend; else they begin at 0. Where the header
        states no unit, coordinates count samples. The attribute ``affine`` is then the matrix from x y z of the file
        to the space, in the units of the file, and ``space`` its name.

    Raises
    ------
    UnknownLabelError, UnknownLevelError
        If a label image, or a level other than 0, is asked for.
    UnreadableImageError
        If it is no such file, is encoded as text, lies in several files, or holds more than its header tells of.
    TruncatedFileError
        If it is shorter than its header tells.
    MissingFileError
        If there is none.

    References
    ----------
    https://teem.sourceforge.net/nrrd/format.html
    """
    from bioimagehub.catalogs.arrays.stored import StoredImage, open_stored

    place = open_place(url)
    image = StoredImage.of_facts(place.layout.facts) if place.layout is not None else _read_header(place)
    return open_stored(place, image, "an NRRD file", level=level, label=label, chunks=chunks, pixels=pixels)


def scan(url: str | Place) -> Layout:
    """Read the header of an NRRD file.

    Raises
    ------
    UnreadableImageError, TruncatedFileError, MissingFileError
        As `open_array`.
    """
    place = open_place(url)
    facts = _read_header(place).facts()
    return Layout(driver="nrrd", url=place.url, facts=facts, version=place.version)


def _read_header(place: Place) -> StoredImage:
    from bioimagehub.catalogs.arrays.stored import check_size
    from bioimagehub.catalogs.drivers.nrrd_header import ends_header, parse_header

    asked = _HEAD
    head, _ = place.read_some(0, asked)
    while not ends_header(head) and len(head) == asked and bytes(head[:4]) == b"NRRD":
        asked *= 4
        head, _ = place.read_some(0, asked)
    image = parse_header(bytes(head), place.url)
    if image.file is not None:
        image = replace(image, version=asdict(image.data_place(place).stat()))
    if image.offset < 0:
        data_place = image.data_place(place)
        version = data_place.version
        size = (version.size if version is not None else None) or data_place.stat().size or 0
        image = replace(image, offset=size - image.raw_pixels(place).end + image.offset)
    check_size(place, image)
    return image
