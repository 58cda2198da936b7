"""What there is to see: size, units, levels and layers, as the page needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.widgets.view.layers import Layer
    from bioimagehub.widgets.view.multiscale import Multiscale

TILE = 256
_SMALL = 512


@dataclass(frozen=True)
class Grid:
    """A level of the scene: samples along x, y and z."""

    x: int
    y: int
    z: int


@dataclass(frozen=True)
class Space:
    """The samples and the physical coordinates that all layers share: those of the first image.

    Attributes
    ----------
    size : dict of axis to int
        Samples along x, y, z and t at level 0.
    spacing, origin : dict of axis to float
    units : dict of axis to str
    levels : tuple of Grid
    """

    size: dict[str, int]
    spacing: dict[str, float]
    origin: dict[str, float]
    units: dict[str, str]
    levels: tuple[Grid, ...]

    def centre(self, axis: str) -> float:
        """Give the physical coordinate of the middle of an axis."""
        return self.origin[axis] + self.spacing[axis] * (self.size[axis] - 1) / 2

    def to_samples(self, axis: str, physical: Any) -> Any:
        """Give physical coordinates as (fractions of) samples at level 0; the centre of the first is 0."""
        return (np.asarray(physical, np.float64) - self.origin[axis]) / self.spacing[axis]

    def to_physical(self, axis: str, samples: Any) -> Any:
        """Undo `to_samples`."""
        return np.asarray(samples, np.float64) * self.spacing[axis] + self.origin[axis]


def make_space(sources: Sequence[Multiscale]) -> Space:
    """Measure the first image; what it has no time or depth for, others may have."""
    first = sources[0]
    size = {axis: first.size(axis) for axis in "xyzt"}
    for axis in "zt":
        size[axis] = max(source.size(axis) for source in sources)
    measured = {axis: first.spacing(axis) for axis in "xyzt"}
    return Space(
        size,
        {axis: found[0] for axis, found in measured.items()},
        {axis: found[1] for axis, found in measured.items()},
        {axis: clean_unit(found[2]) for axis, found in measured.items()},
        tuple(_levels(first)),
    )


def find_misfits(sources: Sequence[Multiscale]) -> list[str]:
    """Tell of images whose own coordinates do not say that they cover the first one from end to end, as they do."""
    first, notes = sources[0], []
    for source in sources[1:]:
        for axis in "zyx":
            image, own = _find_ends(first, axis), _find_ends(source, axis)
            if image is None or own is None:
                continue
            begin, end, spacing, unit = image
            own_begin, own_end, own_spacing, own_unit = own
            apart = max(abs(own_begin - begin), abs(own_end - end))
            # Half a sample of the coarser one: that much the corners of a pyramid differ by how they are told.
            if unit == own_unit and apart > 0.501 * max(spacing, own_spacing):
                notes.append(
                    f"{source.name} is shown from end to end of {first.name}, which its coordinates contradict: along "
                    f"{axis} they go from {own_begin:.6g} to {own_end:.6g} {clean_unit(unit)}, those of {first.name} "
                    f"from {begin:.6g} to {end:.6g}. Give it on the same samples: "
                    "part.reindex_like(image, fill_value=0)."
                )
                break
    return notes


def _find_ends(source: Multiscale, axis: str) -> tuple[float, float, float, str] | None:
    """Give where the first sample of an axis begins and the last one ends, their spacing and unit, if it tells them."""
    size = source.size(axis)
    if size < 2 or axis not in source.arrays[0].coords:
        return None
    spacing, origin, unit = source.spacing(axis)
    return origin - spacing / 2, origin + (size - 0.5) * spacing, spacing, unit


def clean_unit(unit: str) -> str:
    """Give a unit as a short word."""
    from bioimagehub.widgets.view.text import clean

    return clean(unit, 30)


def _levels(source: Multiscale) -> list[Grid]:
    """List the levels that are stored, and coarser ones in which samples are left out, down to half a screen."""
    found = [
        Grid(source.size("x", level), source.size("y", level), source.size("z", level))
        for level in range(len(source.arrays))
    ]
    while max(found[-1].x, found[-1].y) > _SMALL:
        last = found[-1]
        found.append(Grid(-(-last.x // 2), -(-last.y // 2), last.z))
    return found


def describe_scene(space: Space, layers: Sequence[Layer], told: dict[str, str], notes: Sequence[str]) -> dict[str, Any]:
    """Give the scene as the page reads it; see PROTOCOL.md."""
    size = space.size
    return {
        "title": told.get("title", ""),
        "size": dict(size),
        "axes_present": [axis for axis in "tzyx" if axis in "yx" or size[axis] > 1],
        "spacing": dict(space.spacing),
        "origin": dict(space.origin),
        "units": dict(space.units),
        "levels": [
            {"x": each.x, "y": each.y, "z": each.z}
            | {
                f"f{axis}": size[axis] / getattr(each, axis) if axis != "z" else size["z"] / max(1, each.z)
                for axis in "xyz"
            }
            for each in space.levels
        ],
        "tile": TILE,
        "layers": [describe_layer(layer, len(space.levels)) for layer in layers],
        "wells": None,
        "fields": [],
        "licence": told.get("licence"),
        "citation": told.get("citation"),
        "notes": list(notes),
    }


def describe_layer(layer: Layer, levels: int) -> dict[str, Any]:
    """Describe a layer of pixels."""
    integer = layer.dtype.kind in "biu"
    return {
        "id": layer.id,
        "kind": layer.kind,
        "name": layer.name,
        "dtype": layer.dtype.name,
        "range": [0.0, 1.0],
        "integer": integer,
        "levels": levels,
    }
