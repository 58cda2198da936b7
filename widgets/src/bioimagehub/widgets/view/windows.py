"""The samples under the pixels of a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.widgets.view.pictures import Sight
    from bioimagehub.widgets.view.scenes import Space

LARGEST = 800
"""Pixels of a picture along x and y, at most."""


class Window:
    """The samples under the pixels of a picture.

    Parameters
    ----------
    space : Space
    sight : Sight
        What the page shows; without zoom all of the image.

    Attributes
    ----------
    zoom : float
        Pixels a sample along x.
    width, height : int
        In pixels.
    rows, columns : ndarray of float64, shape (pixels,)
        Sample of level 0 at the middle of each pixel.
    """

    def __init__(self, space: Space, sight: Sight) -> None:
        size, width, height = space.size, sight.width, sight.height
        stretch = find_stretch(space)
        fit = min(width / size["x"], height / (size["y"] * stretch))
        shrink = min(1.0, LARGEST / max(width, height))
        self.zoom = max(1e-12, (sight.zoom or fit) * shrink)
        self._scale = {"x": self.zoom, "y": self.zoom * stretch}
        if sight.zoom:
            self.width, self.height = round(width * shrink), round(height * shrink)
            centre = {axis: float(space.to_samples(axis, getattr(sight, axis))) for axis in "yx"}
        else:
            self.width, self.height = (
                max(1, round(min(most, size[axis] * self._scale[axis]))) for axis, most in (("x", width), ("y", height))
            )
            centre = {axis: (size[axis] - 1) / 2 for axis in "yx"}
        self._start = {
            axis: centre[axis] - (pixels - 1) / 2 / self._scale[axis]
            for axis, pixels in (("x", self.width), ("y", self.height))
        }
        self.columns = self._start["x"] + np.arange(self.width) / self._scale["x"]
        self.rows = self._start["y"] + np.arange(self.height) / self._scale["y"]
        self._size = size

    def place(self, y: float, x: float) -> tuple[float, float]:
        """Give the pixel at a sample, x and then y."""
        return (x - self._start["x"]) * self._scale["x"], (y - self._start["y"]) * self._scale["y"]

    def find_outside(self) -> NDArray[np.bool_]:
        """Tell which pixels show nothing of the image; shape (height, width)."""
        along = {}
        for axis, places in (("y", self.rows), ("x", self.columns)):
            samples = np.rint(places)
            along[axis] = (samples < 0) | (samples >= self._size[axis])
        outside: NDArray[np.bool_] = along["y"][:, np.newaxis] | along["x"]
        return outside


def find_stretch(space: Space) -> float:
    """Give how many times as high as wide a sample is on the screen, as the page has it (camera.js)."""
    stretch = space.spacing["y"] / space.spacing["x"]
    return stretch if space.units["y"] == space.units["x"] and 0 < stretch < math.inf else 1.0
