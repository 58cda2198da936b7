"""Units of length and time as files spell them, in micrometres and seconds."""

from __future__ import annotations

import math

from bioimagehub.catalogs.arrays.labelled import Axis

MICROMETRES = {
    "pm": 1e-6, "picometer": 1e-6, "picometers": 1e-6,
    "å": 1e-4, "angstrom": 1e-4, "angstroms": 1e-4,
    "nm": 1e-3, "nanometer": 1e-3, "nanometers": 1e-3,
    "um": 1.0, "µm": 1.0, "μm": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "micrometers": 1.0,
    "mm": 1e3, "millimeter": 1e3, "millimeters": 1e3,
    "cm": 1e4, "centimeter": 1e4, "centimeters": 1e4,
    "m": 1e6, "meter": 1e6, "meters": 1e6, "metre": 1e6, "metres": 1e6,
    "inch": 25400.0,
}  # fmt: skip
"""Length of each unit, in micrometres; spelled in lower case."""

SECONDS = {
    "ns": 1e-9, "nanosecond": 1e-9, "nanoseconds": 1e-9,
    "us": 1e-6, "µs": 1e-6, "microsecond": 1e-6, "microseconds": 1e-6,
    "ms": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3,
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
}  # fmt: skip
"""Length of each unit, in seconds; spelled in lower case."""


def measured_axis(name: str, spacing: float | None, unit: str, origin: float = 0.0) -> Axis:
    """Give an axis with its coordinates in micrometres or seconds; in pixels or frames where that cannot be.

    Parameters
    ----------
    name : str
        One of ``t c z y x``.
    spacing : float or None
        Distance between samples in `unit`; None, 0, NaN and infinity for one that is not known.
    unit : str
        As the file spells it.
    origin : float
        Coordinate of the first sample in `unit`.

    Examples
    --------
    >>> measured_axis("x", 250.0, "nm")
    Axis(name='x', units='micrometer', spacing=0.25, origin=0.0)
    >>> measured_axis("t", None, "s")
    Axis(name='t', units='frame', spacing=1.0, origin=0.0)
    """
    is_time = name == "t"
    factor = (SECONDS if is_time else MICROMETRES).get(unit.strip().lower())
    if name == "c":
        return Axis("c", "")
    if factor is None or not spacing or not math.isfinite(spacing) or not math.isfinite(origin):
        return Axis(name, "frame" if is_time else "pixel")
    return Axis(name, "second" if is_time else "micrometer", spacing * factor, origin * factor)
