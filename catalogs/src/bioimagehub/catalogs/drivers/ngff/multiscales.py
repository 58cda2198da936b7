"""Multiscale images: which levels there are, and where the pixels of each lie.

References
----------
OME-NGFF 0.5, https://ngff.openmicroscopy.org/0.5/, and its versions from 0.1 on;
Moore et al., Histochemistry and Cell Biology 160, 223-251 (2023), doi:10.1007/s00418-023-02209-1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.drivers.ngff.axes import order_axes, parse_axes
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bioimagehub.catalogs.arrays.labelled import Axis

_COLOUR = re.compile(r"[0-9A-Fa-f]{6}")


@dataclass(frozen=True)
class Level:
    """A level of a multiscale image.

    Attributes
    ----------
    path : str
        Of its array, in the group of the image.
    axes : tuple of Axis
        Out of t c z y x, in this order.
    """

    path: str
    axes: tuple[Axis, ...]


@dataclass(frozen=True)
class Multiscale:
    """A multiscale image.

    Attributes
    ----------
    levels : tuple of Level
        The finest first.
    order : tuple of int
        Which axis of the store each axis is.
    is_scaled : bool
        Whether the metadata say how far apart the pixels of each level are; they do from version 0.4 on.
    channels : tuple of str
        Names of the channels; empty where there are none.
    colours : tuple of str or None
        Colours that the depositor gave the channels, six hexadecimal digits; empty where there are none.
    separator : str
        What stands in the keys of chunks where the metadata of an array do not say.
    """

    levels: tuple[Level, ...]
    order: tuple[int, ...]
    is_scaled: bool
    channels: tuple[str, ...]
    colours: tuple[str | None, ...]
    separator: str

    def scaled(self, level: Level, shape: Sequence[int], finest: Sequence[int]) -> tuple[Axis, ...]:
        """Give the axes of a level; where no scale is stated, in pixels of the finest level.

        Parameters
        ----------
        level : Level
        shape, finest : sequence of int
            Sizes of that level and of the finest, in the order of the axes.
        """
        if self.is_scaled:
            return level.axes
        factors = [max(1, round(most / size)) if size else 1 for most, size in zip(finest, shape, strict=True)]
        steps = zip(level.axes, factors, strict=True)
        return tuple(axis if axis.name == "c" else replace(axis, spacing=float(factor)) for axis, factor in steps)


def parse_multiscale(attributes: Mapping[str, Any], number: int, name: str) -> Multiscale:
    """Read a multiscale image out of the attributes of its group.

    Parameters
    ----------
    attributes : mapping
    number : int
        Which of those in the group.
    name : str
        What the image is called in an error.

    Raises
    ------
    UnreadableImageError
        If the metadata are not those of a multiscale image.
    """
    try:
        multiscale = attributes["multiscales"][number]
        axes = parse_axes(multiscale.get("axes"))
        order = order_axes(axes)
        common = multiscale.get("coordinateTransformations")
        if "coordinateSystems" in multiscale:
            message = "it has coordinate systems, which come after version 0.5"
            raise ValueError(message)
        # Axes were names, and levels had no scale, up to version 0.3.
        is_scaled = bool(multiscale.get("axes")) and all(isinstance(axis, dict) for axis in multiscale["axes"])
        levels = []
        for dataset in multiscale["datasets"]:
            own = _parse_steps(dataset["coordinateTransformations"] if is_scaled else None, len(axes))
            if is_scaled and "scale" not in [kind for kind, _ in own]:
                message = f"its level {dataset['path']!r} has no scale"
                raise ValueError(message)
            scale, shift = _combine([*own, *_parse_steps(common, len(axes))], len(axes))
            placed = [axis.place(scale[number], shift[number]) for number, axis in enumerate(axes)]
            levels.append(Level(_parse_path(dataset["path"]), tuple(placed[axis] for axis in order)))
        if not levels:
            message = "it has no levels"
            raise ValueError(message)
        version = str(multiscale.get("version") or attributes.get("version") or "0.4")
        separator = "." if version == "0.1" else "/"
        names, colours = parse_channels(attributes), parse_colours(attributes)
        return Multiscale(tuple(levels), order, is_scaled, names, colours, separator)
    except (AttributeError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        msg = (
            f"The multiscale metadata of {name} cannot be read: {error!r}. Expected OME-Zarr 0.1 to 0.5 with axes out "
            "of t c z y x and a scale for each level. Validate it with ome-zarr-models, and mend it or build it anew."
        )
        raise UnreadableImageError(msg) from error


def parse_channels(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Channel names out of the rendering hints; empty where there are none."""
    labels = [channel.get("label") for channel in _list_channels(attributes)]
    return tuple(str(number) if label is None else str(label) for number, label in enumerate(labels))


def parse_colours(attributes: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Colours of channels out of the rendering hints; None for what is no colour, empty where there are none."""
    found = [str(channel.get("color")) for channel in _list_channels(attributes)]
    colours = tuple(colour.upper() if _COLOUR.fullmatch(colour) else None for colour in found)
    return colours if any(colours) else ()


def _list_channels(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    hints = attributes.get("omero")
    channels = hints.get("channels") if isinstance(hints, dict) else None
    is_list = isinstance(channels, list) and all(isinstance(channel, dict) for channel in channels)
    return channels if is_list and channels is not None else []


def list_multiscales(attributes: Mapping[str, Any], name: str) -> list[str]:
    """Give the names of the multiscale images in a group; the numbers of those that have none.

    Raises
    ------
    UnreadableImageError
        If there are none.
    """
    found = attributes["multiscales"]
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        msg = (
            f"The multiscale metadata of {name} cannot be read: they are {found!r:.80}. Expected a list of objects. "
            "Validate them with ome-zarr-models, and mend the image or build it anew."
        )
        raise UnreadableImageError(msg)
    return [str(each.get("name") or number) for number, each in enumerate(found)]


def _parse_path(path: Any) -> str:
    if not isinstance(path, str) or not path.strip("/") or any(step in {"", ".", ".."} for step in path.split("/")):
        message = f"the path of a level is {path!r}"
        raise ValueError(message)
    return path


def _parse_steps(steps: Any, count: int) -> list[tuple[str, list[float]]]:
    """Give the transformations of a list: a scale, and a translation after it."""
    found = []
    for step in steps or []:
        kind = step["type"]
        if kind == "identity":
            continue
        if kind not in {"scale", "translation"} or not isinstance(step[kind], list):
            message = f"a transformation of the type {kind!r} with {sorted(step)}"
            raise ValueError(message)
        values = [float(value) for value in step[kind]]
        if len(values) != count:
            message = f"a {kind} of {len(values)} numbers for {count} axes"
            raise ValueError(message)
        found.append((kind, values))
    kinds = [kind for kind, _ in found]
    if kinds not in ([], ["scale"], ["scale", "translation"], ["translation"]):
        message = f"the transformations {', '.join(kinds)}, which are not a scale and then a translation"
        raise ValueError(message)
    return found


def _combine(steps: Sequence[tuple[str, list[float]]], count: int) -> tuple[list[float], list[float]]:
    """Apply transformations one after another: what a position is multiplied by, and what is added."""
    scale, shift = [1.0] * count, [0.0] * count
    for kind, values in steps:
        if kind == "scale":
            scale = [one * value for one, value in zip(scale, values, strict=True)]
            shift = [one * value for one, value in zip(shift, values, strict=True)]
        else:
            shift = [one + value for one, value in zip(shift, values, strict=True)]
    return scale, shift
