"""Leica image files (LIF, LOF): an XML header and blocks of samples that nobody compressed.

The structure is read by liffile; samples are read by ranges, past it.

Source: Leica, LAS AF file format, as liffile describes it: https://github.com/cgohlke/liffile
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from bioimagehub.catalogs.arrays.choice import choose_image, refuse_label
from bioimagehub.catalogs.errors import CatalogError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Axis, Chunks
    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("series",)

_AXES = {1: "x", 2: "y", 3: "z", 4: "t", 5: "emission", 6: "rotation", 9: "excitation", 10: "field", 11: "loop"}
"""Axes by the number that Leica gives them (DimID)."""

_ORDER = ("field", "loop", "rotation", "excitation", "emission", "t", "c", "z", "y", "x")
_DAMAGE = (ValueError, LookupError, OSError, struct.error, ParseError, AssertionError, OverflowError, MemoryError)
"""What the library raises on damaged files."""

_COLOURS = {1: "red", 2: "green", 3: "blue"}


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    series: str | int | None = None,
) -> xr.DataArray:
    """Open an image of a Leica file.

    Parameters
    ----------
    url : str or Place
        Path or address of the file.
    level : int or "auto"
        0 or ``"auto"``: an image has one level.
    label : str or None
        None: Leica files have no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Without meaning here.
    series : str, int or None
        Path of the image in the project, such as ``"Project/Series001"``, or its number; None if there is only one.

    Returns
    -------
    xarray.DataArray
        Dimensions out of ``t c z y x``, after ``field`` for the tiles of a mosaic, ``loop``, ``rotation``,
        ``excitation`` and ``emission`` (wavelengths, in nanometres) where the image has them.

    Raises
    ------
    AmbiguousImageError
        If there are several images, and none was chosen.
    UnknownImageError, UnknownLevelError, UnknownLabelError
        If there is no such image, level or label image.
    UnreadableImageError
        If the file is not a Leica file, is damaged, or the image is not in it as samples.
    """
    place = open_place(url)
    refuse_label(label, "LIF", place.url)
    layout = place.layout or scan(place)
    place.version = place.version or layout.version
    shapes = ["x".join(map(str, told["shape"])) or told["problem"] for told in layout.facts["images"]]
    number = choose_image(series, [told["name"] for told in layout.facts["images"]], "series", place.url, shapes=shapes)
    return _open(place, layout.facts["images"][number], level=level, chunks=chunks, size=pixels)


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all images of a Leica file whose samples are in it.

    Parameters
    ----------
    url : str or Place
    chunks
        As in `open_array`.

    Returns
    -------
    xarray.DataTree
        A node of the path of each image in the project, with the variable ``image``.
    """
    import xarray as xr

    place = open_place(url)
    layout = place.layout or scan(place)
    place.version = place.version or layout.version
    return xr.DataTree.from_dict(
        {
            f"/{told['name']}": _open(place, told, chunks=chunks).to_dataset(name="image")
            for told in layout.facts["images"]
            if not told["problem"]
        }
    )


def scan(url: str | Place) -> Layout:
    """Find the images of a Leica file and where their samples lie.

    Raises
    ------
    UnreadableImageError
        If the file is not a LIF or LOF file, or is damaged.
    """
    from types import SimpleNamespace

    from liffile import LifFile, LifFileType

    place = open_place(url)
    with place.open() as file:
        try:
            # Without its name, which liffile would look for on this machine.
            stream: Any = SimpleNamespace(read=file.read, seek=file.seek, tell=file.tell, close=file.close)
            with LifFile(stream, squeeze=False) as opened:
                alone = opened.type in {LifFileType.LIF, LifFileType.LOF}
                images = [_describe(image) for image in opened.images] if alone else []
            size = file.seek(0, 2)
        except CatalogError:
            raise
        except _DAMAGE as error:
            msg = (
                f"{place.url} cannot be read as a Leica image file: {error}. Expected a whole LIF or LOF file. "
                "Fetch it anew, or check its address."
            )
            raise UnreadableImageError(msg) from error
    if not images:
        msg = (
            f"{place.url} holds no images of its own. Expected a LIF or LOF file; XLEF, XLCF and XLIF files only name "
            "others. Open those."
        )
        raise UnreadableImageError(msg)
    for told in images:
        if not told["problem"] and told["end"] > size:
            msg = (
                f"The image {told['name']!r} ends beyond the file, which has {size} bytes: {place.url} was cut short. "
                "Fetch it anew."
            )
            raise UnreadableImageError(msg)
    return Layout("lif", place.url, {"images": images}, {}, place.version or place.stat())


