"""Images of the catalog, and of files and stores that its drivers read: opened with all their levels."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.widgets.errors import UnviewableError
from bioimagehub.widgets.view.labelling import is_photograph, label_axes, name_channels, parse_colour
from bioimagehub.widgets.view.multiscale import Multiscale
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xarray as xr

    from bioimagehub.catalogs import Record

_AT_ONCE = 8
_FEW = 3
_IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*:[A-Za-z0-9][^:]*")


def open_record(record: Record) -> Multiscale:
    """Open the image of a record, or the first image of a study.

    Raises
    ------
    UnviewableError
        If it is a study of which no image can be opened.
    CatalogError
        As `Record.open` does.
    """
    notes: tuple[str, ...] = ()
    if record.driver is None and record.kind == "study":
        record, notes = _first_image(record)
    arrays = [label_axes(level, None, record.identifier)[0] for level in _open_levels(record.open, _tree_of(record))]
    named = [(clean(channel.name), parse_colour(channel.colour)) for channel in record.channels]
    first = arrays[0]
    channels = tuple(named) if len(named) == first.sizes.get("c", 1) else name_channels(first)
    told = {"title": clean(record.title), "identifier": record.identifier, "citation": clean(record.cite(), 1000)}
    if record.licence:
        told["licence"] = clean(record.licence)
    is_rgb = is_photograph(first, channels)
    return Multiscale(clean(record.name), tuple(arrays), is_rgb=is_rgb, channels=channels, told=told, notes=notes)


def open_label(record: Record, label: str) -> Multiscale:
    """Open a label image of a record.

    Raises
    ------
    CatalogError
        As `Record.open` does.
    """
    levels = _open_levels(partial(record.open, label=label))
    arrays = [label_axes(level, None, label, labels=True)[0] for level in levels]
    return Multiscale(clean(label), tuple(arrays), is_labels=True, channels=((clean(label), None),))


def open_address(address: str, *, label: str | None = None, labels: bool = False) -> Multiscale:
    """Open a record by its identifier, or a file or store by its path or address.

    Raises
    ------
    UnviewableError
        If no driver reads it.
    CatalogError
        If it cannot be read.
    """
    if is_identifier(address):
        from bioimagehub.catalogs import open_catalog

        return open_record(open_catalog()[address])
    from bioimagehub.catalogs.reading import find_driver, find_place, open_url

    driver = _choose_driver(address)
    name = clean(address.rstrip("/").rpartition("/")[2].partition("?")[0]) or "image"

    def open_one(level: int) -> xr.DataArray:
        return open_url(driver, address, level=level, label=label)

    def open_tree() -> xr.DataTree:
        found: xr.DataTree = find_driver(driver).open_tree(find_place(address, driver))
        return found

    levels = _open_levels(open_one, open_tree if driver == "ome_zarr" and label is None else None)
    is_labels = labels or label is not None
    arrays = [label_axes(level, None, name, labels=is_labels)[0] for level in levels]
    channels = name_channels(arrays[0])
    is_rgb = not is_labels and is_photograph(arrays[0], channels)
    return Multiscale(name, tuple(arrays), is_labels, is_rgb, channels, {"title": name})


def _tree_of(record: Record) -> Callable[[], xr.DataTree] | None:
    return record.open_tree if record.driver == "ome_zarr" and not record.arguments else None


def _open_levels(
    open_one: Callable[[int], xr.DataArray], open_tree: Callable[[], xr.DataTree] | None = None
) -> Sequence[xr.DataArray]:
    """Open all levels: the first tells how many there are, and the others are opened at the same time.

    As a tree, they share what was asked of their store; that of a plate would ask each of its wells.
    """
    first = open_one(0)
    count = int(first.attrs.get("levels", 1))
    if count < 2:
        return [first]
    if open_tree is not None and count > _FEW and not {"field", "well"} & set(first.dims):
        tree = open_tree()
        nodes = [tree.children.get(str(level)) for level in range(1, count)]
        found = [node.to_dataset()["image"] for node in nodes if node is not None and "image" in node.data_vars]
        if len(found) == count - 1:
            return [first, *found]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bioimagehub-open") as pool:
        return [first, *pool.map(open_one, range(1, count))]


def is_identifier(text: str) -> bool:
    """Tell whether a text is the identifier of a record, and no path or address."""
    return not looks_like_place(text) and _IDENTIFIER.fullmatch(text) is not None


def looks_like_place(address: str) -> bool:
    """Tell whether a text is a path or an address."""
    return "://" in address or address.startswith((".", "/", "~")) or Path(address).exists()


def _choose_driver(address: str) -> str:
    from bioimagehub.catalogs.arrays.image_files import find_driver_of

    path = address.partition("?")[0].rstrip("/")
    last = path.rpartition("/")[2]
    found = find_driver_of(last)
    if found is not None:
        return found
    suffixes = {".h5": "hdf5", ".hdf5": "hdf5", ".nwb": "nwb", ".zarr": "ome_zarr"}
    driver = next((name for end, name in suffixes.items() if last.lower().removesuffix(".zip").endswith(end)), None)
    if driver is None and (Path(path).is_dir() or ("://" in path and "." not in last)):
        driver = "ome_zarr"
    if driver is None:
        msg = (
            f"{clean(address)} cannot be shown: no driver reads files of that name. Expected the identifier of a "
            "record, or a name that ends in .zarr, .tif, .png, .mrc, .czi, .lif, .nd2, .nii, .nrrd, .h5 or .nwb. "
            "Correct it, or open it yourself and give the array."
        )
        raise UnviewableError(msg)
    return driver


def _first_image(study: Record) -> tuple[Record, tuple[str, ...]]:
    from bioimagehub.catalogs import open_catalog

    images = open_catalog().search(part_of=study.identifier, readable=True)
    first = next(iter(images), None)
    if first is None:
        msg = (
            f"{study.identifier} is a study, and none of its images can be opened here. Expected an image that a "
            f"driver reads. See {study.source_url}."
        )
        raise UnviewableError(msg)
    return first, (f"{study.identifier} has {len(images)} images; this is {first.identifier}.",)
