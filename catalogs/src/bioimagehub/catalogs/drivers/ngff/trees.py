"""All that a store holds as a tree: levels, label images, series, wells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import xarray as xr

from bioimagehub.catalogs.drivers.ngff.documents import GROUPS, Documents, Group, join
from bioimagehub.catalogs.drivers.ngff.images import Image, list_labels, read_image, read_label
from bioimagehub.catalogs.drivers.ngff.multiscales import list_multiscales
from bioimagehub.catalogs.drivers.ngff.plates import Fields, list_fields, list_wells, name_well
from bioimagehub.catalogs.drivers.ngff.series import choose_series, is_collection, list_series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.catalogs.arrays.labelled import Chunks

Nodes = dict[str, xr.Dataset]


def make_tree(documents: Documents, root: Group, chunks: Chunks) -> Nodes:
    """Give the nodes of a store by their paths in the tree.

    Parameters
    ----------
    documents : Documents
    root : Group
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None

    Returns
    -------
    dict of str to Dataset
        ``0``, ``1``, ... hold the levels of an image as ``image``, ``labels/<name>/0``, ... those of a label image
        under its name. The nodes of a collection are in that of each image, those of a plate in that of each well,
        with its fields of view along the axis ``field``.
    """
    if "plate" in root.attributes:
        return _plate(documents, root, chunks)
    if "well" in root.attributes:
        fields = list_fields(documents, root.path)
        return _fields(Fields(documents, root.path, ("",), tuple(fields), None, ("field",)), chunks)
    if is_collection(root.attributes) and "multiscales" not in root.attributes:
        nodes: Nodes = {}
        for name in list_series(documents, root):
            group = choose_series(documents, root, name)
            nodes |= {f"{name}/{path}": node for path, node in _images(documents, group, chunks).items()}
        return nodes
    return _images(documents, root, chunks)


def _images(documents: Documents, group: Group, chunks: Chunks) -> Nodes:
    read_image(documents, group, 0)  # tells what is wrong with a group that is none
    names = list_multiscales(group.attributes, documents.url(group.path))
    nodes: Nodes = {}
    for number, name in enumerate(names):
        head = f"{name}/" if len(names) > 1 else ""
        nodes |= _levels(read_image(documents, group, number), head, "image", chunks)
    for label in list_labels(documents, group.path):
        nodes |= _levels(read_label(documents, group.path, label), f"labels/{label}/", label, chunks)
    return nodes


def _levels(image: Image, head: str, name: str, chunks: Chunks) -> Nodes:
    count = len(image.multiscale.levels)
    image.arrays(range(count))
    return {f"{head}{level}": image.open(level, chunks, 0).to_dataset(name=name) for level in range(count)}


def _plate(documents: Documents, group: Group, chunks: Chunks) -> Nodes:
    wells = list_wells(documents, group)
    documents.read(join(group.path, well, GROUPS[group.zarr]) for well in wells)
    nodes: Nodes = {}
    first: Fields | None = None
    for well in wells:
        fields = list_fields(documents, join(group.path, well))
        here = Fields(documents, group.path, (well,), tuple(fields), None, ("field",))
        first = first or here
        nodes |= {f"{name_well(well)}/{path}": node for path, node in _fields(here, chunks, first).items()}
    return nodes


def _fields(fields: Fields, chunks: Chunks, like: Fields | None = None) -> Nodes:
    """Give the levels of the fields of view of a well, declared as the first field of view of the plate is."""
    example = (like or fields).first()
    labels = list_labels(fields.documents, example.group.path)
    nodes = dict(_stacked(fields, example, "", "image", chunks))
    for label in labels:
        image = read_label(fields.documents, example.group.path, label)
        nodes |= dict(_stacked(replace(fields, label=label), image, f"labels/{label}/", label, chunks))
    return nodes


def _stacked(fields: Fields, example: Image, head: str, name: str, chunks: Chunks) -> Iterator[tuple[str, xr.Dataset]]:
    for level in range(len(example.multiscale.levels)):
        yield f"{head}{level}", fields.open_like(example, level, chunks).to_dataset(name=name)
