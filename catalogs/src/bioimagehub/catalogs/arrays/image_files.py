"""Images in files of their own, in a folder or a zip file: found, opened one by one, and put into one stack."""

from __future__ import annotations

import importlib
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.labelled import Axis, find_pixels, label_array
from bioimagehub.catalogs.arrays.pixels import Pixels, StackedPixels, bytes_of
from bioimagehub.catalogs.errors import UnreadableImageError
from bioimagehub.catalogs.reader import Place, Version
from bioimagehub.catalogs.reader.recent import Recent
from bioimagehub.catalogs.reader.zip_directory import is_zipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks

DRIVERS_OF_SUFFIXES: dict[str, str] = {
    ".bmp": "picture", ".c01": "picture", ".dib": "picture", ".gif": "picture", ".jpeg": "picture",
    ".jpg": "picture", ".png": "picture", ".webp": "picture",
    ".tif": "tiff", ".tiff": "tiff",
    ".map": "mrc", ".mrc": "mrc", ".mrcs": "mrc",
    ".czi": "czi", ".lif": "lif", ".nd2": "nd2", ".nii": "nifti", ".nii.gz": "nifti", ".nrrd": "nrrd",
}  # fmt: skip
"""Which driver reads a file, by the end of its name in lower case."""

_DEEPEST = 16
"""Folders below one another that are looked into; deeper ones are links that go round."""


@dataclass(frozen=True)
class ImageFile:
    """A file that a driver reads.

    Attributes
    ----------
    name : str
        Its path below the folder or in the zip file.
    driver : str
    place : Place
    """

    name: str
    driver: str
    place: Place

    def open(self, **options: Any) -> xr.DataArray:
        """Open it by its driver; `options` are those of the driver."""
        module = importlib.import_module(f"bioimagehub.catalogs.drivers.{self.driver}")
        found: xr.DataArray = module.open_array(self.place, **options)
        return found


@dataclass(frozen=True)
class Kind:
    """What images have to have in common to make a stack.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    axes : tuple of Axis
    named : mapping of axis to tuple
        Coordinates along axes that have names or numbers and no spacing, such as channels.
    units : str
        Of the pixels.
    """

    shape: tuple[int, ...]
    dtype: str
    axes: tuple[Axis, ...]
    named: Mapping[str, tuple[Any, ...]]
    units: str

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype, self.axes))

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(axis.name for axis in self.axes)

    def describe(self) -> str:
        """Tell it in an error."""
        sizes = " ".join(f"{name} {size}" for name, size in zip(self.dims, self.shape, strict=True))
        named = "".join(f", {name} {', '.join(map(str, values[:8]))}" for name, values in self.named.items())
        spacing = "".join(f", {a.name} every {a.spacing:g} {a.units}" for a in self.axes if a.spacing != 1.0)
        return f"{self.dtype} {sizes}{named}{spacing}"

    def to_facts(self) -> dict[str, Any]:
        """Give plain values, of which `from_facts` makes it again."""
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Kind:
        """Make it of what `to_facts` gave, also after a journey through JSON."""
        axes = tuple(Axis(**axis) for axis in facts["axes"])
        named = {name: tuple(values) for name, values in facts["named"].items()}
        return cls(tuple(facts["shape"]), facts["dtype"], axes, named, facts["units"])


def find_kind(array: xr.DataArray) -> Kind:
    """Tell what an image that a driver opened has to have in common with others."""
    axes, named = [], {}
    for name in map(str, array.dims):
        coordinate = array.coords[name]
        if "spacing" in coordinate.attrs and array.sizes[name]:
            units, spacing = coordinate.attrs["units"], float(coordinate.attrs["spacing"])
            axes.append(Axis(name, units, spacing, float(coordinate.values[0])))
        else:
            axes.append(Axis(name, ""))
            named[name] = tuple(coordinate.values.tolist())
    named |= {str(name): (one.item(),) for name, one in array.coords.items() if one.ndim == 0}
    return Kind(array.shape, array.dtype.name, tuple(axes), named, str(array.attrs["units"]))


KEPT = 2_000
"""Files that were opened last and whose header is kept, so that it is not read again for each piece of an image."""

_opened: Recent[Pixels] = Recent(KEPT, lambda _: 1)


class FileOpener:
    """Opens the files of a stack when they are read, and refuses those that are not like the first.

    Parameters
    ----------
    files : sequence of ImageFile
    kind : Kind
        What the first is.
    options : mapping
        What the driver is given.
    """

    def __init__(self, files: Sequence[ImageFile], kind: Kind, options: Mapping[str, Any]) -> None:
        self._files, self._kind, self._options = tuple(files), kind, dict(options)

    def __call__(self, position: tuple[int, ...]) -> Pixels:
        """Give the pixels of a file.

        Raises
        ------
        UnreadableImageError
            If it is not like the first.
        """
        file = self._files[position[0]]
        if file.place.version is None:
            return self._open(file)
        key = (file.place.url, file.place.version, self._kind, tuple(self._options.items()))
        return _opened.find(key, lambda: self._open(file))

    def _open(self, file: ImageFile) -> Pixels:
        array = file.open(**self._options)
        kind = find_kind(array)
        if kind != self._kind:
            msg = (
                f"{file.place.url} is {kind.describe()}; the stack that it was to be part of, which begins with "
                f"{self._files[0].name}, is {self._kind.describe()}. Open it by itself, or leave it out."
            )
            raise UnreadableImageError(msg)
        return pixels_of(array)


