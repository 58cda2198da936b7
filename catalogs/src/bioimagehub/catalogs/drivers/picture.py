"""Plain pictures: PNG, JPEG, BMP, DIB, GIF, WebP, and the C01 files of ArrayScan readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bioimagehub.catalogs.arrays.choice import refuse_label
from bioimagehub.catalogs.arrays.labelled import Axis, label_array
from bioimagehub.catalogs.arrays.levels import choose_level
from bioimagehub.catalogs.arrays.picture_headers import RED_GREEN_BLUE, Header, NotAPictureError, parse_header
from bioimagehub.catalogs.arrays.pictures import colour, decode_picture
from bioimagehub.catalogs.arrays.pixels import Pixels, Reading, bytes_of
from bioimagehub.catalogs.arrays.selection import mesh
from bioimagehub.catalogs.errors import UnknownOptionError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import Place, open_place
from bioimagehub.catalogs.reader.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr
    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.arrays.selection import Selection
    from bioimagehub.catalogs.arrays.work import Job

OPTIONS: tuple[str, ...] = ("palette",)

LARGEST = 2 * 2**30
"""Bytes of a picture that is decoded at most; each picture is decoded whole."""

KEPT = 256 * 2**20
"""Bytes of pictures that were decoded last and stay in memory."""

_STEPS = (4 * 2**10, 128 * 2**10)
"""Bytes that are read for the header: the first is enough unless a camera or a profile wrote much before it."""

_recent: Recent[NDArray[Any]] = Recent(KEPT, lambda decoded: decoded.nbytes)


class PicturePixels(Pixels):
    """The pixels of a picture, which is fetched by one request and decoded whole.

    Parameters
    ----------
    place : Place
    header : Header
    coloured : bool
        Whether the indices of a palette become colours.
    """

    def __init__(self, place: Place, header: Header, *, coloured: bool) -> None:
        self.place, self.header, self.coloured = place, header, coloured
        self.axes, self.channels = _axes(header, coloured=coloured)
        sizes = {"t": header.frames, "c": len(self.channels), "y": header.height, "x": header.width}
        self.shape = self.chunks = tuple(sizes[axis.name] for axis in self.axes)
        self.dtype = np.dtype(header.dtype)
        self.near = place.near
        self.token = repr((place.url, place.version, header, coloured))

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give one job, which decodes the picture unless it was decoded a moment ago."""

        def job() -> None:
            out[...] = self._load()[mesh(selection)]

        yield job

    def foresee(self, selection: Selection) -> Reading:  # noqa: ARG002 - any part takes the whole
        """Tell that all of the file is fetched by one request; how many bytes, where its version tells its size."""
        version = self.place.version
        if version is None or version.size is None:
            return Reading(1, bytes_of(self.shape, self.dtype), exact=False)
        return Reading(1, version.size, exact=True)

    def _load(self) -> NDArray[Any]:
        if self.place.version is None:
            return self._decode()
        return _recent.find((self.place.url, self.place.version, self.header, self.coloured), self._decode)

    def _decode(self) -> NDArray[Any]:
        data = bytes(self.place.read())
        try:
            found = decode_picture(data, self.header)
            if self.coloured and self.header.palette is not None:
                found = colour(found[..., 0], self.header.palette)
        except NotAPictureError as error:
            raise _unreadable(self.place, str(error)) from error
        return np.ascontiguousarray(np.moveaxis(found, -1, 1)).reshape(self.shape)


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    palette: Literal["index", "colour"] = "index",
) -> xr.DataArray:
    """Open a picture without decoding it; most take one request for the first 4 KiB.

    Parameters
    ----------
    url : str or Place
        PNG, JPEG, BMP, DIB, GIF, WebP or C01. What it is is told by its bytes, not by its name.
    level : int or "auto"
        0; a picture has one level.
    label : None
        A picture has no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Not used, as there is one level.
    palette : {"index", "colour"}
        What a picture with a palette gives: the index of each pixel, which is the label in most masks (the palette
        is in the attribute ``palette``), or its colour. GIF always gives colours, unless it is one grey picture.

    Returns
    -------
    xarray.DataArray
        Dimensions y x; before them c for colours, which is red, green, blue and maybe alpha (JPEG also cyan,
        magenta, yellow, black; PNG also grey, alpha); before them t for an animation. bool for 1 bit, uint8 for up
        to 8, uint16 for 16. Grey values of 2 and 4 bits are stretched to 0 to 255. Coordinates count pixels and
        frames. The attribute ``orientation`` is that of EXIF; it is told, not applied: 1 stands for as stored.

    Raises
    ------
    UnknownLabelError, UnknownLevelError
        If a label image, or a level other than 0, is asked for.
    UnknownOptionError
        If `palette` is something else.
    UnreadableImageError
        If it is no such picture, has more than 2 GiB of pixels, or, on reading, is cut off or damaged.
    ReadError
        If the bytes cannot be had.
    """
    if palette not in ("colour", "index"):
        msg = f"palette={palette!r} says nothing about {url}: choose 'colour' or 'index'."
        raise UnknownOptionError(msg)
    place = open_place(url)
    layout = place.layout or scan(place)
    refuse_label(label, "a picture", place.url)
    header = Header.from_facts(layout.facts)
    choose_level(level, [(header.height, header.width)], pixels, place.url)
    # Without the layout, which would go along to every worker.
    bare = Place(place.url, dataset=place.dataset, version=place.version or layout.version)
    array = PicturePixels(bare, header, coloured=palette == "colour" or header.form == "GIF")
    attrs: dict[str, Any] = {"units": "arbitrary units", "level": 0, "levels": 1, "format": header.form}
    attrs |= {"bits": header.bits, "orientation": header.orientation}
    if header.palette is not None and not array.coloured:
        attrs |= {"units": "1", "palette": [list(each) for each in header.palette]}
    if header.dtype == "bool":
        attrs["units"] = "1"
    if header.further:
        attrs["left_out"] = "further pictures in the file, such as a preview"
    return label_array(array, array.axes, channels=array.channels, attrs=attrs, chunks=chunks)


