"""A tile of a layer: which samples of which level it needs, and what the page gets of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import QuestionError
from bioimagehub.widgets.view.scenes import TILE, Grid

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.blocks import Blocks
    from bioimagehub.widgets.view.layers import Layer
    from bioimagehub.widgets.view.scenes import Space

BOUND = 64 * 2**20
"""Bytes that a tile through a whole volume may read; where more would have to be, a coarser level is taken."""

PLANES = {"yx": ("y", "x"), "zx": ("z", "x"), "zy": ("z", "y")}

Index = dict[str, "int | NDArray[np.intp]"]


@dataclass(frozen=True)
class Cut:
    """What a tile shows: a part of a plane of the scene.

    Attributes
    ----------
    level : int
        Of the scene.
    t, z : int
        At level 0.
    plane : {"yx", "zx", "zy"}
    at : int
        Of the axis that the plane stands across, at level 0; for ``yx`` it is `z`.
    row, column : int
        Of the tile.
    maximum : bool
        Whether the largest sample along z is shown, instead of that at `z`.
    well, field : int
        Of a plate.
    """

    level: int
    t: int = 0
    z: int = 0
    plane: str = "yx"
    at: int = 0
    row: int = 0
    column: int = 0
    maximum: bool = False
    well: int = 0
    field: int = 0


def read_tile(layer: Layer, cut: Cut, space: Space, stop: threading.Event) -> NDArray[Any]:
    """Read the samples of a tile, shape (rows, columns), for a photograph with red, green and blue behind.

    Raises
    ------
    QuestionError
        If there is no such tile.
    ViewError
        If it cannot be read.
    """
    axes = PLANES[cut.plane]
    grid = space.levels[cut.level]
    span = {
        axes[0]: _tile_range(cut.row, getattr(grid, axes[0])),
        axes[1]: _tile_range(cut.column, getattr(grid, axes[1])),
    }
    level = choose_level(layer, grid, cut.plane)
    index = _index(layer, level, cut, space, span)
    if cut.maximum or cut.plane != "yx":
        while level + 1 < len(layer.levels) and layer.levels[level].count(index) > BOUND:
            level += 1
            index = _index(layer, level, cut, space, span)
    blocks = layer.levels[level]
    if cut.maximum and cut.plane == "yx" and "z" in blocks.dims:
        return _project(blocks, index, stop)
    return _arrange(blocks.take(index, stop), blocks, index, axes)


def choose_level(layer: Layer, grid: Grid, plane: str = "yx") -> int:
    """Give the coarsest level of a layer that has all samples of a level of the scene; its finest, if none has."""
    axes = "yx" if plane == "yx" else plane.replace("z", "")
    enough = [
        level
        for level in range(len(layer.levels))
        if all(layer.size(axis, level) >= getattr(grid, axis) for axis in axes)
    ]
    return max(enough, default=0)


def spread(wanted: NDArray[np.intp], of: int, have: int) -> NDArray[np.intp]:
    """Give the samples of an axis with `have` samples that lie at those wanted of the same axis with `of`.

    Examples
    --------
    >>> spread(np.arange(3), 3, 6).tolist(), spread(np.arange(4), 4, 2).tolist()
    ([1, 3, 5], [0, 0, 1, 1])
    """
    if of == have:
        return wanted
    found: NDArray[np.intp] = ((2 * wanted + 1) * have // (2 * of)).astype(np.intp)
    return found.clip(0, have - 1)


def _tile_range(number: int, size: int) -> NDArray[np.intp]:
    start = number * TILE
    if not 0 <= start < size:
        msg = f"There is no tile {number}: the level has {-(-size // TILE)}. Expected one of these. Reload the page."
        raise QuestionError(msg)
    return np.arange(start, min(size, start + TILE), dtype=np.intp)


def _index(layer: Layer, level: int, cut: Cut, space: Space, span: dict[str, NDArray[np.intp]]) -> Index:
    """Give the samples of a level of the layer that a cut needs."""
    grid = space.levels[cut.level]
    index: Index = {"well": cut.well, "field": cut.field}
    index["t"] = min(cut.t, layer.size("t") - 1)
    across = cut.at if cut.plane != "yx" else cut.z
    for axis in "zyx":
        have = layer.size(axis, level)
        if axis in span:
            index[axis] = spread(span[axis], getattr(grid, axis), have)
        elif axis == "z" and cut.maximum:
            index[axis] = np.arange(have, dtype=np.intp)
        else:
            index[axis] = int(spread(np.array([across], np.intp), space.size[axis], have)[0])
    channels = layer.size("c")
    index["c"] = np.arange(3, dtype=np.intp) if layer.kind == "rgb" else min(layer.channel, channels - 1)
    return index


def _project(blocks: Blocks, index: Index, stop: threading.Event) -> NDArray[Any]:
    """Take the largest along z, of some planes at a time."""
    depths = np.atleast_1d(index["z"])
    step = max(1, min(64, BOUND // max(1, TILE * TILE * blocks.dtype.itemsize * 4)))
    best: NDArray[Any] | None = None
    for start in range(0, len(depths), step):
        found = blocks.take(index | {"z": depths[start : start + step]}, stop)
        found = np.moveaxis(found, -3, 0)
        here = np.fmax.reduce(found, axis=0) if found.dtype.kind == "f" else found.max(axis=0)
        best = here if best is None else np.fmax(best, here) if here.dtype.kind == "f" else np.maximum(best, here)
    if best is None:
        msg = "The image has no planes along z. Expected one at least. Show a slice."
        raise QuestionError(msg)
    return np.moveaxis(best, 0, -1) if best.ndim == 3 else best


def _arrange(found: NDArray[Any], blocks: Blocks, index: Index, axes: tuple[str, str]) -> NDArray[Any]:
    """Bring rows and columns to the front; an axis that the array does not have is repeated."""
    kept = [axis for axis in blocks.dims if np.ndim(index.get(axis, 0))]
    for axis in axes:
        if axis not in kept:
            found = np.broadcast_to(found, (len(np.atleast_1d(index[axis])), *found.shape))
            kept = [axis, *kept]
    order = [kept.index(axis) for axis in (*axes, "c") if axis in kept]
    return found.transpose(order)
