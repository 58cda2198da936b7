"""Nikon files (ND2) of NIS-Elements 3 and later: frames of all channels, raw or deflated.

The metadata are read by nd2; where the frames lie is read from the chunk map at the end of the file, and frames are
fetched by ranges, several at once.

Source: the format as nd2 describes it, https://github.com/tlambert03/nd2, module _parse/_chunk_decode.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import TYPE_CHECKING, Any, cast

from bioimagehub.catalogs.arrays.choice import choose_image, refuse_label
from bioimagehub.catalogs.errors import CatalogError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("series",)

_DAMAGE = (
    *(ValueError, LookupError, OSError, TypeError, NameError, AttributeError, MemoryError),
    *(struct.error, zlib.error),
)
"""What the library raises on damaged files."""

_LOOPS = {"TimeLoop": "t", "NETimeLoop": "t", "ZStackLoop": "z", "XYPosLoop": "position"}


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    series: str | int | None = None,
) -> xr.DataArray:
    """Open a position of an ND2 file.

    Parameters
    ----------
    url : str or Place
        Path or address of the file.
    level : int or "auto"
        0 or ``"auto"``: an image has one level.
    label : str or None
        None: binary layers are not read.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Without meaning here.
    series : str, int or None
        Stage position: its name, ``"XYPos:0"`` and so on where it has none, or its number; None if there is only one.

    Returns
    -------
    xarray.DataArray
        Dimensions out of ``t c z y x``. Frames that were never taken, since the acquisition was ended early, are 0;
        the attribute ``frames_missing`` counts them.

    Raises
    ------
    AmbiguousImageError
        If there are several positions, and none was chosen.
    UnknownImageError, UnknownLevelError, UnknownLabelError
        If there is no such position, level or label image.
    UnreadableImageError
        If the file is not ND2, is damaged, is older than NIS-Elements 3, or has lossy or tiled frames.
    """
    place = open_place(url)
    refuse_label(label, "ND2", place.url)
    layout = place.layout or scan(place)
    place.version = place.version or layout.version
    number = choose_image(series, layout.facts["positions"], "series", place.url)
    return _open(place, layout, number, level=level, chunks=chunks, size=pixels)


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all positions of an ND2 file.

    Parameters
    ----------
    url : str or Place
    chunks
        As in `open_array`.

    Returns
    -------
    xarray.DataTree
        A node for each position, in their order, by its number, with the variable ``image``, whose attribute
        ``series`` is the name of the position.
    """
    import xarray as xr

    place = open_place(url)
    layout = place.layout or scan(place)
    place.version = place.version or layout.version
    return xr.DataTree.from_dict(
        {
            f"/{number}": _open(place, layout, number, chunks=chunks).to_dataset(name="image")
            for number in range(len(layout.facts["positions"]))
        }
    )


def scan(url: str | Place) -> Layout:
    """Read the metadata of an ND2 file and where its frames lie.

    Raises
    ------
    UnreadableImageError
        If the file is not ND2, is damaged, is older than NIS-Elements 3, or has lossy or tiled frames.
    """
    import numpy as np
    from nd2 import ND2File

    from bioimagehub.catalogs.arrays.nd2 import frame_bytes, list_frames, reserved_bytes

    place = open_place(url)
    with place.open() as file:
        try:
            size: int = file.seek(0, 2)
            frames = list_frames(file)
            reserved = reserved_bytes(file, frames)
            with ND2File(cast("Any", file)) as opened:
                facts = _describe(opened)
        except CatalogError:
            raise
        except _DAMAGE as error:
            msg = f"{place.url} cannot be read as an ND2 file ({error}). Expected a whole file. Fetch it anew."
            raise UnreadableImageError(msg) from error
    count = math.prod(facts["loops"].values())
    problem = facts.pop("problem") or _check_frames(frames, count, size)
    if problem:
        msg = f"{place.url} cannot be opened: {problem}. Convert it with NIS-Elements, or fetch it anew."
        raise UnreadableImageError(msg)
    starts, lengths = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    # Raw frames end where their samples do; deflated ones somewhere before the next chunk.
    raw = None if facts["frame"]["deflated"] else reserved + frame_bytes(facts["frame"])
    for number, (start, length) in frames.items():
        starts[number], lengths[number] = start, length if raw is None else min(raw, length)
    return Layout("nd2", place.url, facts, {"starts": starts, "lengths": lengths}, place.version or place.stat())


