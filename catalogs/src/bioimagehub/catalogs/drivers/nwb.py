"""Neurodata Without Borders files: the image series in them, such as those of two-photon microscopes.

An NWB file is an HDF5 file of a fixed layout; its chunks are read as those of any HDF5 file.

Source: NWB format specification 2.8, https://nwb-schema.readthedocs.io, ImageSeries, ImagingPlane and Image: their
data have the axes frame, x, y and z in this order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.arrays.choice import choose_image, refuse_label
from bioimagehub.catalogs.errors import UnknownAxisError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Axis, Chunks
    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("axes", "series")

_ORDER = "tczyx"
_SERIES = {3: "txy", 4: "txyz"}
_IMAGE = {2: "xy", 3: "xyc"}
_SAMPLES = ("red", "green", "blue", "alpha")
_NO_UNIT = {"", "n.a.", "na", "a.u.", "no unit", "unknown", "none", "raw", "unitless"}


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    series: str | int | None = None,
    axes: str | None = None,
) -> xr.DataArray:
    """Open an image series of an NWB file.

    Parameters
    ----------
    url : str or Place
        Path or address of the file.
    level : int or "auto"
        0 or ``"auto"``: a series has one level.
    label : str or None
        None: NWB files have no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Without meaning here.
    series : str, int or None
        Path in the file, such as ``"acquisition/TwoPhotonSeries"``; None if there is only one.
    axes : str or None
        Its axes as they are stored, such as ``"tyx"`` for a file whose writer did not keep to the order of the
        specification, which is ``txyz``. None for the order of the specification.

    Returns
    -------
    xarray.DataArray
        Dimensions out of ``t c z y x``; samples as they are stored. Where a value is to be multiplied and shifted to
        have the physical unit of the file, the attributes ``conversion`` and ``offset`` tell by what.

    Raises
    ------
    AmbiguousImageError
        If there are several series, and none was chosen.
    UnknownImageError, UnknownLevelError, UnknownLabelError, UnknownAxisError
        If there is no such series, level, label image or axis.
    UnreadableImageError
        If the file is not NWB, is damaged, or keeps the images of the series in other files.
    """
    place = open_place(url)
    refuse_label(label, "NWB", place.url)
    layout = place.layout or _scan(place, series)
    place.version = place.version or layout.version
    number = _choose(place.url, layout.facts["series"], series)
    return _open(place, layout, number, level=level, chunks=chunks, axes=axes, size=pixels)


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all image series of an NWB file that are in the file itself.

    Parameters
    ----------
    url : str or Place
    chunks
        As in `open_array`.

    Returns
    -------
    xarray.DataTree
        A node of the path of each series, with the variable ``image``.
    """
    import xarray as xr

    place = open_place(url)
    layout = place.layout or scan(place)
    place.version = place.version or layout.version
    return xr.DataTree.from_dict(
        {
            f"/{told['name']}": _open(place, layout, number, chunks=chunks).to_dataset(name="image")
            for number, told in enumerate(layout.facts["series"])
            if not told["external"] and not told["data"]["elsewhere"]
        }
    )


def scan(url: str | Place) -> Layout:
    """Find the image series of an NWB file and where their chunks lie.

    Raises
    ------
    UnreadableImageError
        If the file is not NWB, is damaged, or holds no images.
    """
    return _scan(open_place(url), None, every=True)


def _scan(place: Place, wanted: str | int | None, *, every: bool = False) -> Layout:
    from bioimagehub.catalogs.arrays.hdf5 import list_chunks, open_hdf5

    tables = {}
    with open_hdf5(place) as file:
        if "nwb_version" not in file.attrs:
            msg = (
                f"{place.url} is not an NWB file: the attribute nwb_version is missing. "
                "Open it with the driver hdf5, or check its address."
            )
            raise UnreadableImageError(msg)
        facts = _list_series(file)
        if not facts:
            msg = f"{place.url} holds no image series and no images. Look into it with pynwb."
            raise UnreadableImageError(msg)
        for number in range(len(facts)) if every else [_choose(place.url, facts, wanted)]:
            told = facts[number]
            if told["data"] is not None and told["data"]["by"] == "chunks":
                tables[f"chunks{number}"] = list_chunks(file[told["data"]["path"]])
            if told["timestamps"] is not None:
                tables[f"timestamps{number}"] = file[told["timestamps"]][()].astype("f8")
    return Layout("nwb", place.url, {"series": facts}, tables, place.version or place.stat())


def _choose(url: str, facts: list[dict[str, Any]], series: str | int | None) -> int:
    name = series.strip("/") if isinstance(series, str) else series
    shapes = ["in other files" if told["data"] is None else "x".join(map(str, told["data"]["shape"])) for told in facts]
    return choose_image(name, [told["name"] for told in facts], "series", url, shapes=shapes)


