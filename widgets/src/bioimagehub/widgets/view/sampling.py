"""A moderate number of samples of a plane, from which contrast and histograms are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.view.tiles import spread

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.layers import Layer

WANTED = 2**19
"""Samples of a plane that are enough."""

MOST = 2**26
"""Bytes that are read for them."""


def sample_layer(
    layer: Layer,
    t: int,
    z: int,
    stop: threading.Event,
    *,
    well: int = 0,
    field: int = 0,
    depth: int = 1,
    coarsest: bool = False,
) -> NDArray[Any]:
    """Read at most a million samples of a plane, from the finest level that has no more of them.

    Parameters
    ----------
    layer : Layer
    t, z : int
        At level 0; `z` out of `depth` planes.
    stop : threading.Event
        Set when they are not wanted any more.
    well, field : int
    coarsest : bool
        Whether the coarsest level is enough.
    """
    last = len(layer.levels) - 1
    level = last if coarsest else next((n for n in range(last) if _pixels(layer, n) <= WANTED), last)
    blocks = layer.levels[level]
    places = {"well": well, "field": field, "t": t}
    index: dict[str, Any] = {axis: min(at, layer.size(axis) - 1) for axis, at in places.items()}
    index["z"] = int(spread(np.array([z], np.intp), max(depth, 1), layer.size("z", level))[0])
    index["c"] = np.arange(3, dtype=np.intp) if layer.kind == "rgb" else layer.channel
    step = max(1, int(np.ceil(np.sqrt(_pixels(layer, level) / WANTED))))
    for axis in "yx":
        index[axis] = np.arange(step // 2, layer.size(axis, level), step, dtype=np.intp)
    if blocks.count(index) > MOST:
        # Without a pyramid: what lies in the middle stands for all.
        for axis in "yx":
            size = layer.size(axis, level)
            start = max(0, size // 2 - 256)
            index[axis] = np.arange(start, min(size, start + 512), dtype=np.intp)
    return blocks.take(index, stop)


def _pixels(layer: Layer, level: int) -> int:
    return layer.size("y", level) * layer.size("x", level)
