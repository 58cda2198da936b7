"""A tile of a layer: which samples of which level it needs, and what the page gets of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import QuestionError
from bioimagehub.widgets.view.scenes import TILE, Grid

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.blocks import Blocks
    from bioimagehub.widgets.view.layers import Layer
    from bioimagehub.widgets.view.pictures import Sight
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


def read_tiles(layers: Sequence[Layer], cut: Cut, space: Space, stop: threading.Event) -> list[NDArray[Any]]:
    """Read the samples of a tile of some layers, the channels of one image together.

    Returns
    -------
    list of array
        Shape (rows, columns); of a photograph with red, green and blue behind.

    Raises
    ------
    QuestionError
        If there is no such tile.
    ViewError
        If it cannot be read.
    """
    found: dict[str, NDArray[Any]] = {}
    for layer in layers:
        if layer.id not in found:
            same = [each for each in layers if each.levels is layer.levels]
            found |= _read_together(same, cut, space, stop)
    return [found[layer.id] for layer in layers]


def _read_together(layers: Sequence[Layer], cut: Cut, space: Space, stop: threading.Event) -> dict[str, NDArray[Any]]:
    """Read a tile of channels of one image, by their ids."""
    layer = layers[0]
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
    numbers = sorted({each.channel for each in layers})
    together = index | {"c": np.array(numbers, np.intp)}
    if len(numbers) == 1 or blocks.count(together) > BOUND:
        indices = {each.id: index | {"c": _index(each, level, cut, space, span)["c"]} for each in layers}
        return {name: _cut_out(blocks, each, cut, axes, stop) for name, each in indices.items()}
    samples = _cut_out(blocks, together, cut, axes, stop)
    return {each.id: samples[..., numbers.index(each.channel)] for each in layers}


def _cut_out(blocks: Blocks, index: Index, cut: Cut, axes: tuple[str, str], stop: threading.Event) -> NDArray[Any]:
    if cut.maximum and cut.plane == "yx" and "z" in blocks.dims:
        return _project(blocks, index, stop)
    return _arrange(blocks.take(index, stop), blocks, index, axes)


def read_region(
    layer: Layer,
    rows: NDArray[np.float64],
    columns: NDArray[np.float64],
    sight: Sight,
    space: Space,
    stop: threading.Event,
) -> NDArray[Any]:
    """Read the samples at rows and columns of a plane, given in samples of level 0; 0 or NaN outside of the image.

    Raises
    ------
    ViewError
        If they cannot be read.
    """
    # Where samples are no squares, more of one axis than of the other fall on a pixel.
    high, wide = (max(1.0, float(each[1] - each[0])) if len(each) > 1 else 1.0 for each in (rows, columns))
    wanted = Grid(int(space.size["x"] / wide), int(space.size["y"] / high), space.size["z"])
    level = choose_level(layer, wanted)
    index = _fixed(layer, level, sight, space)
    inside = {}
    for axis, places in (("y", rows), ("x", columns)):
        samples = np.rint(places).astype(np.intp)
        inside[axis] = (samples >= 0) & (samples < space.size[axis])
        index[axis] = spread(samples[inside[axis]], space.size[axis], layer.size(axis, level))
    blank = np.nan if layer.dtype.kind == "f" else 0
    tail = (3,) if layer.kind == "rgb" else ()
    out = np.full((len(rows), len(columns), *tail), blank, layer.dtype)
    if not inside["y"].any() or not inside["x"].any():
        return out
    blocks = layer.levels[level]
    if sight.maximum and "z" in blocks.dims:
        found = _project(blocks, index | {"z": np.arange(layer.size("z", level), dtype=np.intp)}, stop)
    else:
        found = _arrange(blocks.take(index, stop), blocks, index, ("y", "x"))
    out[np.ix_(inside["y"], inside["x"])] = found
    return out


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
    index = _fixed(layer, level, cut, space)
    across = cut.at if cut.plane != "yx" else cut.z
    for axis in "zyx":
        have = layer.size(axis, level)
        if axis in span:
            index[axis] = spread(span[axis], getattr(grid, axis), have)
        elif axis == "z" and cut.maximum:
            index[axis] = np.arange(have, dtype=np.intp)
        else:
            index[axis] = int(spread(np.array([across], np.intp), space.size[axis], have)[0])
    return index


def _fixed(layer: Layer, level: int, seen: Cut | Sight, space: Space) -> Index:
    """Give the samples along the axes that a plane stands across."""
    index: Index = {axis: min(getattr(seen, axis), layer.size(axis) - 1) for axis in ("well", "field", "t")}
    index["z"] = int(spread(np.array([seen.z], np.intp), space.size["z"], layer.size("z", level))[0])
    index["c"] = np.arange(3, dtype=np.intp) if layer.kind == "rgb" else min(layer.channel, layer.size("c") - 1)
    return index


def take_largest(samples: NDArray[Any], axis: int) -> NDArray[Any]:
    """Take the largest along an axis; of what is NaN only where there is nothing else."""
    found: NDArray[Any] = np.fmax.reduce(samples, axis=axis) if samples.dtype.kind == "f" else samples.max(axis=axis)
    return found


def _project(blocks: Blocks, index: Index, stop: threading.Event) -> NDArray[Any]:
    """Take the largest along z, of some planes at a time."""
    depths = np.atleast_1d(index["z"])
    step = max(1, min(64, BOUND // max(1, TILE * TILE * blocks.dtype.itemsize * 4)))
    best: NDArray[Any] | None = None
    for start in range(0, len(depths), step):
        found = blocks.take(index | {"z": depths[start : start + step]}, stop)
        found = np.moveaxis(found, -3, 0)
        here = take_largest(found, axis=0)
        best = here if best is None else take_largest(np.stack([best, here]), axis=0)
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