def scan(url: str | Place) -> Layout:
    """Read the header of a picture; of GIF, WebP, DIB and animated PNG all of the file.

    Raises
    ------
    UnreadableImageError
        If it is no picture, or has more than 2 GiB of pixels.
    ReadError
        If the bytes cannot be had.
    """
    place = open_place(url)
    try:
        header = _read_header(place)
    except NotAPictureError as error:
        raise _unreadable(place, str(error)) from error
    size = header.samples * np.dtype(header.dtype).itemsize
    if min(header.width, header.height) < 1 or size > LARGEST:
        found = f"its header tells {header.width:,} by {header.height:,} pixels, {size:,} bytes; {LARGEST:,} at most"
        raise _unreadable(place, f"{found} are decoded, as a picture is decoded whole")
    axes, _ = _axes(header, coloured=False)
    summary = {"axes": "".join(axis.name for axis in axes), "dtype": header.dtype, "format": header.form}
    return Layout("picture", place.url, header.to_facts(), version=place.version, summary=summary)


def _read_header(place: Place) -> Header:
    for count in _STEPS:
        data, _ = place.read_some(0, count)
        header = parse_header(bytes(data), whole=len(data) < count)
        if header is not None:
            return header
    header = parse_header(bytes(place.read()), whole=True)
    if header is None:
        msg = "its header does not end"
        raise NotAPictureError(msg)
    return header


def _axes(header: Header, *, coloured: bool) -> tuple[tuple[Axis, ...], tuple[str, ...]]:
    channels = header.channels
    if coloured and header.palette is not None:
        channels = (*RED_GREEN_BLUE, "alpha")[: len(header.palette[0])]
    time = (Axis("t", "frame"),) if header.frames > 1 else ()
    channel = (Axis("c", ""),) if channels else ()
    return (*time, *channel, Axis("y", "pixel"), Axis("x", "pixel")), channels


def _unreadable(place: Place, found: str) -> UnreadableImageError:
    msg = (
        f"{place.url} cannot be read as a picture: {found}. Expected a whole PNG, JPEG, BMP, DIB, GIF, WebP or C01 "
        "file. Fetch it anew, or open it with the driver of its format; a large picture as TIFF or OME-Zarr."
    )
    return UnreadableImageError(msg)
