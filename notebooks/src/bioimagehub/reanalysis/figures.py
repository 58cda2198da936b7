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

    Of a 3D image the middle plane is drawn. Grey goes by the square root of the intensity, up to the 99.8th
    percentile, so that dim objects can be seen beside bright ones.

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
    from matplotlib.collections import LineCollection

    grid = grid_of(image)
    if image.ndim == 3:
        middle = image.sizes["z"] // 2
        image, labels = image.isel(z=middle), labels.isel(z=middle)
    pixels, objects = image.values.astype(np.float64), labels.values
    (height, width), (step_y, step_x), (top, left) = pixels.shape, grid.spacing[-2:], grid.origin[-2:]
    x = left + step_x * (np.arange(width + 1) - 0.5)
    y = top + step_y * (np.arange(height + 1) - 0.5)
    axes.imshow(_to_grey(pixels), cmap="gray", vmin=0, vmax=1, extent=(x[0], x[-1], y[-1], y[0]))
    edges: Any = _outlines(objects, x, y)
    axes.add_collection(LineCollection(edges, colors=OUTLINE, linewidths=0.8), autolim=False)
    unit = "µm" if grid.unit == MICROMETRE else "pixel"
    axes.set(title=title, xlabel=f"x ({unit})", ylabel=f"y ({unit})")


def _outlines(objects: NDArray[np.integer], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges between pixels of different labels, shape (edges, 2 ends, x and y)."""
    rows, columns = np.nonzero(objects[:, :-1] != objects[:, 1:])
    upright = np.stack([x[columns + 1], y[rows], x[columns + 1], y[rows + 1]], axis=1)
    rows, columns = np.nonzero(objects[:-1] != objects[1:])
    level = np.stack([x[columns], y[rows + 1], x[columns + 1], y[rows + 1]], axis=1)
    return np.concatenate([upright, level]).reshape(-1, 2, 2)


def _to_grey(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values from 0 to 1: the square root between the lowest value and the 99.8th percentile."""
    low, high = pixels.min(), np.percentile(pixels, 99.8)
    if not low < high:
        return np.zeros_like(pixels)
    grey: NDArray[np.float64] = np.sqrt(np.clip((pixels - low) / (high - low), 0, 1))
    return grey
