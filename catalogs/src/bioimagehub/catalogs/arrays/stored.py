"""An image that is one array in one file, behind a header: how MRC, NIfTI and NRRD keep it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.choice import refuse_label
from bioimagehub.catalogs.arrays.labelled import Axis, label_array
from bioimagehub.catalogs.arrays.levels import choose_level
from bioimagehub.catalogs.arrays.nibbles import NibblePixels
from bioimagehub.catalogs.arrays.packed import Codec, PackedPixels
from bioimagehub.catalogs.arrays.raw import RawPixels, dense_strides
from bioimagehub.catalogs.errors import TruncatedFileError, UnreadableImageError
from bioimagehub.catalogs.reader import Place, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.arrays.pixels import Pixels


@dataclass(frozen=True)
class StoredImage:
    """What a header tells of the array behind it, in plain values.

    Attributes
    ----------
    axes : tuple of Axis
        In the order in which the array is indexed.
    shape : tuple of int
        Along these axes.
    dtype : str
        Type in the file, with its byte order; ``<i2,<i2`` for complex numbers of integers.
    offset : int
        Byte of the first sample, in the file as it is unpacked.
    order : tuple of int or None
        The axes as they lie in the file, the slowest first; None for the order in which the array is indexed.
    codec : {"gzip", "bzip2"} or None
        How the file, or what follows its header, is compressed.
    start : int
        Byte of the file where the compressed stream begins.
    channels : tuple of str
    attrs : mapping
        What else the file tells, such as ``units``.
    scale : tuple of float or None
        Slope and intercept that stored samples are multiplied with and that is added, in double precision.
    nibbles : bool
        Whether a byte holds two samples along ``x``; rows begin with a byte of their own.
    file : str or None
        Name of the file beside the header that holds the samples; None where they follow the header.
    version : mapping or None
        Fields of the version of that file.
    """

    axes: tuple[Axis, ...]
    shape: tuple[int, ...]
    dtype: str
    offset: int
    order: tuple[int, ...] | None = None
    codec: Codec | None = None
    start: int = 0
    channels: tuple[str, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict)
    scale: tuple[float, float] | None = None
    nibbles: bool = False
    file: str | None = None
    version: Mapping[str, Any] | None = None

    def facts(self) -> dict[str, Any]:
        """Give everything as plain JSON values, for a layout."""
        return asdict(self)

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> StoredImage:
        """Make it of what `facts` gave."""
        lists = {name: tuple(facts[name]) for name in ("shape", "channels")}
        maybe = {name: None if facts[name] is None else tuple(facts[name]) for name in ("order", "scale")}
        return cls(**{**facts, **lists, **maybe, "axes": tuple(Axis(**axis) for axis in facts["axes"])})

    def data_place(self, place: Place) -> Place:
        """Give the place of the samples, where `place` is that of the header."""
        if self.file is None:
            return place
        version = None if self.version is None else Version(**self.version)
        return Place((parent_of(place) / self.file).url, dataset=place.dataset, version=version)

    def raw_pixels(self, place: Place) -> RawPixels:
        """Give the array as it lies in the unpacked file."""
        stored = np.dtype(self.dtype)
        shape = (*self.shape[:-1], -(-self.shape[-1] // 2)) if self.nibbles else self.shape
        strides = dense_strides(shape, stored, self.order)
        convert: Any = Scale(*self.scale) if self.scale is not None else join_pairs if stored.names else None
        converted = "f8" if self.scale is not None else "c8" if stored.names else None
        return RawPixels(
            self.data_place(place),
            self.offset,
            shape,
            stored,
            strides=strides,
            convert=convert,
            dtype_converted=converted,
        )

    def pixels(self, place: Place) -> Pixels:
        """Give the array as it is indexed."""
        raw = self.raw_pixels(place)
        pixels: Pixels = raw
        if self.codec is not None:
            pixels = PackedPixels(raw, self.codec, self.start, section_bytes(raw) - 1)
        return NibblePixels(pixels, self.shape[-1]) if self.nibbles else pixels


@dataclass(frozen=True)
class Scale:
    """Multiplies stored samples and adds to them, in double precision."""

    slope: float
    intercept: float

    def __call__(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Give float64, of the same shape."""
        scaled: NDArray[Any] = samples.astype(np.float64) * self.slope + self.intercept
        return scaled


def join_pairs(samples: NDArray[Any]) -> NDArray[Any]:
    """Turn pairs of integers, the real part first, into complex64."""
    joined = np.empty(samples.shape, np.complex64)
    joined.real, joined.imag = (samples[name] for name in samples.dtype.names or ())
    return joined


def parent_of(place: Place) -> Place:
    """Give the folder that a file lies in."""
    path, mark, query = (place.url, "", "") if place.near else place.url.partition("?")
    return Place(path[: path.rindex(place.name)] + mark + query, dataset=place.dataset)


def section_bytes(raw: RawPixels) -> int:
    """Bytes of a step along the slowest axis: a file with that many to spare holds more than its header tells of."""
    return max((stride for stride, size in zip(raw.strides, raw.shape, strict=True) if size > 1), default=raw.end)


def check_size(place: Place, image: StoredImage) -> None:
    """Compare the size of the file with what its header tells of; of a compressed one it is known after unpacking.

    Raises
    ------
    TruncatedFileError
        If the file is too short.
    UnreadableImageError
        If it holds more samples than the header tells of.
    """
    if image.codec is not None:
        return
    raw = image.raw_pixels(place)
    place = raw.place
    version = place.version
    size = version.size if version is not None and version.size is not None else place.stat().size
    if size is None:
        return
    if size < raw.end:
        msg = (
            f"{place.url} has {size} bytes, and its header tells of {raw.end}: shape {image.shape} of {image.dtype}. "
            "It was cut, or is still being written: fetch the file anew."
        )
        raise TruncatedFileError(msg)
    if size >= raw.end + section_bytes(raw):
        msg = (
            f"{place.url} has {size} bytes, and its header tells of {raw.end} only: shape {image.shape} of "
            f"{image.dtype}. Sections would be left out: correct the header, or fetch the file anew."
        )
        raise UnreadableImageError(msg)


def open_stored(
    place: Place, image: StoredImage, form: str, *, level: int | str, label: str | None, chunks: Chunks, pixels: int
) -> xr.DataArray:
    """Open the array behind a header.

    Parameters
    ----------
    place : Place
        Of the header.
    image : StoredImage
    form : str
        What the format is called in an error, such as ``an MRC file``.
    level, label, chunks, pixels
        As in every driver.

    Raises
    ------
    UnknownLabelError, UnknownLevelError
        If a label image, or a level other than 0, is asked for.
    """
    refuse_label(label, form, place.url)
    if place.version is None and place.layout is not None:
        place = Place(place.url, dataset=place.dataset, version=place.layout.version, layout=place.layout)
    sizes = {axis.name: size for axis, size in zip(image.axes, image.shape, strict=True)}
    chosen = choose_level(level, [(sizes.get("y", 1), sizes.get("x", 1))], pixels, place.url)
    attrs = {"units": "arbitrary units", **image.attrs, "level": chosen, "levels": 1}
    return label_array(image.pixels(place), image.axes, channels=image.channels, attrs=attrs, chunks=chunks)
