"""An image as the viewer sees it: lazy labelled arrays, one a level, with the axes well, field, t, c, z, y, x."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

AXES = ("well", "field", "t", "c", "z", "y", "x")


@dataclass(frozen=True, eq=False)
class Multiscale:
    """An image or a label image.

    Attributes
    ----------
    name : str
    arrays : tuple of DataArray
        The finest level first; dimensions out of `AXES`, in that order, y and x among them.
    is_labels : bool
    is_rgb : bool
        Whether the channels are red, green and blue of a photograph, uint8.
    channels : tuple of (str, str or None)
        Name and colour, ``"#rrggbb"``, of each; the colour is None where nobody chose one.
    told : dict
        ``title``, ``licence`` and ``citation``, as far as there.
    notes : tuple of str
        What the user should know of it.
    visible : bool
        Whether it is shown at first.
    side : str
        ``left`` or ``right`` of what is compared; empty for both.
    outline : bool
        Whether labels are shown as outlines at first.
    """

    name: str
    arrays: tuple[xr.DataArray, ...]
    is_labels: bool = False
    is_rgb: bool = False
    channels: tuple[tuple[str, str | None], ...] = ()
    told: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    visible: bool = True
    side: str = ""
    outline: bool = True

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a sample."""
        dtype: np.dtype[Any] = self.arrays[0].dtype
        return dtype

    def size(self, axis: str, level: int = 0) -> int:
        """Give the length of an axis; 1 where there is none."""
        return int(self.arrays[level].sizes.get(axis, 1))

    def names(self, axis: str) -> list[str]:
        """Give the names along ``well`` or ``field``; numbers where they have none."""
        array = self.arrays[0]
        if axis not in array.dims:
            return []
        return [str(each) for each in (array.coords[axis].values if axis in array.coords else range(array.sizes[axis]))]

    def spacing(self, axis: str) -> tuple[float, float, str]:
        """Give the distance of samples at the finest level, the place of the first, and their unit."""
        return measure_axis(self.arrays[0], axis)


def measure_axis(array: xr.DataArray, axis: str) -> tuple[float, float, str]:
    """Give spacing, origin and unit of an axis; 1, 0 and pixels (or frames) where nobody told, or it makes no sense."""
    import numpy as np

    nothing = (1.0, 0.0, "frame" if axis == "t" else "pixel")
    if axis not in array.coords or array.sizes.get(axis, 0) == 0:
        return nothing
    coordinate = array.coords[axis]
    if coordinate.dtype.kind not in "iuf" or coordinate.ndim != 1:
        return nothing
    # The ends alone: a coordinate may have a hundred thousand values.
    first = float(coordinate.values[0])
    spacing = coordinate.attrs.get("spacing")
    if spacing is None and len(coordinate) > 1:
        spacing = (float(coordinate.values[-1]) - first) / (len(coordinate) - 1)
    spacing = 1.0 if spacing is None else float(spacing)
    if not (np.isfinite(spacing) and np.isfinite(first)) or spacing <= 0:
        return nothing
    unit = str(coordinate.attrs.get("units", nothing[2]))
    return spacing, first, unit
