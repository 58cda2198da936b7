"""A picture of what a viewer shows, made without a page: for saved notebooks, and for people without a browser."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.view.blending import blend, find_cut
from bioimagehub.widgets.view.captions import draw_bar, draw_sides, write_caption
from bioimagehub.widgets.view.marks import draw_mark, draw_shape
from bioimagehub.widgets.view.windows import Window

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from PIL import Image

    from bioimagehub.widgets.view.contents import Contents


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
    swipe: Mapping[str, Any] | None = None,
) -> Image.Image:
    """Paint what is seen; of three planes that cross, the one of y and x.

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
    swipe : mapping or None
        ``left`` and ``right``, layers that are on one side of a line alone, and ``at``, from 0 to 1.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    from PIL import Image, ImageDraw

    window = Window(contents.space, sight)
    picture = blend(contents, looks, sight, window, stop, swipe)
    image = Image.fromarray(np.rint(picture).astype(np.uint8))
    # So what is drawn may shine through.
    draw = ImageDraw.Draw(image, "RGBA")
    for mark in contents.marks:
        look = looks.get(mark.id, {})
        if look.get("visible", True):
            draw_mark(draw, mark, look, window, sight)
    for shape in shapes:
        if shape["t"] == sight.t and (sight.maximum or shape["z"] == sight.z):
            draw_shape(draw, shape, contents.space, window)
    cut = find_cut(swipe, window.width)
    if swipe is not None and cut is not None:
        names = {each.id: each.name for each in [*contents.layers, *contents.marks]}
        sides = (", ".join(names[each] for each in swipe[side] if each in names) for side in ("left", "right"))
        draw_sides(draw, image.size, cut, *sides)
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
