"""Zeiss files (CZI): scenes, mosaics of tiles, and their pyramids.

The directory of sub-blocks says where each tile lies; tiles are fetched by ranges, several at once, and decoded here:
the packages that read CZI files want a path, or lack the codec of today's files.

Source: Zeiss, CZI (ZISRAW) file format design specification 1.2.2, and its metadata in XML.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from bioimagehub.catalogs.arrays.choice import choose_image, refuse_label
from bioimagehub.catalogs.errors import CatalogError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.labelled import Axis, Chunks
    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("series",)

_AXES = {"B": "block", "V": "view", "I": "illumination", "R": "rotation", "H": "phase", "T": "t", "C": "c", "Z": "z"}
"""Axes in the order of the result; the first five are left out where they have one step."""

_SAMPLES = ("red", "green", "blue", "alpha")


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    series: str | int | None = None,
) -> xr.DataArray:
    """Open a scene of a CZI file.

    Parameters
    ----------
    url : str or Place
        Path or address of the file.
    level : int or "auto"
        Level of the pyramid, 0 for full size; ``"auto"`` for the coarsest with at least `pixels` pixels a plane.
    label : str or None
        None: CZI files have no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        See `level`.
    series : str, int or None
        Name of the scene, or its number in the file; None if there is only one.

    Returns
    -------
    xarray.DataArray
        Dimensions out of ``t c z y x``, after ``block``, ``view``, ``illumination``, ``rotation`` and ``phase`` where
        the file has several of them. Tiles that overlap are drawn in their order in the file, without blending;
        pixels that no tile has are 0.

    Raises
    ------
    AmbiguousImageError
        If there are several scenes, and none was chosen.
    UnknownImageError, UnknownLevelError, UnknownLabelError
        If there is no such scene, level or label image.
    UnreadableImageError
        If the file is not CZI, is damaged, is one of several parts, or has a codec or pixel type that is not read.
    """
    place = open_place(url)
    refuse_label(label, "CZI", place.url)
    layout = place.layout or scan(place)
    place.version = place.version or layout.version
    number = choose_image(series, layout.facts["scenes"], "series", place.url)
    return _open(place, layout, number, level=level, chunks=chunks, wanted=pixels)


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all scenes and levels of a CZI file.

    Parameters
    ----------
    url : str or Place
    chunks
        As in `open_array`.

    Returns
    -------
    xarray.DataTree
        Nodes ``/<number of the scene>/<number of the level>``, with the variable ``image``, whose attribute ``series``
        is the name of the scene.
    """
    import xarray as xr

    place = open_place(url)
    layout = place.layout or scan(place)
    place.version = place.version or layout.version
    nodes = {}
    for scene in range(len(layout.facts["scenes"])):
        for level in range(len(_levels(layout.tables["blocks"], layout, scene))):
            array = _open(place, layout, scene, level=level, chunks=chunks)
            nodes[f"/{scene}/{level}"] = array.to_dataset(name="image")
    return xr.DataTree.from_dict(nodes)


def scan(url: str | Place) -> Layout:
    """Read the directory and the metadata of a CZI file.

    Raises
    ------
    UnreadableImageError
        If the file is not CZI, is damaged, is one of several parts, or has a codec or pixel type that is not read.
    """
    import struct

    from bioimagehub.catalogs.arrays.czi import COLUMNS, read_contents

    place = open_place(url)
    with place.open() as file:
        try:
            found = read_contents(file)
            facts = _read_metadata(found.xml)
        except CatalogError:
            raise
        except (ValueError, struct.error, ElementTree.ParseError, LookupError, OSError) as error:
            msg = f"{place.url} cannot be read as a CZI file ({error}). Expected a whole file. Fetch it anew."
            raise UnreadableImageError(msg) from error
    if not len(found.blocks):
        msg = f"{place.url} holds no image: its directory is empty. Open it with ZEN to see what it has."
        raise UnreadableImageError(msg)
    numbers = sorted(set(found.blocks[:, COLUMNS.index("S")].tolist()))
    facts["numbers"] = numbers
    facts["scenes"] = [facts["scenes"].get(str(number)) or f"Scene {number}" for number in numbers]
    facts["dimensions"] = found.dimensions
    return Layout("czi", place.url, facts, {"blocks": found.blocks}, place.version or place.stat())


