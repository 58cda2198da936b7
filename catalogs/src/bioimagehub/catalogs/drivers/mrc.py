"""MRC and CCP4 files: maps, tomograms, micrographs, movies, tilt series and particle stacks of electron microscopy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import Place, open_place

if TYPE_CHECKING:
    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.arrays.stored import StoredImage

OPTIONS: tuple[str, ...] = ("stack",)


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    stack: bool | None = None,
) -> xr.DataArray:
    """Open an MRC or CCP4 file without reading its samples.

    Over HTTP this takes one request, and a plane or a tile one more, of just the bytes that hold it. A file that is
    compressed with gzip or bzip2 is unpacked into memory when the first sample is read, and stays there.

    Parameters
    ----------
    url : str or Place
        Path or address of the file.
    level : int or "auto"
        0; an MRC file has one level.
    label : None
        An MRC file has no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Without effect, as there is one level.
    stack : bool or None
        Whether sections are images of a series, along ``t``, or slices of a volume, along ``z``. None decides by the
        header: images where the space group is 0 and the sampling along z is 1, or the name ends in ``.mrcs``.

    Returns
    -------
    xarray.DataArray
        Axes z y x for a volume, whatever the order in the file; y x for one image; t y x for a stack of images, such
        as a movie or a tilt series; t z y x for a stack of volumes. Coordinates in micrometres, float64, from the
        cell and the origin or start of the map; in a cell that is not rectangular they are lengths along its edges;
        where the cell is 0 (not stated) they count samples. The type is that of the file: int8 or uint8, int16,
        uint16, float16, float32, complex64; complex integers become complex64, samples of four bits uint8.

        Attributes: ``sections``, what sections were taken for (``slices``, ``images``, ``image``, ``volumes``), and
        ``space_group``.

    Raises
    ------
    UnknownLabelError, UnknownLevelError
        If a label image, or a level other than 0, is asked for.
    UnreadableImageError
        If it is no such file, or holds more than its header tells of.
    TruncatedFileError
        If it is shorter than its header tells.
    MissingFileError
        If there is none.

    References
    ----------
    Cheng et al., Journal of Structural Biology 192, 146-150 (2015), doi:10.1016/j.jsb.2015.04.002.
    """
    from bioimagehub.catalogs.arrays.stored import StoredImage, open_stored

    place = open_place(url)
    if place.layout is not None and stack is None:
        image = StoredImage.of_facts(place.layout.facts)
    else:
        image = _read_header(place, stack=stack)
    return open_stored(place, image, "an MRC file", level=level, label=label, chunks=chunks, pixels=pixels)


def scan(url: str | Place) -> Layout:
    """Read the header of an MRC or CCP4 file.

    Raises
    ------
    UnreadableImageError, TruncatedFileError, MissingFileError
        As `open_array`.
    """
    place = open_place(url)
    facts = _read_header(place, stack=None).facts()
    return Layout(driver="mrc", url=place.url, facts=facts, version=place.version)


def _read_header(place: Place, *, stack: bool | None) -> StoredImage:
    from bioimagehub.catalogs.arrays.heads import read_unpacked_head
    from bioimagehub.catalogs.arrays.stored import check_size
    from bioimagehub.catalogs.drivers.mrc_header import BYTES, parse_header

    head, codec = read_unpacked_head(place, BYTES)
    image = parse_header(head, place.url, codec=codec, stack=stack)
    check_size(place, image)
    return image
