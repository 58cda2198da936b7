"""Plates of wells of fields of view: many images as one lazy array, each opened when its pixels are wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.arrays.choice import choose_image
from bioimagehub.catalogs.arrays.labelled import Axis, label_array
from bioimagehub.catalogs.arrays.pixels import Pixels, StackedPixels
from bioimagehub.catalogs.drivers.ngff.documents import ARRAYS, GROUPS, Documents, Group, join
from bioimagehub.catalogs.drivers.ngff.images import Image, read_image, read_label
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.arrays.selection import Selection
    from bioimagehub.catalogs.arrays.work import Job


def list_wells(documents: Documents, group: Group) -> list[str]:
    """Give the paths of the wells of a plate, in the order of its rows and columns.

    Raises
    ------
    UnreadableImageError
        If the metadata are not those of a plate.
    """
    try:
        wells = [well["path"].strip("/") for well in group.attributes["plate"]["wells"]]
    except (AttributeError, LookupError, TypeError) as error:
        raise UnreadableImageError(_told(documents, group, "plate", error)) from error
    if not wells or len(set(wells)) < len(wells):
        raise UnreadableImageError(_told(documents, group, "plate", ValueError("no wells, or a well twice")))
    return sorted(wells, key=_by_number)


def list_fields(documents: Documents, path: str) -> list[str]:
    """Give the paths of the fields of view of a well, in the well.

    Raises
    ------
    UnreadableImageError
        If there is no such well, or its metadata are not those of one.
    """
    group = documents.group(path)
    if group is None:
        msg = f"The well {documents.url(path)} is listed and missing. Fetch or build the plate anew."
        raise UnreadableImageError(msg)
    try:
        fields = [image["path"].strip("/") for image in group.attributes["well"]["images"]]
    except (AttributeError, LookupError, TypeError) as error:
        raise UnreadableImageError(_told(documents, group, "well", error)) from error
    if not fields or len(set(fields)) < len(fields):
        raise UnreadableImageError(_told(documents, group, "well", ValueError("no images, or an image twice")))
    return fields


def name_well(path: str) -> str:
    """Give the name of the well at a path.

    Examples
    --------
    >>> name_well("A/1")
    'A1'
    """
    return path.replace("/", "")


@dataclass(frozen=True)
class Fields:
    """Fields of view that make one array, which are declared to be as the first of them is.

    Attributes
    ----------
    documents : Documents
    root : str
        Path of the plate, or of the well.
    wells : tuple of str
        Paths of the wells in it; one empty path for a well by itself.
    fields : tuple of str
        Paths of the fields of view in each well.
    label : str or None
        The label image that is opened of each; None for the image.
    dims : tuple of str
        Which axes they make: ``well``, ``field``, both or none.
    """

    documents: Documents
    root: str
    wells: tuple[str, ...]
    fields: tuple[str, ...]
    label: str | None
    dims: tuple[str, ...]

    def image(self, well: str, field: str) -> Image:
        """Read the metadata of a field of view, or of its label image."""
        path = join(self.root, well, field)
        if self.label is not None:
            return read_label(self.documents, path, self.label)
        group = self.documents.group(path)
        if group is None:
            msg = (
                f"The field of view {field} of the well {self.documents.url(join(self.root, well))} is missing. "
                "Fetch or build the plate anew, or open other fields of view with `well` and `field`."
            )
            raise UnreadableImageError(msg)
        return read_image(self.documents, group)

    def see_listed(self, well: str, field: str) -> None:
        """See that a well has the fields of view that all are declared to have.

        Parameters
        ----------
        well : str
        field : str
            One that it has to have. If all are opened, it has to have the same as the first well.

        Raises
        ------
        UnreadableImageError
            If it does not.
        """
        listed = list_fields(self.documents, join(self.root, well))
        if field not in listed or ("field" in self.dims and set(listed) != set(self.fields)):
            msg = (
                f"The well {name_well(well)} of {self.documents.url(self.root)} has the fields of view "
                f"{', '.join(listed)}; in one array each well has {', '.join(self.fields)}. Open one well with "
                "`well`, a field of view that all wells have with `field`, or all with open_tree."
            )
            raise UnreadableImageError(msg)

    def first(self) -> Image:
        """Read the metadata of the first, which the others are declared to be like."""
        return self.image(self.wells[0], self.fields[0])

    def names(self) -> dict[str, Sequence[Any]]:
        """Give the coordinates: names of the wells, numbers or names of the fields of view."""
        fields = [int(field) for field in self.fields] if all(each.isdecimal() for each in self.fields) else self.fields
        return {"well": [name_well(well) for well in self.wells], "field": fields}

    def open(self, level: int | str, chunks: Chunks, pixels: int) -> xr.DataArray:
        """Open a level of all of them as one array."""
        first = self.first()
        if not self.dims:
            return first.open(level, chunks, pixels)
        return self.open_like(first, first.choose_level(level, pixels), chunks)

    def open_like(self, example: Image, level: int, chunks: Chunks) -> xr.DataArray:
        """Open a level of all of them as one array, declared to be as an image is that may be another one."""
        like = example.pixels(level)
        sizes = {"well": len(self.wells), "field": len(self.fields)}
        stacked = StackedPixels(
            tuple(sizes[dim] for dim in self.dims),
            _Opener(self, example, level, like.shape, like.dtype),
            like.shape,
            like.dtype,
            like.chunks,
            f"{self.documents.url(self.root)} {self.wells} {self.fields} {self.label} {like.token}",
            near=like.near,
        )
        return label_array(
            stacked,
            (*(Axis(dim, "") for dim in self.dims), *example.axes(level)),
            channels=example.channels(like.shape),
            names={dim: names for dim, names in self.names().items() if dim in self.dims},
            attrs=example.attrs(level, like.shape),
            chunks=chunks,
        )


@dataclass(frozen=True)
class _Opener:
    """Opens a field of view when its pixels are wanted."""

    fields: Fields
    first: Image
    level: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __call__(self, position: tuple[int, ...]) -> Pixels:
        at = dict(zip(self.fields.dims, position, strict=True))
        well, field = self.fields.wells[at.get("well", 0)], self.fields.fields[at.get("field", 0)]
        path = join(self.fields.root, well, field, *(["labels", self.first.label] if self.first.label else []))
        image = Image(
            self.first.documents,
            Group(path, self.first.group.zarr, self.first.group.attributes),
            self.first.multiscale,
            self.first.label,
        )
        try:
            pixels = image.pixels(self.level)
        except UnreadableImageError:
            self.check(well, field)  # tells it better if it should not be there at all
            raise
        if (pixels.shape, pixels.dtype) != (self.shape, self.dtype):
            self._refuse(image, f"it is {pixels.dtype} {pixels.shape}, the first one {self.dtype} {self.shape}")
        return _Checked(pixels, self, well, field)

    def check(self, well: str, field: str) -> None:
        """See that the well lists the field of view, and that its axes are those of the first."""
        if well:
            self.fields.see_listed(well, field)
        image = self.fields.image(well, field)
        mine, first = (
            [(axis.name, axis.units, axis.spacing) for axis in each.multiscale.levels[self.level].axes]
            for each in (image, self.first)
            if self.level < len(each.multiscale.levels)
        )
        if mine != first or image.multiscale.levels[self.level].path != self.first.multiscale.levels[self.level].path:
            self._refuse(image, f"its axes are {mine}, those of the first one {first}")

    def _refuse(self, image: Image, found: str) -> None:
        msg = (
            f"The field of view {image.name} does not fit into one array with the others: {found}. "
            "Open it by itself, with `well` and `field`."
        )
        raise UnreadableImageError(msg)


class _Checked(Pixels):
    """Pixels of a field of view; with them it is seen that the field is what it was declared to be."""

    def __init__(self, pixels: Pixels, opener: _Opener, well: str, field: str) -> None:
        self._pixels, self._opener, self._at = pixels, opener, (well, field)
        self.shape, self.dtype, self.chunks = pixels.shape, pixels.dtype, pixels.chunks
        self.token, self.near = pixels.token, pixels.near

    def jobs(self, selection: Selection, out: NDArray[Any]) -> Iterator[Job]:
        """Give the jobs of the pixels, and one that checks."""
        yield lambda: self._opener.check(*self._at)
        yield from self._pixels.jobs(selection, out)


def find_plate(
    documents: Documents,
    group: Group,
    *,
    label: str | None = None,
    well: str | None = None,
    field: int | str | None = None,
) -> Fields:
    """Give the fields of view of a plate.

    Parameters
    ----------
    documents : Documents
    group : Group
        Of the plate.
    label : str or None
    well : str or None
        Name or path of one well, such as ``A1`` or ``A/1``; None for all.
    field : int, str or None
        Number or name of one field of view; None for all.

    Raises
    ------
    UnknownImageError
        If there is no such well or field of view.
    UnreadableImageError
        If the metadata are not those of a plate, or wells are known to have other fields of view than the first.
    """
    name = documents.url(group.path)
    wells = list_wells(documents, group)
    dims = ["well", "field"]
    if well is not None:
        names = [name_well(path) for path in wells]
        number = choose_image(well if well in names else well.replace("/", ""), names, "well", name)
        wells = [wells[number]]
        dims.remove("well")
    _read_ahead(documents, group, wells[0])
    fields = list_fields(documents, join(group.path, wells[0]))
    if field is not None:
        dims.remove("field")
        fields = [fields[choose_image(field, fields, "field", f"The well {name_well(wells[0])} of {name}")]]
    found = Fields(documents, group.path, tuple(wells), tuple(fields), label, tuple(dims))
    stated = group.attributes["plate"].get("field_count")
    if well is None and field is None and isinstance(stated, int) and stated > len(fields):
        msg = (
            f"The plate {name} cannot be opened as one array: it has wells of {stated} fields of view, and "
            f"{name_well(wells[0])} has {len(fields)}. Open one well with `well`, a field of view that all wells have "
            "with `field`, or all with open_tree."
        )
        raise UnreadableImageError(msg)
    if documents.facts is not None:
        for each in wells:
            found.see_listed(each, fields[0])
    return found


def find_well(
    documents: Documents, group: Group, *, label: str | None = None, field: int | str | None = None
) -> Fields:
    """Give the fields of view of a well that is opened by itself; for the parameters see `find_plate`."""
    fields = list_fields(documents, group.path)
    if field is not None:
        fields = [fields[choose_image(field, fields, "field", documents.url(group.path))]]
    return Fields(documents, group.path, ("",), tuple(fields), label, ("field",) if field is None else ())


def _read_ahead(documents: Documents, group: Group, well: str) -> None:
    """Read at once what opening the first field of view will need, if it is where most are."""
    if documents.place.near or documents.facts is not None:
        return
    head = join(group.path, well)
    names = [GROUPS[group.zarr], f"0/{GROUPS[group.zarr]}", f"0/0/{ARRAYS[group.zarr]}"]
    documents.read(join(head, name) for name in names)


def _by_number(path: str) -> list[tuple[int, int, str]]:
    """Sort ``A/2`` before ``A/10``, and ``Z/1`` before ``AA/1``."""
    steps = [re.split(r"(\d+)", step) for step in path.split("/")]
    return [
        (int(part), 0, "") if part.isdecimal() else (-1, len(part), part) for step in steps for part in step if part
    ]


def _told(documents: Documents, group: Group, kind: str, error: Exception) -> str:
    return (
        f"The metadata of the {kind} {documents.url(group.path)} cannot be read: {error!r}. Expected OME-Zarr 0.1 to "
        f"0.5. Validate it with ome-zarr-models, and mend it or build it anew."
    )