def _open(
    place: Place, layout: Layout, scene: int, *, level: int | str = 0, chunks: Chunks = None, wanted: int = 1_000_000
) -> xr.DataArray:
    from bioimagehub.catalogs.arrays.labelled import label_array
    from bioimagehub.catalogs.arrays.levels import choose_level

    facts, blocks = layout.facts, layout.tables["blocks"]
    levels = _levels(blocks, layout, scene)
    planes = [_place_tiles(blocks, rows, levels, number)[1] for number, (_, rows) in enumerate(levels)]
    number = choose_level(level, planes, wanted, f"the scene {facts['scenes'][scene]!r} of {place.url}")
    found, names, channels = _pixels(place, layout, scene, number)
    axes = tuple(_axis(name, facts["spacing"].get(name), levels[number][0]) for name in names)
    attrs = {
        "units": "arbitrary units",
        "series": facts["scenes"][scene],
        "level": number,
        "levels": len(levels),
    }
    return label_array(found, axes, channels=channels, attrs=attrs, chunks=chunks)


def _axis(name: str, spacing: float | None, scale: int) -> Axis:
    """Give an axis of a level; along y and x the first pixel of a coarse level lies in the middle of what it covers."""
    from bioimagehub.catalogs.arrays.units import measured_axis

    if name not in {"y", "x"} or spacing is None:
        return measured_axis(name, spacing, "s" if name == "t" else "m")
    return measured_axis(name, spacing * scale, "m", spacing * (scale - 1) / 2)


def _column(blocks: NDArray[np.int64], name: str) -> NDArray[np.int64]:
    from bioimagehub.catalogs.arrays.czi import COLUMNS

    return blocks[:, COLUMNS.index(name)]


def _levels(blocks: NDArray[np.int64], layout: Layout, scene: int) -> list[tuple[int, NDArray[np.intp]]]:
    """Give, for each level of a scene, by how much it is reduced and the rows of its sub-blocks.

    A sub-block of the pyramid has fewer pixels than it covers. At the edges their ratio is only about that of the
    level, which is a power of 2, or of 3.
    """
    import numpy as np

    inside = np.flatnonzero(_column(blocks, "S") == layout.facts["numbers"][scene])
    ours = blocks[inside]
    ratios = np.maximum(
        _column(ours, "height") / _column(ours, "rows"), _column(ours, "width") / _column(ours, "columns")
    )
    reduced = ratios[ratios > 1.25]
    base = 3 if len(reduced) and round(float(reduced.min())) == 3 else 2
    steps = np.rint(np.log(ratios) / np.log(base)).astype(np.int64)
    return [(base ** int(step), inside[steps == step]) for step in np.unique(steps)]


def _place_tiles(
    blocks: NDArray[np.int64], rows: NDArray[np.intp], levels: list[tuple[int, NDArray[np.intp]]], number: int
) -> tuple[NDArray[np.int64], tuple[int, int]]:
    """Give the boxes of the tiles of a level, and the size of a plane.

    All levels begin where the first one does.
    """
    import numpy as np

    scale, ours, full = levels[number][0], blocks[rows], blocks[levels[0][1]]
    boxes = np.empty((len(rows), 4), np.int64)
    for at, (start, size) in enumerate((("Y", "rows"), ("X", "columns"))):
        first = (_column(ours, start) - _column(full, start).min()) // scale
        boxes[:, 2 * at], boxes[:, 2 * at + 1] = first, first + _column(ours, size)
    return boxes, (int(boxes[:, 1].max()), int(boxes[:, 3].max()))


