"""What stands on and under a picture: a scale bar, the line of a comparison, and where the image comes from."""

from __future__ import annotations

import math
import textwrap
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image, ImageDraw, ImageFont

    from bioimagehub.widgets.view.scenes import Space

_METRES = {"nanometer": 1e-9, "micrometer": 1e-6, "millimeter": 1e-3, "meter": 1.0}
_SHORT = {"nanometer": "nm", "micrometer": "µm", "millimeter": "mm", "meter": "m", "pixel": "px"}
_LONGEST = 110
_SIDE = 80
_LINES = 4


def choose_bar(per_pixel: float, unit: str, most: float = _LONGEST) -> tuple[float, str]:
    """Choose a round length for a scale bar.

    Parameters
    ----------
    per_pixel : float
        Length of a pixel in `unit`.
    unit : str
    most : float
        Pixels that it may have.

    Returns
    -------
    float
        Its pixels.
    str
        Its length, with a unit that suits it.

    Examples
    --------
    >>> choose_bar(0.25, "micrometer"), choose_bar(25.0, "micrometer")
    ((80.0, '20 µm'), (80.0, '2 mm'))
    """
    length, scale, name = most * per_pixel, 1.0, unit
    if unit in _METRES:
        metres = length * _METRES[unit]
        name = max(
            (each for each, size in _METRES.items() if size <= metres), key=_METRES.__getitem__, default="nanometer"
        )
        scale = _METRES[unit] / _METRES[name]
    power = 10.0 ** math.floor(math.log10(length * scale))
    step = max(each for each in (1, 2, 5) if each * power <= length * scale * 1.000001)
    rounded = step * power
    return rounded / scale / per_pixel, f"{rounded:.10g} {_SHORT.get(name, name[:12])}"


def draw_bar(draw: ImageDraw.ImageDraw, size: tuple[int, int], space: Space, zoom: float) -> None:
    """Draw a scale bar into the lower left corner."""
    width, height = size
    if width < 40 or height < 30:
        return
    long, text = choose_bar(space.spacing["x"] / zoom, space.units["x"], min(_LONGEST, 0.4 * width))
    left, bottom = 12, height - 12
    draw.rectangle((left - 2, bottom - 3, left + long + 2, bottom + 3), fill=(0, 0, 0))
    draw.rectangle((left, bottom - 1, left + long, bottom + 1), fill=(255, 255, 255))
    font = _load_font(13)
    draw.text((left, bottom - 20), text, font=font, fill=(255, 255, 255), stroke_width=2, stroke_fill=(0, 0, 0))


def draw_sides(draw: ImageDraw.ImageDraw, size: tuple[int, int], cut: int, left: str, right: str) -> None:
    """Draw the line between both sides of a comparison, and what is on each; `draw` has to blend colours."""
    width, height = size
    for rim in (cut - 2, cut + 1):
        draw.rectangle((rim, 0, rim, height), fill=(0, 0, 0, 178))
    draw.rectangle((cut - 1, 0, cut, height), fill=(255, 255, 255))
    font = _load_font(12)
    for name, is_left in ((left, True), (right, False)):
        text = name[:_SIDE]
        while text and font.getlength(text) > 0.45 * width - 16:
            text = text[:-2] + "…" if len(text) > 2 else ""
        if not text:
            continue
        long = font.getlength(text) + 16
        begin = cut - 10 - long if is_left else cut + 10
        draw.rectangle((begin, 8, begin + long, 27), fill=(0, 0, 0, 191))
        draw.text((begin + 8, 10), text, font=font, fill=(255, 255, 255))


def write_caption(image: Image.Image, texts: Sequence[str]) -> Image.Image:
    """Put lines of text on white under a picture."""
    from PIL import Image, ImageDraw

    font = _load_font(12)
    width = max(image.width, 320)
    lines = [line for text in texts for line in textwrap.wrap(text, max(20, width // 8))[:_LINES]]
    if not lines:
        return image
    whole = Image.new("RGB", (width, image.height + 16 * len(lines) + 12), (255, 255, 255))
    whole.paste(image, (0, 0))
    draw = ImageDraw.Draw(whole)
    for number, line in enumerate(lines):
        draw.text((8, image.height + 6 + 16 * number), line, font=font, fill=(26, 26, 26))
    return whole


@cache
def _load_font(size: int) -> ImageFont.FreeTypeFont:
    """Load the font that comes with Matplotlib: Pillow's own has no µ, and few of the letters in people's names."""
    from PIL import ImageFont

    spec = find_spec("matplotlib")
    folder = Path(spec.origin).parent / "mpl-data" if spec is not None and spec.origin else Path()
    if not folder.is_dir():
        # Some distributions keep it elsewhere. To import it takes as long as to paint a picture.
        from matplotlib import get_data_path

        folder = Path(get_data_path())
    return ImageFont.truetype(folder / "fonts" / "ttf" / "DejaVuSans.ttf", size)
