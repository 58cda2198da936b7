"""HDF5 files: any dataset of numbers, as written by h5py, ilastik, Fiji, MATLAB (7.3) and others.

HDF5 says nothing of axes and distances. Those that files carry all the same are read: dimension labels and scales of
HDF5 itself, the axis tags of ilastik and vigra (JSON in ``axistags``), and ``element_size_um`` of Fiji and ilastik.

Source: HDF5 dimension scales specification 1.0; https://ukoethe.github.io/vigra/doc-release/vigranumpy, AxisTags.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.arrays.choice import choose_image, refuse_label
from bioimagehub.catalogs.errors import AmbiguousImageError, UnknownAxisError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Axis, Chunks
    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("axes", "path")

_ORDER = "tczyx"
_NAMES = {"time": "t", "channel": "c", "channels": "c", "depth": "z", "height": "y", "width": "x"} | {
    letter: letter for letter in _ORDER
}


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    path: str | int | None = None,
    axes: str | None = None,
) -> xr.DataArray:
    """Open a dataset of an HDF5 file.

    Parameters
    ----------
    url : str or Place
        Path or address of the file.
    level : int or "auto"
        0 or ``"auto"``: a dataset has one level.
    label : str or None
        None: every dataset is opened as an image.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Without meaning here.
    path : str, int or None
        Path of the dataset in the file, such as ``/exported_data``; None if there is only one with two axes or more.
    axes : str or None
        Its axes as they are stored, such as ``"zyxc"``; None for what the file says. A file that says nothing has
        ``yx`` and ``zyx`` for two and three axes (in reverse order of the rows and columns if MATLAB wrote it), and
        has to be told for more.

    Returns
    -------
    xarray.DataArray
        Dimensions in the order ``t c z y x``.

    Raises
    ------
    AmbiguousImageError
        If there are several datasets, or the meaning of the axes is not known.
    UnknownImageError
        If there is no such dataset.
    UnknownLevelError, UnknownLabelError, UnknownAxisError
        If there is no such level, label image or axis.
    UnreadableImageError
        If the file is not HDF5, is damaged, or holds no dataset with two axes.
    """
    place = open_place(url)
    refuse_label(label, "HDF5", place.url)
    layout = place.layout or _scan(place, path)
    place.version = place.version or layout.version
    number = _choose(place.url, layout.facts["datasets"], path)
    return open_dataset(place, layout, number, level=level, chunks=chunks, axes=axes, size=pixels)


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all datasets of an HDF5 file whose axes are known.

    Parameters
    ----------
    url : str or Place
    chunks
        As in `open_array`.

    Returns
    -------
    xarray.DataTree
        A node of the path of each dataset, with the variable ``image``.
    """
    import xarray as xr

    place = open_place(url)
    layout = place.layout or scan(place)
    place.version = place.version or layout.version
    nodes = {}
    for number, told in enumerate(layout.facts["datasets"]):
        if _known_axes(told) is not None and not told["elsewhere"]:
            nodes[told["path"]] = open_dataset(place, layout, number, chunks=chunks).to_dataset(name="image")
    return xr.DataTree.from_dict(nodes)


def scan(url: str | Place) -> Layout:
    """Find the datasets of an HDF5 file and where their chunks lie.

    Raises
    ------
    UnreadableImageError
        If the file is not HDF5, is damaged, or holds no dataset with two axes.
    """
    return _scan(open_place(url), None, every=True)


def _scan(place: Place, wanted: str | int | None, *, every: bool = False) -> Layout:
    """Find all datasets, and where the chunks lie of the one that is wanted, or of all."""
    from bioimagehub.catalogs.arrays.hdf5 import describe_dataset, list_chunks, open_hdf5

    facts: list[dict[str, Any]] = []
    tables = {}
    with open_hdf5(place) as file:
        for found in list_datasets(file):
            told = describe_dataset(found)
            if told is not None:
                facts.append(told | _read_axes(found))
        _require(place, facts)
        chosen = range(len(facts)) if every else [_choose(place.url, facts, wanted)]
        for number in chosen:
            if facts[number]["by"] == "chunks":
                tables[f"chunks{number}"] = list_chunks(file[facts[number]["path"]])
    return Layout("hdf5", place.url, {"datasets": facts}, tables, place.version or place.stat())


def list_datasets(file: Any) -> list[Any]:
    """List the datasets with two axes or more, by path; links to other files are not followed."""
    import h5py

    found: list[Any] = []

    def note(_: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset) and node.shape is not None and len(node.shape) >= 2:
            found.append(node)

    file.visititems(note)
    return sorted(found, key=lambda dataset: str(dataset.name))


def _require(place: Place, facts: list[dict[str, Any]]) -> None:
    if not facts:
        msg = (
            f"{place.url} holds no image: none of its datasets has numbers along two axes or more. "
            "Look into it with h5py, and open it there."
        )
        raise UnreadableImageError(msg)


def _choose(url: str, facts: list[dict[str, Any]], path: str | int | None) -> int:
    if isinstance(path, str) and not path.startswith("/"):
        path = f"/{path}"
    shapes = [f"{'x'.join(map(str, told['shape']))} {told['dtype']}" for told in facts]
    return choose_image(path, [told["path"] for told in facts], "path", url, shapes=shapes)


