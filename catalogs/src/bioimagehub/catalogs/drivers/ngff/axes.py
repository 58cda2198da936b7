"""Axes of a multiscale image: which is which, and where the samples lie along each.

References
----------
OME-NGFF 0.5, https://ngff.openmicroscopy.org/0.5/, and its versions from 0.1 on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.arrays.labelled import Axis
from bioimagehub.catalogs.arrays.units import MICROMETRES, SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMES = "tczyx"
_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}

# Prefixes of the units that the specification lists, and the units that take none.
_PREFIXES = {
    "yocto": 1e-24, "zepto": 1e-21, "atto": 1e-18, "femto": 1e-15, "pico": 1e-12, "nano": 1e-9, "micro": 1e-6,
    "milli": 1e-3, "centi": 1e-2, "deci": 1e-1, "": 1.0, "hecto": 1e2, "kilo": 1e3, "mega": 1e6, "giga": 1e9,
    "tera": 1e12, "peta": 1e15, "exa": 1e18, "zetta": 1e21, "yotta": 1e24,
}  # fmt: skip
_LENGTHS = {"inch": 25400.0, "foot": 304800.0, "yard": 914400.0, "mile": 1609344e3, "parsec": 3.0856775814913673e22}
_TIMES = {"day": 86400.0}
_UNSTATED = {"", "pixel", "pixels", "px", "frame", "frames"}


@dataclass(frozen=True)
class StoredAxis:
    """An axis as the metadata have it.

    Attributes
    ----------
    name : str
        One of ``t c z y x``.
    units : str
        Those of its coordinates here.
    factor : float
        What turns the unit of the metadata into those.
    """

    name: str
    units: str
    factor: float

    def place(self, spacing: float, origin: float) -> Axis:
        """Tell where the samples lie; a spacing of 0 or none at all is one that is not known."""
        if self.name == "c":
            return Axis("c", "")
        if spacing == 0 or not math.isfinite(spacing) or not math.isfinite(origin):
            return Axis(self.name, "frame" if self.name == "t" else "pixel")
        return Axis(self.name, self.units, spacing * self.factor, origin * self.factor)


def parse_axes(axes: Sequence[Any] | None) -> tuple[StoredAxis, ...]:
    """Read the axes of an image, in the order of the store.

    Parameters
    ----------
    axes : sequence or None
        As the metadata have them: objects from version 0.4 on, names in 0.3, and none before, which is t c z y x.

    Raises
    ------
    ValueError
        If it cannot be told which axis is which.
    """
    found = [axis if isinstance(axis, dict) else {"name": axis} for axis in (NAMES if axes is None else axes)]
    names = _find_names(found)
    if len(set(names)) < len(names) or not {"y", "x"} <= set(names):
        told = ", ".join(f"{axis.get('name')} ({axis.get('type')})" for axis in found)
        message = f"the axes {told} are not, each once, out of t c z y x with y and x"
        raise ValueError(message)
    return tuple(StoredAxis(name, *_find_unit(name, axis)) for name, axis in zip(names, found, strict=True))


def order_axes(axes: Sequence[StoredAxis]) -> tuple[int, ...]:
    """Give the axes as t c z y x: the number in the store of each.

    Examples
    --------
    >>> order_axes(parse_axes(["x", "y", "c"]))
    (2, 1, 0)
    """
    names = [axis.name for axis in axes]
    return tuple(names.index(name) for name in NAMES if name in names)


def _find_names(axes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name each axis by its type; axes of space keep their names, or get z y x by their order where they are others."""
    kinds = [axis.get("type") or _TYPES.get(str(axis["name"]).lower()) for axis in axes]
    spatial = [str(axis["name"]).lower() for axis, kind in zip(axes, kinds, strict=True) if kind == "space"]
    if not set(spatial) & set("zyx") and len(spatial) in {2, 3}:
        spatial = list("zyx"[-len(spatial) :])
    remaining = iter(spatial)
    named = {"time": "t", "channel": "c"}
    found = [next(remaining) if kind == "space" else named.get(str(kind), "?") for kind in kinds]
    if not set(found) <= set(NAMES):
        told = ", ".join(str(axis.get("name")) for axis in axes)
        message = f"it cannot be told which of the axes {told} are t c z y x"
        raise ValueError(message)
    return found


def _find_unit(name: str, axis: Mapping[str, Any]) -> tuple[str, float]:
    """Give the units of the coordinates, and the factor that leads to them."""
    unit = str(axis.get("unit") or "").strip()
    if name == "c":
        return "", 1.0
    if unit.lower() in _UNSTATED:
        return ("frame" if name == "t" else "pixel"), 1.0
    base, known = ("second", SECONDS | _TIMES) if name == "t" else ("meter", MICROMETRES | _LENGTHS)
    factor = known.get(unit.lower())
    if factor is None and unit.endswith(base) and unit.removesuffix(base) in _PREFIXES:
        factor = _PREFIXES[unit.removesuffix(base)] * (1.0 if name == "t" else 1e6)
    if factor is None:
        message = f"the unit of the axis {name} is {unit!r}"
        raise ValueError(message)
    return ("second" if name == "t" else "micrometer"), factor