def _pixels(place: Place, layout: Layout, scene: int, number: int) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """Give the pixels of a level, the names of their axes, and those of the channels."""
    import numpy as np

    from bioimagehub.catalogs.arrays.czi import TYPES
    from bioimagehub.catalogs.arrays.mosaic import MosaicPixels, Tiles

    blocks = layout.tables["blocks"]
    levels = _levels(blocks, layout, scene)
    rows = levels[number][1]
    rows = rows[np.argsort(_column(blocks[rows], "M"), kind="stable")]
    ours, full = blocks[rows], blocks[levels[0][1]]
    kinds = [TYPES[kind] for kind in sorted(set(_column(full, "type").tolist()))]
    samples = {count for _, count in kinds}
    if len(samples) > 1:
        msg = (
            f"The scene {layout.facts['scenes'][scene]!r} of {place.url} has colour channels and others, which do not "
            "fit into one array. Split its channels with ZEN."
        )
        raise UnreadableImageError(msg)
    each = samples.pop()
    dtype = functools.reduce(np.promote_types, [np.dtype(name) for name, _ in kinds]).newbyteorder("=")
    letters = [letter for letter in _AXES if letter in layout.facts["dimensions"] or (letter == "C" and each > 1)]
    firsts = {letter: int(_column(full, letter).min()) for letter in letters}
    counts = {letter: int(_column(full, letter).max()) - firsts[letter] + 1 for letter in letters}
    letters = [letter for letter in letters if letter in "TCZ" or counts[letter] > 1]
    boxes, plane = _place_tiles(blocks, rows, levels, number)
    planes = (
        np.stack([_column(ours, letter) - firsts[letter] for letter in letters], axis=1) if letters else boxes[:, :0]
    )
    shape = [counts[letter] * (each if letter == "C" else 1) for letter in letters]
    token = "|".join(map(repr, (place.url, place.version, "czi", scene, number)))
    found = MosaicPixels(
        Tiles(planes, boxes, rows, _column(ours, "length")),
        (*shape, *plane),
        dtype,
        each,
        letters.index("C") if each > 1 else None,
        _Reading(place, blocks),
        token,
        near=place.near,
    )
    return found, (*(_AXES[letter] for letter in letters), "y", "x"), _channels(layout, firsts, counts, each)


def _channels(layout: Layout, firsts: dict[str, int], counts: dict[str, int], each: int) -> tuple[str, ...]:
    if "C" not in counts:
        return ()
    known = layout.facts["channels"]
    numbers = range(firsts["C"], firsts["C"] + counts["C"])
    names = [known[number] if number < len(known) else f"Channel {number}" for number in numbers]
    if each == 1:
        return tuple(names)
    return tuple(_SAMPLES[at] if len(names) == 1 else f"{name} {_SAMPLES[at]}" for name in names for at in range(each))


class _Reading:
    """Reads the tile of a row of the table."""

    def __init__(self, place: Place, blocks: NDArray[np.int64]) -> None:
        self._place, self._blocks = place, blocks

    def __call__(self, row: int) -> NDArray[Any]:
        from bioimagehub.catalogs.arrays.czi import COLUMNS, read_block

        return read_block(self._place, dict(zip(COLUMNS, self._blocks[row].tolist(), strict=True)))


# ---- what the metadata say


def _read_metadata(xml: bytes) -> dict[str, Any]:
    """Read scales, names of channels and scenes; those that are missing are empty.

    Returns
    -------
    dict
        ``spacing`` (metres, and seconds for t), ``channels``, ``scenes`` (by number, as text).
    """
    facts: dict[str, Any] = {"spacing": {}, "channels": [], "scenes": {}}
    if not xml:
        return facts
    root = ElementTree.fromstring(xml.strip(b"\0"))  # noqa: S314 - expat bounds what entities expand to
    for distance in root.iterfind("./Metadata/Scaling/Items/Distance"):
        value = float(distance.findtext("Value") or 0)
        if value > 0:
            facts["spacing"][distance.get("Id", "").lower()] = value
    dimensions = "./Metadata/Information/Image/Dimensions"
    increment = root.findtext(f"{dimensions}/T/Positions/Interval/Increment")
    if increment and float(increment) > 0:
        facts["spacing"]["t"] = float(increment)
    for channel in root.iterfind(f"{dimensions}/Channels/Channel"):
        facts["channels"].append(channel.get("Name") or channel.get("Id") or f"Channel {len(facts['channels'])}")
    for scene in root.iterfind(f"{dimensions}/S/Scenes/Scene"):
        facts["scenes"][scene.get("Index", "")] = scene.get("Name") or ""
    return facts