def open_dataset(
    place: Place,
    layout: Layout,
    number: int,
    *,
    level: int | str = 0,
    chunks: Chunks = None,
    axes: str | None = None,
    size: int = 1_000_000,
) -> xr.DataArray:
    """Open a dataset that was found by `scan`; the parameters are those of `open_array`."""
    from bioimagehub.catalogs.arrays.hdf5 import dataset_pixels
    from bioimagehub.catalogs.arrays.labelled import label_array
    from bioimagehub.catalogs.arrays.levels import choose_level

    told = layout.facts["datasets"][number]
    letters = _check_axes(place, told, axes)
    order = tuple(letters.index(letter) for letter in _ORDER if letter in letters)
    found = dataset_pixels(place, told, layout.tables.get(f"chunks{number}"), order)
    choose_level(level, [(found.shape[-2], found.shape[-1])], size, place.url)
    names = "".join(letters[axis] for axis in order)
    labelled = tuple(_axis(letter, told["spacing"].get(letter)) for letter in names)
    attrs = {"units": "arbitrary units", "path": told["path"], "level": 0, "levels": 1}
    return label_array(found, labelled, attrs=attrs, chunks=chunks)


def _axis(letter: str, spacing: Mapping[str, Any] | None) -> Axis:
    from bioimagehub.catalogs.arrays.units import measured_axis

    if spacing is None:
        return measured_axis(letter, None, "")
    return measured_axis(letter, spacing["step"], spacing["unit"], spacing["origin"])


def _known_axes(told: Mapping[str, Any]) -> str | None:
    return told["axes"] or {2: "yx", 3: "zyx"}.get(len(told["shape"]))


def _check_axes(place: Place, told: Mapping[str, Any], axes: str | None) -> str:
    dimensions = len(told["shape"])
    letters = axes or _known_axes(told)
    if letters is None:
        msg = (
            f"The {dimensions} axes of {told['path']} in {place.url} (shape {tuple(told['shape'])}) have no names, and "
            f"none is guessed. Say what they are, as they are stored, such as `axes={_ORDER[-dimensions:]!r}`."
        )
        raise AmbiguousImageError(msg)
    good = len(letters) == len(set(letters)) == dimensions and {"y", "x"} <= set(letters) <= set(_ORDER)
    if not good:
        msg = (
            f"The axes {letters!r} do not fit {told['path']} in {place.url}, of shape {tuple(told['shape'])}: expected "
            f"{dimensions} different letters out of {_ORDER!r}, with y and x. Correct `axes`."
        )
        raise UnknownAxisError(msg)
    return letters


# ---- what files say of their axes


def _read_axes(dataset: Any) -> dict[str, Any]:
    """Tell the axes of a dataset, as far as it does.

    Returns
    -------
    dict
        ``axes``: letters as they are stored, or None; ``spacing``: for each letter with a distance ``step``,
        ``origin`` and ``unit``.
    """
    letters = _read_axistags(dataset) or _read_labels(dataset)
    if letters is None and "MATLAB_class" in dataset.attrs:
        # MATLAB has the rows first, and stores its axes in reverse.
        letters = {2: "xy", 3: "zxy"}.get(len(dataset.shape))
    spacing = {}
    known = letters or {2: "yx", 3: "zyx"}.get(len(dataset.shape), "")
    for position, letter in enumerate(known):
        scale = _read_scale(dataset, position)
        if scale is not None:
            spacing[letter] = scale
    sizes = dataset.attrs.get("element_size_um")
    if sizes is not None and len(sizes) == 3:
        for letter, size in zip("zyx", sizes, strict=True):
            if letter in known:
                spacing[letter] = {"step": float(size), "origin": 0.0, "unit": "um"}
    return {"axes": letters, "spacing": spacing}


def _read_axistags(dataset: Any) -> str | None:
    tags = dataset.attrs.get("axistags")
    if tags is None:
        return None
    text = tags.decode() if isinstance(tags, bytes) else str(tags)
    keys = "".join(str(axis["key"]) for axis in json.loads(text)["axes"])
    return keys if len(keys) == len(dataset.shape) else None


def _read_labels(dataset: Any) -> str | None:
    labels = [_NAMES.get(str(dimension.label).lower()) for dimension in dataset.dims]
    letters = "".join(label or "" for label in labels)
    return letters if len(letters) == len(set(letters)) == len(dataset.shape) else None


def _read_scale(dataset: Any, position: int) -> dict[str, Any] | None:
    """Read the step of a dimension scale; None if there is none, or its steps differ."""
    import numpy as np

    dimension = dataset.dims[position]
    if not len(dimension):
        return None
    values = np.asarray(dimension[0][()], np.float64)
    unit = dimension[0].attrs.get("units", "")
    text = unit.decode() if isinstance(unit, bytes) else str(unit)
    if values.ndim != 1 or len(values) < 2 or len(values) != dataset.shape[position]:
        return None
    step = (values[-1] - values[0]) / (len(values) - 1)
    even = np.allclose(np.diff(values), step, rtol=1e-6, atol=0)
    return {"step": float(step), "origin": float(values[0]), "unit": text} if even else None
