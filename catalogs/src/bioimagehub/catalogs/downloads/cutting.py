"""A part of an OME-Zarr image as a smaller OME-Zarr image: which pixels of each level, and the metadata of the rest.

Levels keep their places: each is cut where the region lies in it, rounded outwards to whole pixels, and its
translation says where that is. Sources: OME-NGFF 0.4 and 0.5, multiscale metadata, https://ngff.openmicroscopy.org
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import (
    InvalidSelectionError,
    UnknownAxisError,
    UnknownLevelError,
    UnreadableImageError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bioimagehub.catalogs.downloads.selection import Selection
    from bioimagehub.catalogs.downloads.stored_arrays import StoredArray
    from bioimagehub.catalogs.downloads.stored_images import StoredGroup

_CLOSE = 1e-6


@dataclass(frozen=True)
class ArrayCut:
    """The part of an array that is kept.

    Attributes
    ----------
    array : StoredArray
    picks : tuple of (range or tuple of int)
        Positions along each axis: a range, or single ones for channels.
    """

    array: StoredArray
    picks: tuple[Sequence[int], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the part."""
        return tuple(len(pick) for pick in self.picks)

    @property
    def is_aligned(self) -> bool:
        """Whether chunks can be taken as they are: the part begins where chunks begin."""
        return all(
            chunk == 1 or (isinstance(pick, range) and pick.start % chunk == 0)
            for pick, chunk in zip(self.picks, self.array.chunks, strict=True)
        )

    def source_index(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """Give the chunk of the array that a chunk of the part is, where it is aligned."""
        return tuple(
            pick[position * chunk] // chunk
            for position, pick, chunk in zip(index, self.picks, self.array.chunks, strict=True)
        )


@dataclass(frozen=True)
class ImageCut:
    """The part of an image that is kept.

    Attributes
    ----------
    metadata : mapping
        What stands in place of `StoredGroup.metadata`.
    arrays : tuple of ArrayCut
    """

    metadata: Mapping[str, Any]
    arrays: tuple[ArrayCut, ...]


def cut_image(group: StoredGroup, selection: Selection, *, of: StoredGroup | None = None) -> ImageCut | None:
    """Work out what of an image is kept.

    Parameters
    ----------
    group : StoredGroup
        The image, or a label image.
    selection : Selection
    of : StoredGroup or None
        The image that it is a label image of. Its levels are then those with the pixels of chosen ones, and the
        region is counted in the pixels of the image.

    Returns
    -------
    ImageCut or None
        None for a label image without a level of a chosen size.

    Raises
    ------
    UnknownLevelError, UnknownAxisError, InvalidSelectionError
        If the image has no such level, axis or channel, or the region lies outside of it.
    UnreadableImageError
        If its metadata cannot be read.
    """
    metadata = copy.deepcopy(dict(group.metadata))
    try:
        multiscales = metadata["multiscales"]
        reference = (of or group).metadata["multiscales"][0]
        base = _scale_by_axis(reference, 0)
        kept: list[ArrayCut] = []
        for multiscale in multiscales:
            names = [axis["name"] for axis in multiscale["axes"]]
            datasets = multiscale["datasets"]
            levels = _choose_levels(multiscale, selection, group, reference if of is not None else None)
            if not levels:
                return None
            if of is None:
                _require_axes(names, selection, group)
                _require_inside(names, selection, _array(group, datasets[0]["path"]))
            channels = _choose_channels(metadata, names, group, selection, datasets)
            for level in levels:
                array = _array(group, datasets[level]["path"])
                picks = _pick(array, names, _scale_by_axis(multiscale, level), base, selection, channels)
                _shift(datasets[level], names, picks)
                kept.append(ArrayCut(array, picks))
            multiscale["datasets"] = [datasets[level] for level in levels]
    except (KeyError, IndexError, TypeError, ZeroDivisionError) as error:
        msg = (
            f"The multiscale metadata of {group.path or 'the image'} cannot be read: {error!r}. Expected OME-Zarr 0.4 "
            "or 0.5 with axes and a scale for each level. Fetch the whole image, without a selection."
        )
        raise UnreadableImageError(msg) from error
    if of is None and selection.channels:
        _keep_channels(metadata, channels)
    return ImageCut(metadata, tuple(kept))


def _choose_levels(
    multiscale: Mapping[str, Any], selection: Selection, group: StoredGroup, reference: Mapping[str, Any] | None
) -> list[int]:
    count = len(multiscale["datasets"])
    if not selection.levels:
        return list(range(count))
    if reference is not None:
        wanted = [_scale_by_axis(reference, level) for level in selection.levels]
        return [level for level in range(count) if _has_scale(_scale_by_axis(multiscale, level), wanted)]
    unknown = [level for level in selection.levels if level >= count]
    if unknown:
        name = group.path or "the image"
        msg = f"Level {unknown[0]} of {name} does not exist: it has the levels 0 to {count - 1}. Choose among these."
        raise UnknownLevelError(msg)
    return sorted(selection.levels)


def _has_scale(scale: Mapping[str, float], wanted: list[dict[str, float]]) -> bool:
    return any(
        all(
            math.isclose(scale[axis], each[axis], rel_tol=0.01) for axis in ("y", "x") if axis in scale and axis in each
        )
        for each in wanted
    )


def _require_axes(names: list[str], selection: Selection, group: StoredGroup) -> None:
    asked = [*selection.region, *(["c"] if selection.channels else [])]
    unknown = sorted(set(asked) - set(names))
    if unknown:
        msg = (
            f"The selection names the axis {', '.join(unknown)}, which {group.path or 'the image'} does not have: "
            f"its axes are {', '.join(names)}. Correct the selection."
        )
        raise UnknownAxisError(msg)


def _choose_channels(
    metadata: Mapping[str, Any],
    names: list[str],
    group: StoredGroup,
    selection: Selection,
    datasets: Sequence[Mapping[str, Any]],
) -> Sequence[int]:
    """Give the positions of the chosen channels; all, where none is named or there is no such axis."""
    if "c" not in names:
        return ()
    count = _array(group, datasets[0]["path"]).shape[names.index("c")]
    if not selection.channels:
        return range(count)
    labels = [str(each.get("label", "")) for each in (metadata.get("omero") or {}).get("channels", [])]
    found = []
    for channel in selection.channels:
        position = channel if isinstance(channel, int) else _find_label(channel, labels)
        if position is None or not 0 <= position < count:
            named = f", named {', '.join(labels)}" if any(labels) else ""
            msg = (
                f"There is no channel {channel!r}: the image has the channels 0 to {count - 1}{named}. "
                "Choose among these."
            )
            raise InvalidSelectionError(msg)
        found.append(position)
    positions = sorted(set(found))
    is_run = positions == list(range(positions[0], positions[-1] + 1))
    return range(positions[0], positions[-1] + 1) if is_run else tuple(positions)


def _find_label(channel: str, labels: list[str]) -> int | None:
    if labels.count(channel) > 1:
        msg = f"{labels.count(channel)} channels are named {channel!r}. Choose them by position, from 0 on."
        raise InvalidSelectionError(msg)
    if channel in labels:
        return labels.index(channel)
    return int(channel) if channel.isdecimal() else None


def _require_inside(names: list[str], selection: Selection, full: StoredArray) -> None:
    """Make sure that the region lies in the image, whichever levels are taken: it is counted at level 0."""
    for name, size in zip(names, full.shape, strict=False):
        first, end = selection.region.get(name, (0, 0))
        if end > size:
            msg = f"The region has {name} from {first} to {end}, and the image {size} pixels. Choose among these."
            raise InvalidSelectionError(msg)


def _pick(
    array: StoredArray,
    names: list[str],
    scale: Mapping[str, float],
    base: Mapping[str, float],
    selection: Selection,
    channels: Sequence[int],
) -> tuple[Sequence[int], ...]:
    """Give the positions along each axis of a level."""
    if len(names) != len(array.shape):
        raise TypeError(names)
    picks: list[Sequence[int]] = []
    for name, size in zip(names, array.shape, strict=True):
        if name == "c":
            picks.append(channels)
        elif name in selection.region:
            first, end = selection.region[name]
            factor = scale[name] / base.get(name, scale[name])
            start, stop = math.floor(first / factor + _CLOSE), min(size, math.ceil(end / factor - _CLOSE))
            start = min(start, size - 1)
            picks.append(range(start, max(stop, start + 1)))
        else:
            picks.append(range(size))
    return tuple(picks)


def _shift(dataset: dict[str, Any], names: list[str], picks: tuple[Sequence[int], ...]) -> None:
    """Let the translation of a level say where its first pixel lies now."""
    steps = dataset["coordinateTransformations"]
    scale = next(step["scale"] for step in steps if step["type"] == "scale")
    moved = [
        pick[0] * step if name != "c" and pick else 0.0 for name, pick, step in zip(names, picks, scale, strict=True)
    ]
    if not any(moved):
        return
    old = next((step for step in steps if step["type"] == "translation"), None)
    if old is None:
        steps.append({"type": "translation", "translation": [float(each) for each in moved]})
    else:
        old["translation"] = [float(was + more) for was, more in zip(old["translation"], moved, strict=True)]


def _keep_channels(metadata: dict[str, Any], channels: Sequence[int]) -> None:
    omero = metadata.get("omero")
    if isinstance(omero, dict) and isinstance(omero.get("channels"), list):
        omero["channels"] = [omero["channels"][each] for each in channels if each < len(omero["channels"])]


def _scale_by_axis(multiscale: Mapping[str, Any], level: int) -> dict[str, float]:
    steps = multiscale["datasets"][level]["coordinateTransformations"]
    scale = next(step["scale"] for step in steps if step["type"] == "scale")
    return {axis["name"]: float(step) for axis, step in zip(multiscale["axes"], scale, strict=True)}


def _array(group: StoredGroup, path: str) -> StoredArray:
    whole = f"{group.path}/{path}" if group.path else path
    return next(array for array in group.arrays if array.path == whole)
