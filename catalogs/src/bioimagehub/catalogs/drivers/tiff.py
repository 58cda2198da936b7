"""TIFF and OME-TIFF: every series, page and level, tiled or in strips, in place and by range requests.

References
----------
TIFF revision 6.0 (Adobe, 1992); OME-TIFF specification (ome-model); Goldberg et al., Genome Biology 6, R47 (2005),
doi:10.1186/gb-2005-6-5-r47.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.drivers.tiff_files.sources import beside
from bioimagehub.catalogs.errors import AmbiguousImageError, UnknownImageError, UnknownLabelError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import Place, Version, open_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.drivers.tiff_files.pixels import Stored

OPTIONS: tuple[str, ...] = ("series", "axes")

_LISTED = 20
_RGB, _YCBCR, _JPEG = 2, 6, 7


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    series: int | str | None = None,
    axes: str | None = None,
) -> xr.DataArray:
    """Open a series of a TIFF without reading pixels.

    Parameters
    ----------
    url : str or Place
        Address of the file; of any file of a set in several files.
    level : int or "auto"
        Level of the pyramid; ``"auto"`` is the coarsest one with `pixels` pixels.
    label : None
        A TIFF has no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Pixels of a plane that are wanted, for ``level="auto"``.
    series : int or str or None
        Number or name of a series; it may be left out where there is one.
    axes : str or None
        What the axes are, where the file does not say: a letter out of ``t c z y x`` (``s`` for samples of a pixel)
        for each axis longer than 1, in the order in which they are stored.

    Returns
    -------
    xarray.DataArray
        Those of the dimensions t c z y x that are longer than 1, and y and x in any case. Pixels as they are stored:
        no palette is applied, nothing is inverted, YCbCr is turned into RGB where it is JPEG. Samples of a pixel are
        channels, those of RGB named red, green, blue and alpha. Coordinates of z y x in micrometres and of t in
        seconds, float64, as far as the file states them; else pixels and frames. All levels cover the same area, so
        the first pixel of a coarse one lies further in. A single channel that has a name keeps it as the coordinate c.

    Raises
    ------
    AmbiguousImageError
        If there are several series and none is named.
    UnknownImageError, UnknownLevelError, UnknownLabelError, UnknownAxisError
        If what is asked for does not exist.
    UnreadableImageError
        If it is no TIFF, is cut off, or nothing says what its axes are.
    """
    place, layout = _find_layout(open_place(url))
    if label is not None:
        msg = f"There is no label image {label!r} in {place.url}: a TIFF has none. Leave `label` out."
        raise UnknownLabelError(msg)
    number = _choose_series(layout.facts["series"], series, place.url)
    return _open_level(place, layout, number, level, chunks=chunks, pixels=pixels, axes=axes)


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all series and levels of a TIFF without reading pixels.

    Parameters
    ----------
    url : str or Place
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None

    Returns
    -------
    xarray.DataTree
        A node for each level, named by its number, with the variable ``image``; below a node for each series, named
        as it is, where there are several.

    Raises
    ------
    UnreadableImageError
        If it is no TIFF, is cut off, or nothing says what the axes of a series are.
    """
    import xarray as xr

    place, layout = _find_layout(open_place(url))
    found = layout.facts["series"]
    nodes = {}
    for number, one in enumerate(found):
        branch = f"{one['name'].replace('/', '_')}/" if len(found) > 1 else ""
        for level in range(len(one["levels"])):
            array = _open_level(place, layout, number, level, chunks=chunks, pixels=0, axes=None)
            nodes[f"{branch}{level}"] = array.to_dataset(name="image")
    return xr.DataTree.from_dict(nodes)


def scan(url: str | Place) -> Layout:
    """Find out what a TIFF has, and where its segments lie.

    Over a network the directories are read by small ranges, those that do not depend on one another at the same time.

    Parameters
    ----------
    url : str or Place

    Returns
    -------
    Layout
        Facts: ``files`` (further files of the set), and ``series`` (name, spacing, channels, and levels with axes and
        all that decoding needs). Tables of series s and level l: ``s.l.offsets`` and ``s.l.counts`` (uint64, pages by
        segments), ``s.l.files`` and ``s.l.tabled`` (uint32, pages) where there are several files or JPEG tables.

    Raises
    ------
    UnreadableImageError
        If it is no TIFF, is not whole, or nothing decodes it.
    MissingFileError
        If it, or another file of its set, is missing.
    """
    from bioimagehub.catalogs.drivers.tiff_files.scanning import find_series, refuse_damage
    from bioimagehub.catalogs.drivers.tiff_files.series import lay_out

    place = open_place(url)
    described = []
    tables: dict[str, NDArray[Any]] = {}
    with refuse_damage(place.url):
        scanned, found = find_series(place)
        sizes = [each.tiff.filehandle.size for each in scanned]
        for number, (one, name) in enumerate(zip(found, _own_names([one.name for one in found]), strict=True)):
            levels = []
            for level, content in enumerate(one.levels):
                facts, numbers = lay_out(content, sizes, f"the series {name!r} of {place.url}")
                levels.append(facts)
                tables |= {f"{number}.{level}.{table}": values for table, values in numbers.items()}
            described.append({"name": name, "spacing": one.spacing, "channels": one.channels, "levels": levels})
    files = [
        {"name": each.name, "version": None if each.place.version is None else asdict(each.place.version)}
        for each in scanned[1:]
    ]
    return Layout(
        driver="tiff",
        url=place.url,
        facts={"files": files, "series": described},
        tables=tables,
        version=place.version,
        verified=datetime.now(UTC).date(),
    )


