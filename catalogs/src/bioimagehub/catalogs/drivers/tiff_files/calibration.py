"""Distances between samples, and names of channels, as programs that write TIFF leave them in its pages."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.drivers.tiff_files.ome_xml import MICROMETRES, SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    Spacing = dict[str, tuple[float, str]]

_UNITS = {"micron": 1.0, "microns": 1.0, "\\u00b5m": 1.0, "inch": 25400.0, "cm": 1e4, "sec": 1.0}
_CENTIMETRE = 3


def calibrate(file: Any, page: Any) -> tuple[Spacing, tuple[str, ...]]:
    """Find out how far samples lie apart, and what the channels are called.

    Parameters
    ----------
    file : tifffile.TiffFile
    page : tifffile.TiffPage
        First page of the series.

    Returns
    -------
    spacing : dict of str to (float, str)
        For ``X Y Z T``, in micrometres or seconds; only what is stated. Resolutions in inches are those of a printer
        or a screen, and are not taken.
    channels : tuple of str
        Empty if they have no names.
    """
    if file.is_lsm:
        return _of_lsm(file.lsm_metadata or {})
    if file.is_imagej:
        return _of_imagej(file.imagej_metadata or {}, page), ()
    if file.is_stk:
        return _of_stk(file.stk_metadata or {}), ()
    if file.is_fluoview:
        return _of_fluoview(file.fluoview_metadata or {}), ()
    if page.is_svs:
        return _of_svs(page.description), ()
    return _of_resolution(page), ()


def _of_imagej(metadata: Mapping[str, Any], page: Any) -> Spacing:
    unit = str(metadata.get("unit", "")).lower()
    scale = _UNITS.get(unit, MICROMETRES.get(unit))
    spacing = {"T": (metadata.get("finterval"), "second")}
    if scale is not None:
        spacing |= {axis: (_times(_distance(page, axis), scale), "micrometer") for axis in "XY"}
        spacing["Z"] = (_times(metadata.get("spacing"), scale), "micrometer")
    return _stated(spacing)


def _of_lsm(metadata: Mapping[str, Any]) -> tuple[Spacing, tuple[str, ...]]:
    spacing = {axis: (_times(metadata.get(f"VoxelSize{axis}"), 1e6), "micrometer") for axis in "XYZ"}
    spacing["T"] = (metadata.get("TimeIntervall", metadata.get("TimeInterval")), "second")
    names = (metadata.get("ChannelColors") or {}).get("ColorNames") or []
    return _stated(spacing), tuple(map(str, names))


def _of_stk(metadata: Mapping[str, Any]) -> Spacing:
    scale = MICROMETRES.get(str(metadata.get("CalibrationUnits", "")))
    scale = _UNITS.get(str(metadata.get("CalibrationUnits", ""))) if scale is None else scale
    if scale is None or not metadata.get("SpatialCalibration"):
        return {}
    spacing = {axis: (_times(metadata.get(f"{axis}Calibration"), scale), "micrometer") for axis in "XY"}
    distances = {float(value) for value in metadata.get("ZDistance", ())}
    if len(distances) == 1:
        spacing["Z"] = (_times(distances.pop(), scale), "micrometer")
    return _stated(spacing)


def _of_fluoview(metadata: Mapping[str, Any]) -> Spacing:
    found: dict[str, tuple[Any, str]] = {}
    for name, _, _, resolution, unit, *_ in metadata.get("Dimensions", ()):
        axis, unit = {"TIME": "T"}.get(name.upper(), name.upper()), unit.strip()
        if axis in ("X", "Y", "Z") and unit in MICROMETRES:
            found[axis] = (_times(resolution, MICROMETRES[unit]), "micrometer")
        elif axis == "T" and unit in SECONDS:
            found[axis] = (_times(resolution, SECONDS[unit]), "second")
    return _stated(found)


def _of_svs(description: str) -> Spacing:
    found = re.search(r"\|\s*MPP\s*=\s*([0-9.eE+-]+)", description)
    return _stated({axis: (float(found[1]), "micrometer") for axis in "XY"}) if found else {}


def _of_resolution(page: Any) -> Spacing:
    if page.tags.valueof(296) != _CENTIMETRE:
        return {}
    return _stated({axis: (_times(_distance(page, axis), 1e4), "micrometer") for axis in "XY"})


def _distance(page: Any, axis: str) -> float | None:
    """Distance between pixels in the unit of the resolution, from a fraction of pixels by units."""
    value = page.tags.valueof({"X": 282, "Y": 283}[axis])
    return value[1] / value[0] if value and len(value) == 2 and value[0] and value[1] else None


def _times(value: Any, scale: float) -> float | None:
    return None if value is None else float(value) * scale


def _stated(spacing: Mapping[str, tuple[Any, str]]) -> Spacing:
    """Leave out what is not stated, or cannot be a distance."""
    kept = {}
    for axis, (value, unit) in spacing.items():
        if isinstance(value, (int, float)) and 0 < abs(value) < math.inf:
            kept[axis] = (abs(float(value)), unit)
    return kept
