"""Where the pixels of an image lie: the distance between them along each axis, and its unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioimagehub.reanalysis.errors import ImageAxesError

if TYPE_CHECKING:
    import xarray as xr

MICROMETRE = "micrometer"
PIXEL = "pixel"
_SPATIAL = (("y", "x"), ("z", "y", "x"))


@dataclass(frozen=True)
class Grid:
    """The grid of the pixels of a 2D or 3D image.

    Attributes
    ----------
    spacing : tuple of float
        Distance between pixels along each axis, in `unit`.
    unit : str
        ``micrometer``; or ``pixel``, those of the full resolution, where the source states no distance. Where it
        states one for some axes only, the pixels of this image are counted along all of them.
    origin : tuple of float
        Coordinate of the centre of the first pixel along each axis, in `unit`.
    """

    spacing: tuple[float, ...]
    unit: str
    origin: tuple[float, ...]


def grid_of(image: xr.DataArray) -> Grid:
    """Return the grid of an image, out of the coordinates that the catalog's drivers give it.

    Parameters
    ----------
    image : xarray.DataArray, dims (y, x) or (z, y, x)
        Its coordinates have the attributes ``spacing`` and ``units``.

    Raises
    ------
    ImageAxesError
        If the dimensions are others, or a coordinate or its attributes are missing.
    """
    dims = tuple(str(dim) for dim in image.dims)
    name = describe(image)
    if dims not in _SPATIAL:
        msg = (
            f"{name} has the axes {' '.join(dims) or 'none'}, and y x or z y x are needed. "
            "Select one channel and one timepoint, for example image.isel(c=0, t=0)."
        )
        raise ImageAxesError(msg)
    lacking = [d for d in dims if d not in image.coords or not {"spacing", "units"} <= set(image.coords[d].attrs)]
    if lacking:
        msg = (
            f"{name} does not say how far its pixels are apart along {' '.join(lacking)}: the coordinate or its "
            "attributes 'spacing' and 'units' are missing. Open it with Record.open, or set image.coords['y'].attrs."
        )
        raise ImageAxesError(msg)
    units = {str(image.coords[dim].attrs["units"]) for dim in dims}
    if units not in ({MICROMETRE}, {PIXEL}):
        # A length along one axis only gives no area and no volume.
        return Grid((1.0,) * len(dims), PIXEL, (0.0,) * len(dims))
    spacing = tuple(float(image.coords[dim].attrs["spacing"]) for dim in dims)
    return Grid(spacing, units.pop(), tuple(float(image.coords[dim][0]) for dim in dims))


def describe(image: xr.DataArray) -> str:
    """Return how an image is called in a message."""
    return f"The image {image.attrs.get('identifier', image.name or 'without a name')}"