def _open(
    place: Place, layout: Layout, position: int, *, level: int | str = 0, chunks: Chunks = None, size: int = 1_000_000
) -> xr.DataArray:
    from bioimagehub.catalogs.arrays.labelled import label_array
    from bioimagehub.catalogs.arrays.levels import choose_level
    from bioimagehub.catalogs.arrays.nd2 import FramePixels
    from bioimagehub.catalogs.arrays.units import measured_axis

    facts = layout.facts
    found = FramePixels(place, facts, layout.tables["starts"], layout.tables["lengths"], position)
    choose_level(level, [(found.shape[-2], found.shape[-1])], size, place.url)
    axes = tuple(measured_axis(name, facts["spacing"].get(name), "s" if name == "t" else "um") for name in found.axes)
    attrs = {
        "units": "arbitrary units",
        "series": facts["positions"][position],
        "level": 0,
        "levels": 1,
        "frames_missing": int((found.starts < 0).sum()),
    }
    return label_array(found, axes, channels=tuple(facts["channels"]), attrs=attrs, chunks=chunks)


# ---- what the file says


def _describe(opened: Any) -> dict[str, Any]:
    """Tell the loops and the frame of an ND2 file in JSON values."""
    told = opened.attributes
    components = told.componentCount
    kind = "f" if told.pixelDataType == "float" else "u"
    frame = {
        "height": told.heightPx,
        "width": told.widthPx or 1,
        "components": components,
        "row_bytes": told.widthBytes or (told.widthPx or 1) * components * (told.bitsPerComponentInMemory // 8),
        "dtype": f"<{kind}{told.bitsPerComponentInMemory // 8}",
        "deflated": told.compressionType == "lossless",
    }
    loops = {_LOOPS.get(loop.type, loop.type): loop.count for loop in opened.experiment}
    problem = ""
    unknown = sorted(set(loops) - set(_LOOPS.values()))
    if told.compressionType == "lossy":
        problem = "its frames are compressed with loss"
    elif told.tileWidthPx or told.tileHeightPx:
        problem = "its frames are tiled"
    elif unknown or len(loops) != len(opened.experiment):
        problem = f"its loops are {', '.join(loop.type for loop in opened.experiment)}, and t, z and position are read"
    positions = [
        point.name or "" for loop in opened.experiment if loop.type == "XYPosLoop" for point in loop.parameters.points
    ]
    return {
        "problem": problem,
        "frame": frame,
        "loops": loops,
        "positions": [name or f"XYPos:{number}" for number, name in enumerate(positions)] or ["XYPos:0"],
        "channels": _channel_names(opened, components) if components > 1 else [],
        "spacing": _spacing(opened),
    }


def _check_frames(frames: dict[int, tuple[int, int]], count: int, size: int) -> str:
    """Tell what is wrong with the frames; empty if nothing is."""
    beyond = sum(number >= count for number in frames)
    if beyond:
        return f"{beyond} of its {len(frames)} frames are in no loop of the experiment"
    if not frames:
        return "it has no frames"
    short = sum(length <= 0 or start + length > size for start, length in frames.values())
    if short:
        return f"{short} of its {len(frames)} frames end beyond the file, which has {size} bytes"
    return ""


def _channel_names(opened: Any, components: int) -> list[str]:
    """Name the channels; those of a colour camera get numbers, as readers disagree on which of them is red."""
    names = [channel.channel.name for channel in opened.metadata.channels or []]
    each = components // max(1, len(names))
    if each > 1:
        names = [f"{name} {number}".strip() for name in names for number in range(each)]
    return names if len(names) == components else [str(number) for number in range(components)]


def _spacing(opened: Any) -> dict[str, float | None]:
    """Distances between samples: micrometres, and seconds for t; None for those that are not known."""
    channels = opened.metadata.channels or []
    calibrated = bool(channels) and channels[0].volume.axesCalibrated[0]
    size = opened.voxel_size()
    spacing: dict[str, float | None] = {"x": size.x, "y": size.y} if calibrated else {}
    for loop in opened.experiment:
        if loop.type == "ZStackLoop":
            step = loop.parameters.stepUm
            spacing["z"] = step if loop.parameters.bottomToTop else -step
        elif loop.type == "TimeLoop":
            measured = loop.parameters.periodDiff.avg if loop.parameters.periodDiff else None
            spacing["t"] = (measured or loop.parameters.periodMs) / 1000
        elif loop.type == "NETimeLoop" and len(loop.parameters.periods) == 1:
            period = loop.parameters.periods[0]
            spacing["t"] = ((period.periodDiff.avg if period.periodDiff else None) or period.periodMs) / 1000
    return spacing
