"""The comparison of pictures refuses what is wrong, and lets pass what another browser may draw otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from servers.pictures import BYTES, Box, Picture, find_differences

if TYPE_CHECKING:
    from numpy.typing import NDArray

REFERENCES = sorted(Path(__file__).parent.rglob("references/*.png"))
FINE = 8
WORDS = (20.0, 252.0, 62.0, 268.0)


def draw(
    *, moved: float = 0, words: str = "20 µm", letters: float = 13, without: str = "", blue: str = "#0072b2"
) -> NDArray[Any]:
    """Draw cells, their rims, a few points and a text, and smooth the edges, as a browser does it."""
    image = Image.new("RGB", (400 * FINE, 300 * FINE), "#202020")
    canvas = ImageDraw.Draw(image)

    def place(*numbers: float) -> list[float]:
        return [(each + moved) * FINE for each in numbers]

    if without != "cells":
        for number, colour in enumerate((blue, "#e69f00", "#606060")):
            canvas.ellipse(place(30 + 120 * number, 60, 130 + 120 * number, 180), fill=colour)
    if without != "rims":
        canvas.ellipse(place(28, 58, 132, 182), outline="#f0e442", width=FINE)
    if without != "point":
        canvas.ellipse(place(300, 210, 308, 218), fill="#ffffff")
    small = image.resize((400, 300), Image.Resampling.BOX)
    ImageDraw.Draw(small).text((22, 252), words, font=ImageFont.load_default(letters), fill="#ffffff")
    return np.asarray(small)


def differ(seen: NDArray[Any], expected: NDArray[Any], *texts: Box) -> list[str]:
    return find_differences(Picture(seen, texts), expected)


def test_what_a_browser_may_draw_otherwise_passes() -> None:
    reference = draw()
    assert differ(draw(), reference) == []
    assert differ(draw(moved=0.5), reference, WORDS) == [], "an edge that is smoothed in another way"
    assert differ(draw(letters=12), reference, WORDS) == [], "another font"
    assert differ(draw(letters=12), reference) != [], "if it is not said where text stands"


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"moved": 3}, "samples differ"),
        ({"moved": -2}, "samples differ"),
        ({"without": "cells"}, "the mean of"),
        ({"without": "rims"}, "samples differ"),
        ({"without": "point"}, "samples differ"),
        ({"words": ""}, "the text at x 20"),
        ({"blue": "#009e73"}, "the mean of"),
        ({"blue": "#0a7abc"}, "the mean of"),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any], found: str) -> None:
    assert any(found in each for each in differ(draw(**wrong), draw(), WORDS))


def test_another_size_is_refused() -> None:
    assert differ(draw()[:-1], draw()) == ["400 × 299 samples instead of 400 × 300"]


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.stem)
def test_references_tell_shifts_and_colours_apart(path: Path) -> None:
    reference = np.asarray(Image.open(path).convert("RGB"))
    assert path.stat().st_size < BYTES
    assert differ(reference, reference) == []
    for axis in (0, 1):
        for step in (-3, 3):
            assert differ(np.roll(reference, step, axis), reference), f"shifted by {step} along axis {axis}"
    assert differ(255 - reference, reference)
    if (reference != reference[..., ::-1]).any(axis=-1).mean() > 0.01:
        assert differ(reference[..., ::-1].copy(), reference), "red for blue"
