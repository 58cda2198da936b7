"""The phase image of a cell floating in saline, carried by scikit-image."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (Input("skimage", "data/cell.png", "8d23a7fb81f7cc877cd09f330357fc7f595651306e84e17252f6e0a1b3f61515"),)


def read() -> Pixels:
    """Read the image, axes y x."""
    with Image.open(INPUTS[0].find()) as picture:
        return Pixels(np.asarray(picture))
