"""What of an OME-Zarr image can be chosen: its levels, channels, and the region along each axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.catalogs.downloads.stored_arrays import StoredArray
    from bioimagehub.catalogs.downloads.stored_images import StoredGroup


@dataclass(frozen=True, kw_only=True)
class ImageShape:
    """What of an image can be chosen.

    Attributes
    ----------
    path : str
        Path of the image in the dataset.
    axes : tuple of str
    levels : tuple of tuple of int
        Shape of each level.
    most : tuple of (int or None)
        Bytes of each level, at most; None for pixels of no fixed size.
    channels : tuple of str
        Names of the channels, or their numbers where they have none; empty for an image without such an axis.
    labels : tuple of str
        Names of the label images.
    """

    path: str
    axes: tuple[str, ...]
    levels: tuple[tuple[int, ...], ...]
    most: tuple[int | None, ...]
    channels: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def describe_image(root: StoredGroup, path: str) -> ImageShape | None:
    """Describe an image; of a plate or a collection its first one. None where its metadata do not name the axes."""
    group = next((each for each in root.walk() if each.arrays), None)
    if group is None:
        return None
    try:
        multiscale = group.metadata["multiscales"][0]
        axes = tuple(str(axis["name"]) for axis in multiscale["axes"])
        below = f"{group.path}/" if group.path else ""
        by_path = {array.path: array for array in group.arrays}
        arrays = [by_path[below + str(dataset["path"])] for dataset in multiscale["datasets"]]
    except (KeyError, IndexError, TypeError):
        return None
    if not arrays or any(len(array.shape) != len(axes) for array in arrays):
        return None
    return ImageShape(
        path=path,
        axes=axes,
        levels=tuple(array.shape for array in arrays),
        most=tuple(_most(array) for array in arrays),
        channels=_name_channels(group, axes, arrays[0].shape),
        labels=tuple(each.path.rpartition("/")[2] for labels in group.groups for each in labels.groups),
    )


def _most(array: StoredArray) -> int | None:
    return None if array.most is None else array.most * math.prod(array.grid)


def _name_channels(group: StoredGroup, axes: tuple[str, ...], shape: tuple[int, ...]) -> tuple[str, ...]:
    """Give the names of the channels; their numbers, where not each one has a name of its own."""
    if "c" not in axes:
        return ()
    count = shape[axes.index("c")]
    try:
        names = [str(channel["label"]) for channel in group.metadata["omero"]["channels"]]
    except (KeyError, TypeError):
        names = []
    is_usable = len(names) == count == len(set(names)) and all(names) and not any(name.isdecimal() for name in names)
    return tuple(names) if is_usable else tuple(map(str, range(count)))
