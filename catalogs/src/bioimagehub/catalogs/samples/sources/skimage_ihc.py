"""Colonic glands stained for the protein FHL2, carried by scikit-image."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (Input("skimage", "data/ihc.png", "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef"),)


def read() -> Pixels:
    """Read the image, axes c y x: red, green, blue."""
    with Image.open(INPUTS[0].find()) as picture:
        return Pixels(np.moveaxis(np.asarray(picture), -1, 0))
