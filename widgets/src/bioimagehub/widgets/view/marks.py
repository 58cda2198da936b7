"""What lies above the pixels of a picture: points, tracks, and what was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.view.colours import colour_numbers, parse_rgb
from bioimagehub.widgets.view.points import PointLayer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import ImageDraw

    from bioimagehub.widgets.view.pictures import Sight
    from bioimagehub.widgets.view.scenes import Space
    from bioimagehub.widgets.view.tracks import TrackLayer
    from bioimagehub.widgets.view.windows import Window

TAIL = 20
"""Timepoints before the one that is shown, of which tracks have a line."""

_DRAWN = "#f0e442"
_FAINTEST = 0.15


def draw_mark(
    draw: ImageDraw.ImageDraw, layer: PointLayer | TrackLayer, look: Mapping[str, Any], window: Window, sight: Sight
) -> None:
    """Draw a layer of points or tracks; `draw` has to blend colours that have an opacity."""
    if isinstance(layer, PointLayer):
        _draw_points(draw, layer, look, window, sight)
    else:
        _draw_tracks(draw, layer, look, window, sight)


def draw_shape(draw: ImageDraw.ImageDraw, shape: Mapping[str, Any], space: Space, window: Window) -> None:
    """Draw what was drawn by hand."""
    points = [
        window.place(float(space.to_samples("y", y)), float(space.to_samples("x", x))) for y, x in shape["points"]
    ]
    if shape["kind"] == "box":
        (x0, y0), (x1, y1) = points
        points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    elif shape["kind"] == "polygon":
        points = [*points, points[0]]
    if len(points) > 1:
        draw.line(points, fill=_DRAWN, width=2)
    else:
        (x, y) = points[0]
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), outline=_DRAWN, width=2)


def _draw_points(
    draw: ImageDraw.ImageDraw, layer: PointLayer, look: Mapping[str, Any], window: Window, sight: Sight
) -> None:
    radius = max(1.5, float(look.get("size", 8)) / 2)
    rows, columns = window.rows, window.columns
    box = (rows[0], columns[0], rows[-1], columns[-1])
    for y, x, _, number in layer.find(sight.t, None if sight.maximum else sight.z, box)[1]:
        px, py = window.place(y, x)
        colour = _choose_colour(look, int(number))
        draw.ellipse((px - radius, py - radius, px + radius, py + radius), outline=colour, width=2)


def _draw_tracks(
    draw: ImageDraw.ImageDraw, layer: TrackLayer, look: Mapping[str, Any], window: Window, sight: Sight
) -> None:
    radius = max(2.0, float(look.get("size", 8)) / 2)
    offsets, places, numbers = layer.find(sight.t, TAIL)
    for track, number in enumerate(numbers):
        last = None
        for t, _, y, x in places[offsets[track] : offsets[track + 1]]:
            px, py = here = window.place(y, x)
            if last is not None:
                # A tail fades with time, so that its direction is seen.
                faint = max(_FAINTEST, 1 - (sight.t - t) / TAIL)
                draw.line((*last, *here), fill=_choose_colour(look, int(number), faint), width=2)
            last = here
            # A track that ended has no object at this time.
            if t == sight.t:
                colour = _choose_colour(look, int(number))
                draw.ellipse((px - radius, py - radius, px + radius, py + radius), fill=colour)


def _choose_colour(look: Mapping[str, Any], number: int, share: float = 1.0) -> tuple[int, ...]:
    """Give red, green, blue and opacity, 0 to 255."""
    rgb = parse_rgb(look["colour"]) if look.get("colour") else colour_numbers(np.array(number % 2**32, np.uint32))
    return (*map(int, rgb), round(255 * share * float(look.get("opacity", 1.0))))
