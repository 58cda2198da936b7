"""Opens a multiscale image: from its group to a labelled lazy array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.arrays.choice import choose_image
from bioimagehub.catalogs.arrays.labelled import label_array
from bioimagehub.catalogs.arrays.levels import choose_level
from bioimagehub.catalogs.arrays.sharded import open_pixels
from bioimagehub.catalogs.arrays.zarr_metadata import ArrayMetadata, parse_array
from bioimagehub.catalogs.drivers.ngff.documents import ARRAYS, Documents, Group, join
from bioimagehub.catalogs.drivers.ngff.multiscales import Multiscale, list_multiscales, parse_multiscale
from bioimagehub.catalogs.errors import UnknownLabelError, UnreadableImageError
from bioimagehub.catalogs.reader import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Axis, Chunks
    from bioimagehub.catalogs.arrays.zarr import ZarrPixels


@dataclass(frozen=True)
class Image:
    """A multiscale image of a store.

    Attributes
    ----------
    documents : Documents
    group : Group
    multiscale : Multiscale
    label : str or None
        Its name, for a label image.
    """

    documents: Documents
    group: Group
    multiscale: Multiscale
    label: str | None = None

    @property
    def name(self) -> str:
        """What it is called in an error."""
        return self.documents.url(self.group.path)

    def arrays(self, levels: Iterable[int]) -> list[ArrayMetadata]:
        """Read the metadata of levels, at once; in the order of the store.

        Raises
        ------
        UnreadableImageError
            If those of one are missing, or are not those of an array of as many axes.
        """
        paths = [self.multiscale.levels[level].path for level in levels]
        documents = self.documents.read(self._document(path) for path in paths)
        found = []
        for path, document in zip(paths, documents, strict=True):
            name = f"{self.name}/{path}"
            if document is None:
                self.documents.see_access(self._document(path))
                msg = (
                    f"Level {path} of {self.name} is listed and cannot be opened: its metadata file "
                    f"{ARRAYS[self.group.zarr]} is missing. Fetch or build the image anew."
                )
                raise UnreadableImageError(msg)
            if self.group.zarr == 3 and document.get("node_type") == "group":
                msg = (
                    f"Level {path} of {self.name} is a group; its {len(self.multiscale.order)} axes call for an array. "
                    "Build it anew."
                )
                raise UnreadableImageError(msg)
            array = parse_array(document, name, separator=self.multiscale.separator)
            if len(array.shape) != len(self.multiscale.order):
                msg = (
                    f"Level {path} of {self.name} is an array of {len(array.shape)} dimensions; its "
                    f"{len(self.multiscale.order)} axes call for as many. Build it anew."
                )
                raise UnreadableImageError(msg)
            found.append(array)
        return found

    def shape(self, array: ArrayMetadata) -> tuple[int, ...]:
        """Give the shape of a level, in the order of the axes."""
        return tuple(array.shape[axis] for axis in self.multiscale.order)

    def pixels(self, level: int) -> ZarrPixels:
        """Give the pixels of a level."""
        (array,) = self.arrays([level])
        path = self.multiscale.levels[level].path
        document = self._document(path)
        folder = self.documents.place / join(self.group.path, path)
        place = Place(folder.url, dataset=folder.dataset, edition=self.documents.edition(document))
        indexed = self.documents.facts is not None
        return open_pixels(place, array, order=self.multiscale.order, indexed=indexed)

    def axes(self, level: int) -> tuple[Axis, ...]:
        """Give the axes of a level."""
        chosen = self.multiscale.levels[level]
        if self.multiscale.is_scaled:
            return chosen.axes
        finest, this = self.arrays([0, level])
        return self.multiscale.scaled(chosen, self.shape(this), self.shape(finest))

    def channels(self, shape: tuple[int, ...]) -> tuple[str, ...]:
        """Names of the channels of an array; none where there are not as many as channels."""
        named = self.multiscale.channels if self.label is None else ()
        return named if self._has_channels(shape, len(named)) else ()

    def _has_channels(self, shape: tuple[int, ...], count: int) -> bool:
        names = [axis.name for axis in self.multiscale.levels[0].axes]
        return "c" in names and shape[names.index("c")] == count

    def choose_level(self, level: int | str, pixels: int) -> int:
        """Give the number of the level to open; see `bioimagehub.catalogs.arrays.levels.choose_level`."""
        count = len(self.multiscale.levels)
        if level != "auto":
            return choose_level(level, [(1, 1)] * count, pixels, self.name)
        names = [axis.name for axis in self.multiscale.levels[0].axes]
        shapes = [self.shape(array) for array in self.arrays(range(count))]
        planes = [(shape[names.index("y")], shape[names.index("x")]) for shape in shapes]
        return choose_level(level, planes, pixels, self.name)

    def attrs(self, level: int, shape: tuple[int, ...]) -> dict[str, Any]:
        """Give the attributes of the array of a level."""
        told: dict[str, Any] = {"units": "arbitrary units"} if self.label is None else {"units": "1"}
        if self.label is not None:
            told["label"] = self.label
        elif self.multiscale.colours and self._has_channels(shape, len(self.multiscale.colours)):
            told["colours"] = list(self.multiscale.colours)
        return told | {"level": level, "levels": len(self.multiscale.levels)}

    def open(self, level: int | str, chunks: Chunks, pixels: int) -> xr.DataArray:
        """Open a level."""
        chosen = self.choose_level(level, pixels)
        found = self.pixels(chosen)
        return label_array(
            found,
            self.axes(chosen),
            channels=self.channels(found.shape),
            attrs=self.attrs(chosen, found.shape),
            chunks=chunks,
        )

    def _document(self, path: str) -> str:
        return join(self.group.path, path, ARRAYS[self.group.zarr])


def read_image(documents: Documents, group: Group, series: int | str | None = None) -> Image:
    """Read the multiscale image of a group.

    Raises
    ------
    AmbiguousImageError, UnknownImageError
        If there are several and none was chosen, or there is none of that name.
    UnreadableImageError
        If there is none, or its metadata are not those of one.
    """
    name = documents.url(group.path)
    if "multiscales" not in group.attributes:
        msg = (
            f"The Zarr group {name} is not an OME-Zarr image: its attributes have no 'multiscales', only "
            f"{sorted(group.attributes)}. Give the address of the image group, not of a folder above or an array in it."
        )
        raise UnreadableImageError(msg)
    number = choose_image(series, list_multiscales(group.attributes, name), "series", name)
    return Image(documents, group, parse_multiscale(group.attributes, number, name))


def read_label(documents: Documents, path: str, label: str) -> Image:
    """Read a label image of the image at a path.

    Raises
    ------
    UnknownLabelError
        If the image has none of that name.
    UnreadableImageError
        If it is listed and missing, or its metadata are not those of one.
    """
    image = documents.url(path)
    child = join(path, "labels", label)
    is_name = label and not {"", ".", ".."} & set(label.split("/"))
    group = documents.group(child, arrays=("0",)) if is_name else None
    if group is not None and "multiscales" in group.attributes:
        return Image(documents, group, read_image(documents, group).multiscale, label)
    names = list_labels(documents, path)
    if label in names:
        msg = (
            f"The label image {label!r} of {image} is listed and cannot be opened: its metadata are missing, or have "
            "no 'multiscales'. Fetch or build the image anew."
        )
        raise UnreadableImageError(msg)
    found = f"its label images are {', '.join(names)}" if names else "it has no label images"
    msg = f"There is no label image {label!r} in {image}: {found}. Choose one of these, or leave `label` out."
    raise UnknownLabelError(msg)


def list_labels(documents: Documents, path: str) -> list[str]:
    """Give the names of the label images of the image at a path, sorted.

    Raises
    ------
    UnreadableImageError
        If the list is none.
    """
    group = documents.group(join(path, "labels"))
    listed = [] if group is None else group.attributes.get("labels", [])
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        msg = f"The labels of {documents.url(path)} are {listed!r:.80} and no list of names. Build the image anew."
        raise UnreadableImageError(msg)
    return sorted(listed)
