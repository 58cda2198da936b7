"""Finds out which documents there are in a store, so that opening anything in it asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.drivers.ngff.documents import ARRAYS, GROUPS, Documents, Group, join
from bioimagehub.catalogs.drivers.ngff.images import read_image
from bioimagehub.catalogs.drivers.ngff.multiscales import list_multiscales
from bioimagehub.catalogs.drivers.ngff.plates import list_fields, list_wells
from bioimagehub.catalogs.drivers.ngff.series import is_collection, list_series

if TYPE_CHECKING:
    from collections.abc import Iterator


def scan_documents(documents: Documents, root: Group) -> dict[str, Any]:
    """Read the metadata of all images in a store, level by level of its tree, and give them as facts of a layout.

    Parameters
    ----------
    documents : Documents
        Not consolidated, so that each document is as the store has it.
    root : Group
    """
    facts: dict[str, Any] = {}
    if is_collection(root.attributes) and "plate" not in root.attributes:
        facts["series"] = list_series(documents, root)
    groups = [root]
    while groups:
        found = [_look_inside(documents, group) for group in groups]
        below = [path for paths, _ in found for path in paths]
        arrays = [path for _, paths in found for path in paths]
        documents.read(
            [join(path, GROUPS[root.zarr]) for path in below] + [join(path, ARRAYS[root.zarr]) for path in arrays]
        )
        groups = [group for path in below if (group := documents.group(path)) is not None]
    return facts | documents.keep()


def _look_inside(documents: Documents, group: Group) -> tuple[list[str], list[str]]:
    """Give the paths of the groups and of the arrays in a group."""
    attributes, path = group.attributes, group.path
    arrays: list[str] = []
    groups: list[str] = []
    if "plate" in attributes:
        groups += list_wells(documents, group)
    elif is_collection(attributes):
        groups += ["OME", *list_series(documents, group)]
    if "well" in attributes:
        groups += list_fields(documents, path)
    if "multiscales" in attributes:
        arrays += _list_levels(documents, group)
        groups.append("labels")
    labels = attributes.get("labels")
    groups += [each for each in labels if isinstance(each, str)] if isinstance(labels, list) else []
    return [join(path, each) for each in groups], [join(path, each) for each in arrays]


def _list_levels(documents: Documents, group: Group) -> Iterator[str]:
    for number in range(len(list_multiscales(group.attributes, documents.url(group.path)))):
        for level in read_image(documents, group, number).multiscale.levels:
            yield level.path