def _open(
    place: Place,
    told: Mapping[str, Any],
    *,
    level: int | str = 0,
    chunks: Chunks = None,
    size: int = 1_000_000,
) -> xr.DataArray:
    from bioimagehub.catalogs.arrays.labelled import label_array
    from bioimagehub.catalogs.arrays.levels import choose_level
    from bioimagehub.catalogs.arrays.raw import RawPixels

    if told["problem"]:
        msg = f"The image {told['name']!r} of {place.url} cannot be opened: {told['problem']}. Open it with liffile."
        raise UnreadableImageError(msg)
    shape = tuple(told["shape"])
    found = RawPixels(place, told["offset"], shape, told["dtype"], strides=tuple(told["strides"]))
    choose_level(level, [(shape[-2], shape[-1])], size, place.url)
    axes = tuple(_axis(name, told["spacing"].get(name)) for name in told["axes"])
    attrs = {"units": "arbitrary units", "series": told["name"], "level": 0, "levels": 1}
    array = label_array(found, axes, channels=tuple(told["channels"]), attrs=attrs, chunks=chunks)
    # Positions, not a slice of step -1: xarray cannot take an empty part of one.
    return array.isel(c=list(range(len(told["channels"])))[::-1]) if told["backwards"] else array


def _axis(name: str, spacing: Mapping[str, Any] | None) -> Axis:
    from bioimagehub.catalogs.arrays.labelled import Axis
    from bioimagehub.catalogs.arrays.units import measured_axis

    if spacing is not None and name in {"emission", "excitation"}:
        return Axis(name, "nanometer", spacing["step"] * 1e9, spacing["origin"] * 1e9)
    if spacing is None or name not in {"t", "z", "y", "x"}:
        return measured_axis(name, None, "")
    return measured_axis(name, spacing["step"], spacing["unit"], spacing["origin"])


# ---- what the file says


def _describe(image: Any) -> dict[str, Any]:
    """Tell where the samples of an image lie, or what is in the way."""
    told: dict[str, Any] = {"name": image.path, "shape": [], "problem": ""}
    if image.is_flim:
        return told | {"problem": "it holds photon arrival times (FLIM), not samples"}
    description = "./Data/Image/ImageDescription"
    dimensions = image.xml_element.findall(f"{description}/Dimensions/DimensionDescription")
    channels = image.xml_element.findall(f"{description}/Channels/ChannelDescription")
    unknown = [one.attrib["DimID"] for one in dimensions if int(one.attrib["DimID"]) not in _AXES]
    if unknown:
        return told | {"problem": f"its axis of the kind {unknown[0]} is not known"}
    types = {(int(one.attrib["DataType"]), _bytes(int(one.attrib["Resolution"]))) for one in channels}
    steps = [int(one.attrib["BytesInc"]) for one in channels]
    if len(types) != 1:
        return told | {"problem": "its channels have samples of different types"}
    if len(steps) > 1 and any(step != steps[0] + n * (steps[1] - steps[0]) for n, step in enumerate(steps)):
        return told | {"problem": "its channels do not follow one another in even steps"}
    kind, itemsize = types.pop()
    dtype = f"<{'uf'[kind]}{itemsize}"
    found = _axes(dimensions, channels, steps, itemsize)
    return told | _place(image.memory_block, found, dtype, steps)


def _bytes(bits: int) -> int:
    """Bytes of a sample of some bits."""
    return next(size for size in (1, 2, 4, 8) if bits <= 8 * size)


def _axes(dimensions: list[Any], channels: list[Any], steps: list[int], itemsize: int) -> dict[str, Any]:
    sizes, strides = {"y": 1, "x": 1}, {"y": itemsize, "x": itemsize}
    spacing = {}
    for one in dimensions:
        name = _AXES[int(one.attrib["DimID"])]
        count, length = int(one.attrib["NumberOfElements"]), float(one.attrib["Length"])
        sizes[name], strides[name] = count, int(one.attrib["BytesInc"])
        if count > 1 and length:
            origin, unit = float(one.attrib["Origin"]), one.attrib["Unit"]
            spacing[name] = {"step": length / (count - 1), "origin": origin, "unit": unit}
    if len(channels) > 1:
        sizes["c"], strides["c"] = len(channels), abs(steps[1] - steps[0])
    names = [name for name in _ORDER if name in sizes]
    return {
        "axes": names,
        "shape": [sizes[name] for name in names],
        "strides": [strides[name] for name in names],
        "spacing": spacing,
        "channels": _channel_names(channels) if len(channels) > 1 else [],
    }


def _place(block: Any, found: dict[str, Any], dtype: str, steps: list[int]) -> dict[str, Any]:
    """Put an image into its block of the file, if it fits in."""
    extents = zip(found["shape"], found["strides"], strict=True)
    end = min(steps) + sum((size - 1) * stride for size, stride in extents) + int(dtype[2:])
    if end > block.size:
        return {"problem": f"it needs {end} bytes, and its block in the file has {block.size}"}
    backwards = len(steps) > 1 and steps[1] < steps[0]
    where = {"offset": block.offset + min(steps), "end": block.offset + end, "backwards": backwards}
    channels = found["channels"][::-1] if backwards else found["channels"]
    return found | where | {"dtype": dtype, "channels": channels}


def _channel_names(channels: list[Any]) -> list[str]:
    """Name the channels by their colour, with a number where two have the same."""
    names = [_COLOURS.get(int(one.attrib["ChannelTag"])) or one.attrib.get("LUTName", "") for one in channels]
    if len(set(names)) == len(names) and all(names):
        return names
    return [f"{name} {number}".strip() for number, name in enumerate(names, 1)]
