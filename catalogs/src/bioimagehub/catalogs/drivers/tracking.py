"""Datasets of the Cell Tracking Challenge: time-lapse sequences with segmentations and tracks, in folders or zip files.

References
----------
Maška et al., Nature Methods 20, 1010-1020 (2023), doi:10.1038/s41592-023-01879-y; naming and file content conventions
of the challenge, celltrackingchallenge.net.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.image_files import (
    ImageFile,
    Kind,
    find_file,
    find_kind,
    is_zip,
    note_version,
    read_version,
    stack_files,
)
from bioimagehub.catalogs.arrays.labelled import Axis
from bioimagehub.catalogs.arrays.levels import choose_level
from bioimagehub.catalogs.arrays.pace import workers
from bioimagehub.catalogs.arrays.tracking_files import (
    TRACKS,
    Frame,
    find_available,
    find_frames,
    list_dataset,
    parse_tracks,
)
from bioimagehub.catalogs.arrays.work import run
from bioimagehub.catalogs.errors import UnknownLabelError, UnknownOptionError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import Place, open_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks

OPTIONS: tuple[str, ...] = ("sequence", "time_step", "voxel")


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    sequence: str = "01",
    time_step: float | None = None,
    voxel: Sequence[float] | None = None,
) -> xr.DataArray:
    """Open a sequence of a Cell Tracking Challenge dataset, or one of its label images, without reading pixels.

    Parameters
    ----------
    url : str or Place
        The folder of the dataset, or its zip file, read in place.
    level : int or "auto"
        0; a sequence has one level.
    label : {"TRA", "SEG", "ST", "RES"} or None
        Tracking markers, gold and silver truth of the segmentation, a result; None for the images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Not used, as there is one level.
    sequence : str
        Its number, as the folder has it.
    time_step : float or None
        Seconds between two frames; the files do not tell. None counts frames.
    voxel : sequence of float or None
        Micrometres of a voxel along z (if there is one), y and x; None for what the files tell.

    Returns
    -------
    xarray.DataArray
        Dimensions t (z) y x. A segmentation has only the frames that are annotated, with their times. Where single
        z-slices are annotated the dimension is slice, with the coordinates t and z of each.

    Raises
    ------
    UnknownImageError, UnknownLabelError, UnknownLevelError
        If there is no such sequence, label image or level.
    UnknownOptionError
        If `time_step` or `voxel` are not positive, or `voxel` has more or fewer numbers than there are axes.
    UnreadableImageError
        If frames are missing or there twice; on reading, if a frame has another shape or type than the first.
    UnreadableZipError, ReadError
        If the zip file is damaged, or something cannot be had.
    """
    place = open_place(url)
    layout = place.layout or _list(place, sequence, label)
    frames = find_frames(layout.facts["names"], sequence, label, place.url)
    files = _files(place, layout, frames)
    known = layout.facts["kinds"].get(_key(sequence, label))
    kind, options = _look(files[0]) if known is None else (Kind.from_facts(known["kind"]), known["options"])
    sizes = dict(zip(kind.dims, kind.shape, strict=True))
    choose_level(level, [(sizes["y"], sizes["x"])], pixels, f"sequence {sequence} of {place.url}")
    sliced = frames[0].z is not None
    axis = Axis("slice", "") if sliced else Axis("t", "frame")
    attrs = {"level": 0, "levels": 1, "sequence": sequence, "left_out": layout.facts["left_out"]}
    if label is not None:
        attrs |= {"units": "1", "label": label}
    numbers = {"slice": range(len(frames))} if sliced else None
    found = stack_files(files, kind, axis, options=options, names=numbers, attrs=attrs, chunks=chunks)
    return _scale(found, frames, axis.name, time_step, voxel, place.url)


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all sequences of a dataset and all their label images, without reading pixels.

    Parameters
    ----------
    url : str or Place
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.

    Returns
    -------
    xarray.DataTree
        A node for each sequence, below it ``image`` and a node for each label image, with the variable ``image``.

    Raises
    ------
    UnknownImageError, UnreadableImageError, ReadError
        As in `open_array`.
    """
    import xarray as xr

    place = open_place(url)
    layout = place.layout or _list(place)
    listed = Place(place.url, dataset=place.dataset, version=place.version, layout=layout)
    nodes = {}
    for sequence, label in find_available(layout.facts["names"]):
        array = open_array(listed, sequence=sequence, label=label, chunks=chunks)
        nodes[f"{sequence}/{label or 'image'}"] = array.to_dataset(name="image")
    return xr.DataTree.from_dict(nodes)