def stack_files(
    files: Sequence[ImageFile],
    kind: Kind,
    axis: Axis,
    *,
    options: Mapping[str, Any] | None = None,
    names: Mapping[str, Sequence[Any]] | None = None,
    attrs: Mapping[str, Any] | None = None,
    chunks: Chunks = None,
) -> xr.DataArray:
    """Put images into one stack. Nothing is read; each is opened, and compared with the first, when it is read.

    Parameters
    ----------
    files : sequence of ImageFile
        One at least.
    kind : Kind
        What the first is.
    axis : Axis
        Along which they lie.
    options : mapping or None
        What the driver of the files is given.
    names, attrs, chunks
        As in `bioimagehub.catalogs.arrays.labelled.label_array`.

    Returns
    -------
    xarray.DataArray
    """
    token = repr([(file.place.url, file.place.version) for file in files] + [kind, options])
    pixels = StackedPixels(
        (len(files),),
        FileOpener(files, kind, options or {}),
        kind.shape,
        np.dtype(kind.dtype),
        _worth_a_read(kind),
        token,
        near=all(file.place.near for file in files),
    )
    named = dict(kind.named)
    channels = named.pop("c", ()) if "c" in kind.dims else ()
    along = {name: values for name, values in named.items() if name in kind.dims}
    array = label_array(
        pixels,
        (axis, *kind.axes),
        channels=tuple(channels),
        names={**along, **(names or {})},
        attrs={"units": kind.units, **(attrs or {})},
        chunks=chunks,
    )
    return array.assign_coords({name: values[0] for name, values in named.items() if name not in kind.dims})


def pixels_of(array: xr.DataArray) -> Pixels:
    """Give what a lazy array that a driver opened, and nobody indexed, is read from."""
    found = find_pixels(array)
    if found is None:
        msg = f"expected an array that a driver opened, not one of {type(array.variable._data).__name__}"
        raise TypeError(msg)
    return found[0]


def list_files(place: Place) -> list[tuple[str, Place]]:
    """Find all files in a zip file or below a folder: path and place of each, numbers in paths in their order.

    Raises
    ------
    UnreadableZipError
        If a zip file is damaged.
    ReadError
        If there is no such folder, or it cannot be listed.
    UnreadableImageError
        If folders lie more than 16 deep.
    """
    from bioimagehub.catalogs.reader.zips import members_of

    found = members_of(place) if is_zip(place) or is_zipped(place.url) else list(_below(place, "", 0))
    return sorted(found, key=lambda each: natural(each[0]))


def find_file(place: Place, name: str, version: Version | None) -> Place:
    """Give the place of a file that `list_files` found."""
    from bioimagehub.catalogs.reader.zips import member_url

    url = member_url(place.url, name) if is_zip(place) else (place / name).url
    return Place(url, dataset=place.dataset, version=version)


def is_zip(place: Place) -> bool:
    """Tell whether a place is a zip file, by its name."""
    return place.name.lower().endswith(".zip")


def find_driver_of(name: str) -> str | None:
    """Tell which driver reads a file, by its name; None for what is no image, and for what systems leave in folders.

    Examples
    --------
    >>> find_driver_of("A01/a.TIF"), find_driver_of("__MACOSX/._a.tif"), find_driver_of("notes.txt")
    ('tiff', None, None)
    """
    *folders, last = name.split("/")
    if last.startswith(".") or "__MACOSX" in folders:
        return None
    return next((driver for end, driver in DRIVERS_OF_SUFFIXES.items() if last.lower().endswith(end)), None)


def natural(name: str) -> list[tuple[int, str]]:
    """Give what puts names into the order in which numbers count as numbers.

    Examples
    --------
    >>> sorted(["t10.tif", "t9.tif", "T1.tif"], key=natural)
    ['T1.tif', 't9.tif', 't10.tif']
    """
    parts = re.split(r"(\d+)", name)
    return [(int(part), part) if part.isdecimal() else (-1, part.lower()) for part in parts] + [(-2, name)]


def note_version(version: Version | None) -> list[Any] | None:
    """Give a version as plain values; `read_version` reads them."""
    return None if version is None else [version.size, version.etag, version.modified]


def read_version(noted: Sequence[Any] | None) -> Version | None:
    """Read what `note_version` gave."""
    return None if noted is None else Version(*noted)


def _below(folder: Place, prefix: str, depth: int) -> Iterator[tuple[str, Place]]:
    if depth > _DEEPEST:
        msg = f"{folder.url} lies more than {_DEEPEST} folders deep: a link may lead back. Open a folder below."
        raise UnreadableImageError(msg)
    for name in folder.names():
        place = folder / name.rstrip("/")
        if name.endswith("/"):
            yield from _below(place, f"{prefix}{name}", depth + 1)
        else:
            yield f"{prefix}{name}", place


def _worth_a_read(kind: Kind) -> tuple[int, ...]:
    """Give planes: what the files are cut into is not known before each is opened."""
    planes = [size if name in ("y", "x") else 1 for name, size in zip(kind.dims, kind.shape, strict=True)]
    whole = bytes_of(kind.shape, np.dtype(kind.dtype))
    return kind.shape if whole <= 2**22 else tuple(planes)
