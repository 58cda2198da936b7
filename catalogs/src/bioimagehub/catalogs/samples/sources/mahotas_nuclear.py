"""A field of fluorescent nuclei, carried by mahotas."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (
    Input(
        "mahotas",
        "demos/data/nuclear.png",
        "c0d3fc389d90a90118b43b585cd5134a560a7fcadb7b46825fc7845321755e27",
    ),
)


def read() -> Pixels:
    """Read the image, axes y x. The file repeats the one channel as red, green and blue."""
    with Image.open(INPUTS[0].find()) as picture:
        return Pixels(np.asarray(picture)[..., 0])