def scan(url: str | Place) -> Layout:
    """Find the frames of all sequences and label images, and read the header of each, many at once.

    Parameters
    ----------
    url : str or Place

    Returns
    -------
    Layout
        Facts: ``names`` and ``versions`` of the files, ``kinds`` (what the frames are, by sequence and label image).

    Raises
    ------
    UnknownImageError
        If it is no such dataset.
    UnreadableImageError
        If frames are missing, or are not alike.
    """
    from bioimagehub.catalogs.reader.zips import forget

    place = open_place(url)
    listed = _list(place)
    versions = dict(zip(listed.facts["names"], listed.facts["versions"], strict=True))
    kinds = {}
    for sequence, label in find_available(listed.facts["names"]):
        files = _files(place, listed, find_frames(listed.facts["names"], sequence, label, place.url))
        kind, options = _look(files[0])
        run((partial(_compare, file, kind, options) for file in files), workers(near=place.near))
        versions |= {file.name: note_version(file.place.version) for file in files}
        kinds[_key(sequence, label)] = {"kind": kind.to_facts(), "options": options}
    if is_zip(place):
        forget(place.url)
    facts = {**listed.facts, "versions": list(versions.values()), "kinds": kinds}
    return replace(
        listed, facts=facts, summary={"sequences": sorted({one for one, _ in find_available(listed.facts["names"])})}
    )


def load_tracks(url: str | Place, sequence: str = "01", *, result: bool = False, check: bool = False) -> pd.DataFrame:
    """Load the tracks of a sequence.

    Parameters
    ----------
    url : str or Place
        As in `open_array`.
    sequence : str
    result : bool
        Load those of a result (``01_RES``) and not the ground truth.
    check : bool
        Read all label images, and compare: each track is there in its first and its last frame, in none before or
        after, and each label has a track.

    Returns
    -------
    pandas.DataFrame
        A row for each track, int64: ``label``, ``begin`` and ``end`` (first and last frame), and ``parent`` (0 for
        none), which are L, B, E and P of the challenge.

    Raises
    ------
    UnknownImageError, UnknownLabelError
        If there is no such sequence, or it has no tracks.
    UnreadableImageError
        If the table is damaged: something is no number, a label is there twice, a track ends before it begins, or
        begins before its parent ends; or, with `check`, table and label images disagree.
    """
    place = open_place(url)
    label = "RES" if result else "TRA"
    layout = place.layout or _list(place, sequence, label)
    name = TRACKS[label].format(sequence)
    found = dict(zip(layout.facts["names"], layout.facts["versions"], strict=True))
    matching = [one for one in found if one == name or one.endswith(f"/{name}")]
    if not matching:
        msg = f"{place.url} has no tracks of the sequence {sequence}: expected {name}. Choose another sequence."
        raise UnknownLabelError(msg)
    file = find_file(place, matching[0], read_version(found[matching[0]]))
    table = parse_tracks(bytes(file.read()), file.url)
    if check:
        listed = Place(place.url, dataset=place.dataset, version=place.version, layout=layout)
        _check_tracks(table, open_array(listed, sequence=sequence, label=label), file.url)
    return table


def _list(place: Place, sequence: str | None = None, label: str | None = None) -> Layout:
    found, left_out = list_dataset(place, sequence, label)
    facts = {
        "names": [name for name, _ in found],
        "versions": [note_version(each.version) for _, each in found],
        "kinds": {},
        "left_out": left_out,
    }
    return Layout("tracking", place.url, facts, version=place.version)