def _open(
    place: Place,
    layout: Layout,
    number: int,
    *,
    level: int | str = 0,
    chunks: Chunks = None,
    axes: str | None = None,
    size: int = 1_000_000,
) -> xr.DataArray:
    import xarray as xr

    from bioimagehub.catalogs.arrays.hdf5 import dataset_pixels
    from bioimagehub.catalogs.arrays.labelled import label_array
    from bioimagehub.catalogs.arrays.levels import choose_level

    told = layout.facts["series"][number]
    if told["data"] is None:
        msg = (
            f"The images of {told['name']} in {place.url} are in other files: {', '.join(told['external'])}. "
            "Fetch these beside it, and open them themselves."
        )
        raise UnreadableImageError(msg)
    letters = _check_axes(place, told, axes)
    order = tuple(letters.index(letter) for letter in _ORDER if letter in letters)
    found = dataset_pixels(place, told["data"], layout.tables.get(f"chunks{number}"), order)
    choose_level(level, [(found.shape[-2], found.shape[-1])], size, place.url)
    labelled = tuple(_axis(letters[axis], told) for axis in order)
    attrs = {"units": told["unit"], "series": told["name"], "level": 0, "levels": 1} | told["scale"]
    channels = _SAMPLES[: found.shape[-3]] if "c" in letters else ()
    array = label_array(found, labelled, channels=channels, attrs=attrs, chunks=chunks)
    times = layout.tables.get(f"timestamps{number}")
    if times is None or "t" not in letters:
        return array
    if len(times) != array.sizes["t"]:
        msg = (
            f"{told['name']} in {place.url} has {array.sizes['t']} frames and {len(times)} timestamps. "
            "The file is damaged: fetch it anew, or tell its authors."
        )
        raise UnreadableImageError(msg)
    return array.assign_coords(t=xr.Variable("t", times, {"units": "second"}))


def _check_axes(place: Place, told: Mapping[str, Any], axes: str | None) -> str:
    letters: str = axes or told["axes"]
    good = sorted(letters) == sorted(told["axes"])
    if not good:
        msg = (
            f"The axes {letters!r} do not fit {told['name']} in {place.url}, of shape "
            f"{tuple(told['data']['shape'])}: expected the letters of {told['axes']!r} in the order in which they are "
            "stored. Correct `axes`."
        )
        raise UnknownAxisError(msg)
    return letters


def _axis(letter: str, told: Mapping[str, Any]) -> Axis:
    from bioimagehub.catalogs.arrays.units import measured_axis

    step = told["spacing"].get(letter)
    if step is None:
        return measured_axis(letter, None, "")
    return measured_axis(letter, step["step"], step["unit"], step["origin"])


# ---- what the file says


def _list_series(file: Any) -> list[dict[str, Any]]:
    import h5py

    found: dict[str, dict[str, Any]] = {}

    def note(name: str, node: Any) -> None:
        kind = _text(node.attrs.get("neurodata_type", ""))
        told = None
        if isinstance(node, h5py.Group) and kind.endswith("Series") and "data" in node:
            told = _read_series(node)
        elif isinstance(node, h5py.Dataset) and kind.endswith("Image"):
            told = _read_image(node)
        if told is not None:
            found[name] = {"name": name} | told

    file.visititems(note)
    return [found[name] for name in sorted(found)]


def _read_series(group: Any) -> dict[str, Any] | None:
    from bioimagehub.catalogs.arrays.hdf5 import describe_dataset

    data = group["data"]
    external = [_text(name) for name in group["external_file"][()]] if "external_file" in group else []
    dimensions = len(data.shape or ())
    told = describe_dataset(data)
    if told is None or (dimensions not in _SERIES and not external):
        return None
    conversion, offset = (float(data.attrs.get(name, default)) for name, default in (("conversion", 1), ("offset", 0)))
    unit = _text(data.attrs.get("unit", ""))
    return {
        "data": None if external else told,
        "external": external,
        "axes": _SERIES.get(dimensions, ""),
        "spacing": _read_rate(group) | _read_grid(group),
        "timestamps": group["timestamps"].name if "timestamps" in group else None,
        "unit": "arbitrary units" if unit.lower() in _NO_UNIT else unit,
        "scale": {} if (conversion, offset) == (1, 0) else {"conversion": conversion, "offset": offset},
    }


def _read_image(dataset: Any) -> dict[str, Any] | None:
    from bioimagehub.catalogs.arrays.hdf5 import describe_dataset

    told = describe_dataset(dataset)
    if told is None or len(dataset.shape) not in _IMAGE:
        return None
    resolution = dataset.attrs.get("resolution")
    spacing = {} if not resolution else {a: _step(1 / float(resolution), "cm") for a in "xy"}
    return {
        "data": told,
        "external": [],
        "axes": _IMAGE[len(dataset.shape)],
        "spacing": spacing,
        "timestamps": None,
        "unit": "arbitrary units",
        "scale": {},
    }


def _read_rate(group: Any) -> dict[str, Any]:
    if "starting_time" not in group:
        return {}
    start = group["starting_time"]
    rate = float(start.attrs["rate"])
    return {"t": _step(1 / rate if rate else 0, "s", float(start[()]))}


def _read_grid(group: Any) -> dict[str, Any]:
    plane = group.get("imaging_plane")
    if plane is None or "grid_spacing" not in plane:
        return {}
    spacing = plane["grid_spacing"]
    unit = _text(spacing.attrs.get("unit", "meters"))
    origin = plane["origin_coords"][()] if "origin_coords" in plane else None
    # An origin in another unit than the spacing is left out rather than mixed with it.
    if origin is not None and _text(plane["origin_coords"].attrs.get("unit", "meters")) != unit:
        origin = None
    starts = [0.0] * len(spacing) if origin is None else [float(one) for one in origin]
    return {
        letter: _step(float(size), unit, start) for letter, size, start in zip("xyz", spacing[()], starts, strict=False)
    }


def _step(step: float, unit: str, origin: float = 0.0) -> dict[str, Any]:
    return {"step": step, "origin": origin, "unit": unit}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
