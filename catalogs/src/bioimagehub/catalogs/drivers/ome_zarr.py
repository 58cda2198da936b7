"""OME-Zarr 0.1 to 0.5: multiscale images and their label images, collections of them, plates of wells."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bioimagehub.catalogs.drivers.ngff.documents import Documents, Group, join
from bioimagehub.catalogs.drivers.ngff.images import read_image, read_label
from bioimagehub.catalogs.drivers.ngff.plates import find_plate, find_well
from bioimagehub.catalogs.drivers.ngff.scans import scan_documents
from bioimagehub.catalogs.drivers.ngff.series import choose_series, is_collection
from bioimagehub.catalogs.errors import UnknownImageError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("field", "series", "well")


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    series: int | str | None = None,
    well: str | None = None,
    field: int | str | None = None,
) -> xr.DataArray:
    """Open one level of an OME-Zarr image, of one of its label images, or of a plate, without reading pixels.

    Parameters
    ----------
    url : str or Place
        Path or address of the group of an image, of a collection of images, of a plate or of a well.
    level : int or "auto"
        Multiscale level; 0 is the full resolution. ``"auto"`` takes the coarsest with at least `pixels` pixels a plane.
    label : str or None
        Name of a label image; None opens the image.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Pixels of a plane that are wanted with ``level="auto"``.
    series : int, str or None
        Which image of a collection: its number or its path; or which of several multiscales, its number or name.
    well : str or None
        A well of a plate, such as ``B3``; None opens all as the axis ``well``.
    field : int, str or None
        A field of view in each well, its number or name; None opens all as the axis ``field``.

    Returns
    -------
    xarray.DataArray
        Dimensions out of ``t c z y x``, for plates behind ``well`` and ``field``; coordinates in micrometres and
        seconds, float64, in pixels and frames where the metadata have no units. Those within a field of view are
        those of the first; where a field lies in its well is not told.

    Raises
    ------
    AmbiguousImageError, UnknownImageError
        If there are several images and none was chosen, or there is no such series, well or field of view.
    UnknownLabelError, UnknownLevelError
        If the image has no such label image or level.
    UnreadableImageError
        If there is no OME-Zarr image at `url`, or its metadata or arrays cannot be read. When pixels are read: if a
        chunk is not what the metadata say, or a field of view is not like the first.
    ReadError
        If the store does not give what is asked of it, or something changed since it was indexed.

    References
    ----------
    OME-NGFF, https://ngff.openmicroscopy.org/; Moore et al., Histochemistry and Cell Biology 160, 223-251 (2023),
    doi:10.1007/s00418-023-02209-1.
    """
    documents = Documents(open_place(url))
    # Most stores name the array of a level by its number: so it is there as soon as the group is.
    ahead = "0" if level == "auto" else str(level)
    group = _open_root(documents, ahead, label)
    if "plate" in group.attributes or "well" in group.attributes:
        _refuse(documents, "a plate or well", series=series)
        if "plate" in group.attributes:
            found = find_plate(documents, group, label=label, well=well, field=field)
        else:
            _refuse(documents, "a single well", well=well)
            found = find_well(documents, group, label=label, field=field)
        return found.open(level, chunks, pixels)
    _refuse(documents, "no plate", well=well, field=field)
    if is_collection(group.attributes) and "multiscales" not in group.attributes:
        group, series = choose_series(documents, group, series, (ahead,)), None
    if label is not None:
        return read_label(documents, group.path, label).open(level, chunks, pixels)
    return read_image(documents, group, series).open(level, chunks, pixels)


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all that is there, without reading pixels.

    Parameters
    ----------
    url : str or Place
        As in `open_array`.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.

    Returns
    -------
    xarray.DataTree
        The nodes ``0``, ``1``, ... hold the levels of an image as ``image``; ``labels/<name>/0``, ... those of a
        label image under its name. The nodes of a collection are within one for each image, such as ``1/0``, those
        of a plate within one for each well, such as ``A1/0``, with the fields of view of that well along ``field``.
        A plate is asked for the list of its wells and fields of view, and for the metadata of the first: the others
        are declared to be like it, and that is checked when their pixels are read.

    Raises
    ------
    As `open_array`.
    """
    import xarray as xr

    from bioimagehub.catalogs.drivers.ngff.trees import make_tree

    documents = Documents(open_place(url))
    return xr.DataTree.from_dict(make_tree(documents, _open_root(documents, "0"), chunks))


def scan(url: str | Place) -> Layout:
    """Read the metadata of everything in a store, so that opening any of it asks nothing.

    Parameters
    ----------
    url : str or Place

    Returns
    -------
    Layout
        Facts: ``documents``, the SHA-256 of each metadata file by its path; ``texts``, their content by that;
        ``series``, the images of a collection.

    Raises
    ------
    As `open_array`.
    """
    place = open_place(url)
    documents = Documents(place, consolidated=False)
    facts = scan_documents(documents, _open_root(documents, "0"))
    return Layout("ome_zarr", place.url, facts, verified=datetime.now(tz=UTC).date())


def _open_root(documents: Documents, level: str, label: str | None = None) -> Group:
    head = "" if label is None else f"labels/{label}"
    group = documents.group("", arrays=(join(head, level),), groups=(head,) if head else ())
    if group is None:
        url = documents.place.url
        indexed = "" if documents.facts is None else " in what was indexed"
        msg = (
            f"No OME-Zarr image could be opened at {url}: there is no zarr.json and no .zattrs{indexed}. Expected a "
            "Zarr group. Check the address; if the folder is there, its metadata file is missing or damaged."
        )
        raise UnreadableImageError(msg)
    return group


def _refuse(documents: Documents, what: str, **options: int | str | None) -> None:
    for name, value in options.items():
        if value is not None:
            msg = f"{documents.place.url} has no {name} {value!r}: it is {what}. Leave `{name}` out."
            raise UnknownImageError(msg)
