"""From anything that is an image, or stands for one, to what the viewer shows."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from bioimagehub.widgets.errors import UnviewableError
from bioimagehub.widgets.view.labelling import label_axes
from bioimagehub.widgets.view.multiscale import Multiscale
from bioimagehub.widgets.view.opening import is_identifier, looks_like_place, open_address, open_label, open_record
from bioimagehub.widgets.view.text import LONGEST, clean

if TYPE_CHECKING:
    import xarray as xr

    from bioimagehub.catalogs import Record

MOST_LABELS = 8
"""Label images of a record that are shown."""


def open_source(source: Any, *, axes: str | None = None, name: str = "image", labels: bool = False) -> list[Multiscale]:
    """Open whatever the user gave, without reading pixels.

    Parameters
    ----------
    source : object
        A record or the identifier of one, a path or an address, a DataArray or DataTree, a NumPy or Dask array, what
        will be one of these on a cluster, a list of these (as channels), or a mapping of names to these.
    axes : str or None
        Names of the axes of an array that has none, such as ``"zyx"``.
    name : str
        What it is called where it has no name.
    labels : bool
        Whether its numbers are objects.

    Returns
    -------
    list of Multiscale

    Raises
    ------
    UnviewableError
        If it cannot be shown.
    CatalogError
        If it cannot be opened.
    """
    if isinstance(source, Mapping) and not hasattr(source, "dims") and not hasattr(source, "children"):
        _refuse_empty(source)
        parts = source.items()
        return [each for key, one in parts for each in open_source(one, axes=axes, name=clean(key), labels=labels)]
    if isinstance(source, list | tuple) and not _is_numbers(source):
        _refuse_empty(source)
        named = enumerate(source)
        return [each for n, one in named for each in open_source(one, axes=axes, name=f"{name} {n}", labels=labels)]
    return [_open_one(source, axes, name, labels=labels)]


def open_labels(labels: Any, source: Any) -> list[Multiscale]:
    """Open the label images on an image.

    Parameters
    ----------
    labels : object or None
        As `source` of `open_source`, or names of label images of the record or the store that `source` is; None for
        all that the record has.
    source : object
        The image.
    """
    if labels is None:
        record = find_record(source)
        if record is None:
            return []
        return [replace(open_label(record, each), visible=False) for each in record.labels[:MOST_LABELS]]
    if isinstance(labels, str):
        record = find_record(source)
        if record is not None and (labels in record.labels or not looks_like_place(labels)):
            return [open_label(record, labels)]
        if isinstance(source, str | os.PathLike) and not looks_like_place(labels):
            return [open_address(os.fspath(source), label=labels)]
        return [open_address(labels, labels=True)]
    if isinstance(labels, Mapping) and not hasattr(labels, "dims") and not hasattr(labels, "children"):
        return [each for key, one in labels.items() for each in open_source(one, name=clean(key), labels=True)]
    if isinstance(labels, list | tuple) and not _is_numbers(labels):
        return [each for one in labels for each in open_labels(one, source)]
    return open_source(labels, name="labels", labels=True)


def find_record(source: Any) -> Record | None:
    """Give the record that was given, or whose identifier was; None for anything else."""
    if isinstance(source, str) and is_identifier(source):
        from bioimagehub.catalogs import open_catalog

        record: Record = open_catalog()[source]
        return record
    return source if is_record(source) else None


def is_record(source: Any) -> TypeGuard[Record]:
    """Tell whether this is a record of the catalog."""
    # Who has one has imported what makes them, which takes a while that the first picture does not wait for.
    records = sys.modules.get("bioimagehub.catalogs.records")
    return records is not None and isinstance(source, records.Record)


def _open_one(source: Any, axes: str | None, name: str, *, labels: bool) -> Multiscale:
    if is_record(source):
        return open_record(source)
    if isinstance(source, str | os.PathLike):
        return open_address(os.fspath(source), labels=labels)
    if hasattr(source, "children") and hasattr(source, "dataset"):
        return _open_tree(source, name, labels=labels)
    if hasattr(source, "data_vars"):
        return _open_dataset(source, axes, name, labels=labels)
    if hasattr(source, "result") and hasattr(source, "key"):
        # The result of a task on a cluster: there is nothing to see before it is there.
        return _open_one(source.result(), axes, name, labels=labels)
    array, channels, notes = label_axes(source, axes, name, labels=labels)
    return make_multiscale([array], name=name, labels=labels, channels=channels, notes=notes)


def make_multiscale(
    arrays: Sequence[xr.DataArray],
    *,
    name: str,
    labels: bool = False,
    channels: Sequence[tuple[str, str | None]] = (),
    told: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Multiscale:
    """Put labelled levels together, the finest first."""
    from bioimagehub.widgets.view.labelling import is_photograph, name_channels

    first = arrays[0]
    shown = clean(first.name) if first.name is not None and name == "image" else name
    described = tuple(channels) or name_channels(first)
    is_rgb = not labels and is_photograph(first, described)
    facts = tell_origin(first.attrs, first.name) | dict(told or {})
    return Multiscale(shown, tuple(arrays), labels, is_rgb, described, facts, tuple(notes))


def tell_origin(attrs: Mapping[Any, Any], name: Any = None) -> dict[str, str]:
    """Give title, licence and citation, as far as the attributes of an array or a tree tell them.

    Arrays that the catalog opened have ``title``, ``identifier``, ``version``, ``licence`` and ``source_url``.

    Examples
    --------
    >>> tell_origin({"identifier": "bia:S-1", "title": "Nuclei", "source_url": "https://example.org"})
    {'title': 'Nuclei', 'citation': 'Nuclei. bia:S-1. https://example.org'}
    >>> tell_origin({}, "nuclei")
    {'title': 'nuclei'}
    """
    found = {"title": attrs.get("title") or name, "licence": attrs.get("licence"), "citation": attrs.get("citation")}
    if attrs.get("identifier") and not found["citation"]:
        version = attrs.get("version") and f"version {attrs['version']}"
        parts = (found["title"], attrs["identifier"], version, attrs.get("source_url"))
        found["citation"] = ". ".join(str(part) for part in parts if part)
    most = {"citation": 1000}
    return {key: clean(value, most.get(key, LONGEST)) for key, value in found.items() if value}


def _open_dataset(dataset: Any, axes: str | None, name: str, *, labels: bool) -> Multiscale:
    names = [key for key in dataset.data_vars if dataset[key].ndim >= 2]
    if len(names) != 1:
        found = f"it has the variables {', '.join(map(clean, names[:20])) or 'none with two axes'}"
        msg = (
            f"This Dataset cannot be shown: {found}. Expected one image. "
            "Give one of its variables: view(dataset[name])."
        )
        raise UnviewableError(msg)
    return _open_one(dataset[names[0]], axes, name, labels=labels)


def _open_tree(tree: Any, name: str, *, labels: bool) -> Multiscale:
    """Take the nodes ``0``, ``1``, … of a tree as levels, as `Record.open_tree` gives them."""
    nodes = sorted((int(key), node) for key, node in tree.children.items() if str(key).isdecimal())
    levels = []
    for _, node in nodes:
        variables = [key for key in node.data_vars if node[key].ndim >= 2]
        if len(variables) == 1:
            levels.append(label_axes(node[variables[0]], None, name, labels=labels)[0])
    if not levels:
        found = ", ".join(clean(key) for key in list(tree.children)[:20]) or "none"
        msg = (
            f"This DataTree has no levels of an image: its nodes are {found}. Expected nodes 0, 1, … with one "
            "variable each. Give the node of one image: view(tree['A1'])."
        )
        raise UnviewableError(msg)
    levels.sort(key=lambda level: -level.sizes["y"] * level.sizes["x"])
    told = tell_origin(tree.attrs, tree.name)
    return make_multiscale(levels, name=told.get("title", name), labels=labels, told=told)


def _refuse_empty(source: Any) -> None:
    if not source:
        msg = "There is nothing to show: the list is empty. Expected images. Give at least one."
        raise UnviewableError(msg)


def _is_numbers(source: Any) -> bool:
    """Tell whether a list is itself an array, such as [[1, 2], [3, 4]]."""
    while isinstance(source, list | tuple) and source:
        source = source[0]
    return isinstance(source, int | float | bool | complex)
