"""A picture of what a viewer shows, made without a page: for saved notebooks, and for people without a browser."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.view.captions import draw_bar, write_caption
from bioimagehub.widgets.view.codes import fold_labels
from bioimagehub.widgets.view.colours import brighten, colour_numbers, find_rims, parse_rgb
from bioimagehub.widgets.view.points import PointLayer
from bioimagehub.widgets.view.tiles import read_region

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from PIL import Image, ImageDraw

    from bioimagehub.widgets.view.contents import Contents
    from bioimagehub.widgets.view.scenes import Space
    from bioimagehub.widgets.view.tracks import TrackLayer

LARGEST = 800
"""Pixels of a picture along x and y, at most."""


_DRAWN = "#f0e442"


@dataclass(frozen=True)
class Sight:
    """Which part of an image is seen.

    Attributes
    ----------
    t, z : int
    x, y : float
        Centre, in the units of the image.
    zoom : float
        Screen pixels a sample; 0 for all of the image.
    width, height : int
        In pixels.
    maximum : bool
        Whether the largest sample along z is seen.
    well, field : int
        Of a plate.
    """

    t: int
    z: int
    x: float
    y: float
    zoom: float
    width: int
    height: int
    maximum: bool = False
    well: int = 0
    field: int = 0


def paint(
    contents: Contents,
    looks: Mapping[str, Mapping[str, Any]],
    sight: Sight,
    stop: threading.Event,
    *,
    bar: bool = True,
    shapes: Sequence[Mapping[str, Any]] = (),
) -> Image.Image:
    """Paint what is seen.

    Parameters
    ----------
    contents : Contents
    looks : mapping of layer to look
    sight : Sight
    stop : threading.Event
        Set when nobody wants it any more.
    bar : bool
        Whether it has a scale bar.
    shapes : sequence of dict
        What was drawn.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    from PIL import Image, ImageDraw

    window = _Window(contents, sight)
    picture = np.zeros((window.height, window.width, 3))
    covering = []
    for layer in contents.layers:
        look = looks.get(layer.id, {})
        if not look.get("visible", True):
            continue
        if layer.kind == "labels":
            covering.append((layer, look))
            continue
        samples = read_region(layer, window.rows, window.columns, sight, contents.space, stop)
        colours = [255.0] * 3 if layer.kind == "rgb" else parse_rgb(look.get("colour"))
        bright = brighten(samples, look)
        picture += (bright if layer.kind == "rgb" else bright[..., np.newaxis]) * colours * look.get("opacity", 1.0)
    picture = np.clip(picture, 0, 255)
    for layer, look in covering:
        labels = fold_labels(read_region(layer, window.rows, window.columns, sight, contents.space, stop))
        _cover(picture, labels, look)
    image = Image.fromarray(np.rint(picture).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for mark in contents.marks:
        look = looks.get(mark.id, {})
        if look.get("visible", True):
            _mark(draw, mark, look, window, sight)
    for shape in shapes:
        if shape["t"] == sight.t and (sight.maximum or shape["z"] == sight.z):
            _outline(draw, shape, contents.space, window)
    if bar:
        draw_bar(draw, image.size, contents.space, window.zoom)
    return image


def encode(image: Image.Image, told: Mapping[str, str] | None = None, *, caption: bool = False) -> bytes:
    """Give a picture as PNG, with title, citation and licence in its metadata, and under it where asked for."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    names = {"title": "Title", "citation": "Source", "licence": "Copyright"}
    for key, name in names.items():
        if told and told.get(key):
            info.add_itxt(name, told[key])
    if caption and told:
        image = write_caption(image, [told[key] for key in names if told.get(key)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=info, compress_level=6)
    return buffer.getvalue()


class _Window:
    """The samples under the pixels of a picture."""

    def __init__(self, contents: Contents, sight: Sight) -> None:
        space = contents.space
        size, width, height = space.size, sight.width, sight.height
        # All of the image, at most four pixels a sample; or what the page shows.
        fit = min(width / size["x"], height / size["y"])
        zoom = sight.zoom or fit
        shrink = min(1.0, LARGEST / max(width, height))
        self.zoom = max(1e-12, zoom * shrink)
        if sight.zoom:
            self.width, self.height = round(width * shrink), round(height * shrink)
            centre = {axis: float(space.to_samples(axis, getattr(sight, axis))) for axis in "yx"}
        else:
            self.width = max(1, round(size["x"] * self.zoom))
            self.height = max(1, round(size["y"] * self.zoom))
            centre = {axis: (size[axis] - 1) / 2 for axis in "yx"}
        self._start = {
            "x": centre["x"] - (self.width - 1) / 2 / self.zoom,
            "y": centre["y"] - (self.height - 1) / 2 / self.zoom,
        }
        self.columns = self._start["x"] + np.arange(self.width) / self.zoom
        self.rows = self._start["y"] + np.arange(self.height) / self.zoom

    def place(self, y: float, x: float) -> tuple[float, float]:
        """Give the pixel at a sample, x and then y."""
        return (x - self._start["x"]) * self.zoom, (y - self._start["y"]) * self.zoom


def _cover(picture: NDArray[np.float64], labels: NDArray[np.uint32], look: Mapping[str, Any]) -> None:
    shown = find_rims(labels) if look.get("outline") else labels != 0
    colours = parse_rgb(look["colour"]) if look.get("colour") else colour_numbers(labels[shown]).astype(np.float64)
    opacity = float(look.get("opacity", 1.0))
    picture[shown] = picture[shown] * (1 - opacity) + colours * opacity


def _outline(draw: ImageDraw.ImageDraw, shape: Mapping[str, Any], space: Space, window: _Window) -> None:
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


def _mark(
    draw: ImageDraw.ImageDraw, layer: PointLayer | TrackLayer, look: Mapping[str, Any], window: _Window, sight: Sight
) -> None:
    one = tuple(map(int, parse_rgb(look["colour"]))) if look.get("colour") else None

    def colour(number: int) -> tuple[int, ...]:
        return one or tuple(map(int, colour_numbers(np.array(number % 2**32, np.uint32))))

    radius = max(1.5, float(look.get("size", 8)) / 2)
    if isinstance(layer, PointLayer):
        rows, columns = window.rows, window.columns
        box = (rows[0], columns[0], rows[-1], columns[-1])
        for y, x, _, number in layer.find(sight.t, None if sight.maximum else sight.z, box)[1]:
            px, py = window.place(y, x)
            draw.ellipse((px - radius, py - radius, px + radius, py + radius), outline=colour(int(number)), width=2)
        return
    offsets, places, numbers = layer.find(sight.t, 20)
    for track, number in enumerate(numbers):
        line = [window.place(y, x) for _, _, y, x in places[offsets[track] : offsets[track + 1]]]
        if len(line) > 1:
            draw.line(line, fill=colour(int(number)), width=2)
        px, py = line[-1]
        draw.ellipse((px - radius / 2, py - radius / 2, px + radius / 2, py + radius / 2), fill=colour(int(number)))
