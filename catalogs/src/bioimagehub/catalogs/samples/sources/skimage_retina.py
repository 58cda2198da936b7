"""A photograph of a human retina, carried by scikit-image."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (Input("skimage", "data/retina.jpg", "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6"),)


def read() -> Pixels:
    """Read the image, axes c y x: red, green, blue."""
    with Image.open(INPUTS[0].find()) as picture:
        return Pixels(np.moveaxis(np.asarray(picture), -1, 0))