def _key(sequence: str, label: str | None) -> str:
    return f"{sequence} {label or 'image'}"


def _files(place: Place, layout: Layout, frames: Sequence[Frame]) -> list[ImageFile]:
    versions = dict(zip(layout.facts["names"], layout.facts["versions"], strict=True))
    return [
        ImageFile(frame.name, "tiff", find_file(place, frame.name, read_version(versions[frame.name])))
        for frame in frames
    ]


def _look(file: ImageFile) -> tuple[Kind, dict[str, str]]:
    """Tell what a frame is; pages that the file calls channels or times are z-slices in this challenge."""
    options: dict[str, str] = {}
    kind = find_kind(file.open())
    if len(kind.shape) == 3 and kind.dims[0] != "z":
        options = {"axes": "zyx"}
        kind = find_kind(file.open(**options))
    if kind.dims not in (("y", "x"), ("z", "y", "x")):
        msg = f"{file.place.url} is {kind.describe()}; expected a frame of the axes y x or z y x. Open it by itself."
        raise UnreadableImageError(msg)
    return kind, options


def _compare(file: ImageFile, kind: Kind, options: dict[str, str]) -> None:
    found = find_kind(file.open(**options))
    if found != kind:
        msg = f"{file.place.url} is {found.describe()}, and the first frame is {kind.describe()}. Fetch it anew."
        raise UnreadableImageError(msg)


def _scale(
    array: xr.DataArray,
    frames: Sequence[Frame],
    along: str,
    time_step: float | None,
    voxel: Sequence[float] | None,
    name: str,
) -> xr.DataArray:
    """Put the times of the frames, and the distances that are given, in place of numbers."""
    axes = [axis for axis in ("z", "y", "x") if axis in array.dims or (axis == "z" and along == "slice")]
    given = [*([] if time_step is None else [time_step]), *(voxel or [])]
    if (voxel is not None and len(voxel) != len(axes)) or not all(math.isfinite(one) and one > 0 for one in given):
        msg = (
            f"time_step={time_step!r} and voxel={voxel!r} do not fit {name}: expected seconds between two frames, and "
            f"micrometres of a voxel along {', '.join(axes)}, all positive. Correct them, or leave them out."
        )
        raise UnknownOptionError(msg)
    spacings = dict(zip(axes, voxel or [], strict=True)) if voxel is not None else {}
    array = array.assign_coords(
        {
            axis: Axis(axis, "micrometer", float(spacing)).coordinate(array.sizes[axis])
            for axis, spacing in spacings.items()
            if axis in array.dims
        }
    )
    times = np.array([frame.number for frame in frames], dtype=np.float64)
    step = 1.0 if time_step is None else float(time_step)
    units: dict[str, Any] = {"units": "frame" if time_step is None else "second"}
    if (np.diff(times) == 1.0).all():
        units["spacing"] = step
    array = array.assign_coords(t=(along, times * step, units))
    if along != "slice":
        return array
    depths = np.array([frame.z for frame in frames], dtype=np.float64) * spacings.get("z", 1.0)
    return array.assign_coords(z=("slice", depths, {"units": "micrometer" if "z" in spacings else "pixel"}))


def _check_tracks(table: pd.DataFrame, labels: xr.DataArray, name: str) -> None:
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for number, plane in zip(labels.t.data.astype(int), labels, strict=True):
        for found in np.unique(plane.values).tolist():
            if found:
                first.setdefault(found, int(number))
                last[found] = int(number)
    told = {row.label: (row.begin, row.end) for row in table.itertuples()}
    seen = {label: (first[label], last[label]) for label in first}
    wrong = [
        f"{label}: {told.get(label, 'no track')} in the table, {seen.get(label, 'nowhere')} in the label images"
        for label in sorted(told.keys() | seen.keys())
        if told.get(label) != seen.get(label)
    ]
    if wrong:
        msg = (
            f"{name} and the label images disagree about {len(wrong)} tracks, of which these are the first and the "
            f"last frames: {'; '.join(wrong[:10])}. Fetch the dataset anew, or ask its authors."
        )
        raise UnreadableImageError(msg)
