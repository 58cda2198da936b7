"""Pictures of segmented images: what was found, drawn over what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.reanalysis.grid import MICROMETRE, grid_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

OUTLINE = "#ffb000"


def draw_overlay(axes: Any, image: xr.DataArray, labels: xr.DataArray, title: str) -> None:
    """Draw an image in grey with the outlines of its objects, on axes in the unit of its coordinates.

    A 3D image is drawn as the brightest pixel along ``z``, with the outlines of the objects seen that way. Grey
    goes by the square root of the intensity, up to the 99.8th percentile, so that dim objects can be seen beside
    bright ones.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    image : xarray.DataArray of a real number type, dims (y, x) or (z, y, x)
        Intensities, with the coordinates of `Record.open`.
    labels : xarray.DataArray of int, dims and shape of `image`
        0 is background.
    title : str
        Title of the picture.

    Raises
    ------
    ImageAxesError
        If the axes are others than ``y x`` or ``z y x``, or without spacing.
    """
    from skimage.segmentation import find_boundaries

    grid = grid_of(image)
    pixels, objects = image.values.astype(np.float64), labels.values
    if image.ndim == 3:
        pixels, objects = pixels.max(axis=0), objects.max(axis=0)
    (height, width), (step_y, step_x), (top, left) = pixels.shape, grid.spacing[-2:], grid.origin[-2:]
    x, y = left + step_x * np.arange(width), top + step_y * np.arange(height)
    extent = (x[0] - step_x / 2, x[-1] + step_x / 2, y[-1] + step_y / 2, y[0] - step_y / 2)
    axes.imshow(_to_grey(pixels), cmap="gray", vmin=0, vmax=1, extent=extent)
    outline: Any = find_boundaries
    inner = outline(objects, mode="inner")
    if min(inner.shape) > 1:
        axes.contour(x, y, inner, levels=[0.5], colors=OUTLINE, linewidths=0.7)
    unit = "µm" if grid.unit == MICROMETRE else "pixel"
    axes.set(title=title, xlabel=f"x ({unit})", ylabel=f"y ({unit})")


def _to_grey(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values from 0 to 1: the square root between the lowest value and the 99.8th percentile."""
    low, high = pixels.min(), np.percentile(pixels, 99.8)
    if not low < high:
        return np.zeros_like(pixels)
    grey: NDArray[np.float64] = np.sqrt(np.clip((pixels - low) / (high - low), 0, 1))
    return grey
