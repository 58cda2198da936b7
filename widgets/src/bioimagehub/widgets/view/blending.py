"""Layers of pixels that lie over each other, as the page draws them (painter.js)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.view.codes import fold_labels
from bioimagehub.widgets.view.colours import brighten, colour_numbers, find_rims, parse_rgb
from bioimagehub.widgets.view.tiles import read_region

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.contents import Contents
    from bioimagehub.widgets.view.layers import Layer
    from bioimagehub.widgets.view.pictures import Sight
    from bioimagehub.widgets.view.windows import Window

_OUTSIDE = parse_rgb("#191d20")


def blend(
    contents: Contents,
    looks: Mapping[str, Mapping[str, Any]],
    sight: Sight,
    window: Window,
    stop: threading.Event,
    swipe: Mapping[str, Any] | None = None,
) -> NDArray[np.float64]:
    """Paint the layers of pixels, the lowest first.

    Parameters
    ----------
    contents : Contents
    looks : mapping of layer to look
    sight : Sight
    window : Window
    stop : threading.Event
    swipe : mapping or None
        Layers that are on one side alone.

    Returns
    -------
    ndarray of float64, shape (height, width, 3)
        0 to 255.
    """
    seen = [layer for layer in contents.layers if looks.get(layer.id, {}).get("visible", True)]
    cut = find_cut(swipe, window.width)
    if swipe is None or cut is None:
        sides = [(window.columns, seen)]
    else:
        left, right = set(swipe["left"]), set(swipe["right"])
        sides = [
            (window.columns[:cut], [layer for layer in seen if layer.id not in right - left]),
            (window.columns[cut:], [layer for layer in seen if layer.id not in left - right]),
        ]
    parts = []
    for columns, layers in sides:
        part = np.zeros((window.height, len(columns), 3))
        for layer in layers if len(columns) else ():
            samples = read_region(layer, window.rows, columns, sight, contents.space, stop)
            _put(part, layer, samples, looks.get(layer.id, {}))
        parts.append(part)
    picture = np.concatenate(parts, axis=1)
    picture[window.find_outside()] = _OUTSIDE
    return picture


def find_cut(swipe: Mapping[str, Any] | None, width: int) -> int | None:
    """Give the column at which the right side of a comparison begins; None where nothing is compared."""
    if not swipe or swipe.get("left") is None or swipe.get("right") is None:
        return None
    return int(width * min(max(float(swipe.get("at", 0.5)), 0.0), 1.0) + 0.5)


def _put(picture: NDArray[np.float64], layer: Layer, samples: NDArray[Any], look: Mapping[str, Any]) -> None:
    opacity = float(look.get("opacity", 1.0))
    if layer.kind == "labels":
        labels = fold_labels(samples)
        shown = find_rims(labels) if look.get("outline") else labels != 0
        colours = parse_rgb(look["colour"]) if look.get("colour") else colour_numbers(labels[shown]).astype(np.float64)
        picture[shown] = picture[shown] * (1 - opacity) + colours * opacity
        return
    bright = brighten(samples, look)
    painted = bright * 255.0 if layer.kind == "rgb" else bright[..., np.newaxis] * parse_rgb(look.get("colour"))
    if layer.kind == "channel" and look.get("blend") != "over":
        np.minimum(picture + painted * opacity, 255.0, out=picture)
        return
    known = ~np.isnan(samples) if samples.dtype.kind == "f" else np.ones(samples.shape, bool)
    covered = opacity * (known if layer.kind == "rgb" else known[..., np.newaxis])
    picture += (painted - picture) * covered