def _find_layout(place: Place) -> tuple[Place, Layout]:
    """Give the layout that was kept, or what a scan finds; and the place with the version that it is about."""
    layout = place.layout or scan(place)
    return Place(place.url, dataset=place.dataset, version=place.version or layout.version), layout


def _own_names(names: Sequence[str]) -> list[str]:
    """Give each series a name of its own: its number where it has none, or that of another one."""
    found: list[str] = []
    for number, name in enumerate(names):
        found.append(name if name and name not in found else f"{name} {number}".strip())
    return found


def _choose_series(found: Sequence[Mapping[str, Any]], wanted: int | str | None, name: str) -> int:
    listed = "; ".join(
        f"{number}: {one['name']!r} {_describe(one['levels'][0]['stored'])}"
        for number, one in enumerate(found[:_LISTED])
    ) + ("; …" if len(found) > _LISTED else "")
    if wanted is None and len(found) == 1:
        return 0
    if wanted is None:
        msg = f"{name} has {len(found)} series: {listed}. Name one of them with `series=`, or open the tree of all."
        raise AmbiguousImageError(msg)
    if isinstance(wanted, str) and wanted in [one["name"] for one in found]:
        return [one["name"] for one in found].index(wanted)
    if isinstance(wanted, int) and not isinstance(wanted, bool) and 0 <= wanted < len(found):
        return wanted
    msg = f"{name} has no series {wanted!r}: it has {listed}. Give the number or the name of one of them."
    raise UnknownImageError(msg)


def _describe(stored: Sequence[Sequence[Any]]) -> str:
    return " x ".join(f"{letter} {size}" for letter, size, _ in stored)


def _open_level(
    place: Place, layout: Layout, number: int, level: int | str, *, chunks: Chunks, pixels: int, axes: str | None
) -> xr.DataArray:
    from bioimagehub.catalogs.arrays.labelled import Axis, label_array
    from bioimagehub.catalogs.arrays.levels import choose_level
    from bioimagehub.catalogs.drivers.tiff_files.pixels import Segments, TiffPixels
    from bioimagehub.catalogs.drivers.tiff_files.stored import name_levels

    series = layout.facts["series"][number]
    name = f"series {series['name']!r} of {place.url}"
    stored = name_levels([one["stored"] for one in series["levels"]], axes, name)
    shapes = [_sizes(one) for one in stored]
    chosen = choose_level(level, [(sizes["y"], sizes["x"]) for sizes in shapes], pixels, name)
    facts = series["levels"][chosen]
    tables = {key: layout.tables.get(f"{number}.{chosen}.{key}") for key in ("offsets", "counts", "files", "tabled")}
    kept = [axis for axis in "tczyx" if axis in "yx" or shapes[0][axis] > 1]
    segments = Segments(
        places=[place, *(_further(place, file) for file in layout.facts["files"])],
        tables=[base64.b64decode(one) for one in facts["tables"]],
        **tables,  # type: ignore[arg-type]
    )
    token = f"tiff|{place.url}|{place.version}|{number}|{chosen}|{axes}"
    array = TiffPixels(kept, stored[chosen], facts["form"], segments, token)
    labels = []
    for axis in kept:
        spacing, units = series["spacing"].get(axis.upper(), (1.0, "frame" if axis == "t" else "pixel"))
        factor = _factor(shapes[0][axis], shapes[chosen][axis])
        labels.append(Axis(axis, units, spacing * factor, (factor - 1) / 2 * spacing))
    names = _name_channels(series["channels"], stored[0], facts["form"])
    attrs = {"units": "arbitrary units", "level": chosen, "levels": len(stored), "series": series["name"]}
    found = label_array(array, tuple(labels), channels=names if "c" in kept else (), attrs=attrs, chunks=chunks)
    return found.assign_coords(c=names[0]) if "c" not in kept and len(names) == 1 else found


def _sizes(stored: Sequence[Stored]) -> dict[str, int]:
    sizes = dict.fromkeys("tczyx", 1)
    for each in stored:
        sizes[each.letter] *= each.size
    return sizes


def _factor(full: int, reduced: int) -> float:
    """How many samples of the finest level one of a coarser one stands for; whole where the last one is cut off."""
    factor = round(full / reduced)
    return float(factor) if abs(full - factor * reduced) < factor else full / reduced


def _further(place: Place, file: Mapping[str, Any]) -> Place:
    found = beside(place, file["name"])
    found.version = None if file["version"] is None else Version(**file["version"])
    return found


def _name_channels(given: Sequence[str], stored: Sequence[Stored], form: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the channels: as the file does, samples by their colours, or both; empty where nothing is known."""
    parts = [each for each in stored if each.letter == "c"]
    total = _sizes(stored)["c"]
    samples = next((each.size for each in parts if each.role != "page"), 1)
    if len(given) == total and len(set(given)) == total:
        return tuple(given)
    if samples == 1:
        return tuple(given) if len(given) == total else ()
    colours = _name_samples(samples, form["tags"])
    if not colours or total == samples:
        return colours
    channels = given[::samples] if len(given) == total else given
    if len(channels) != total // samples:
        channels = [f"channel {number}" for number in range(total // samples)]
    return tuple(f"{channel} {colour}" for channel in channels for colour in colours)


def _name_samples(samples: int, tags: Mapping[str, Any]) -> tuple[str, ...]:
    rgb = tags["262"] == _RGB or (tags["262"] == _YCBCR and tags["259"] == _JPEG)
    if not rgb or samples < 3:
        return ()
    extra = list(tags.get("338") or ())[: samples - 3]
    further = [
        "alpha" if kind in (1, 2) and kind not in extra[:at] else f"sample {at + 3}" for at, kind in enumerate(extra)
    ]
    further += [f"sample {at}" for at in range(3 + len(further), samples)]
    return ("red", "green", "blue", *further)
