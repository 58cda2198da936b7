"""A simulated volume of nuclei with its ground truth, carried by stardist."""

from __future__ import annotations

import tifffile

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (
    Input(
        "stardist",
        "data/images/img3d.tif",
        "f5626d500c7a738cd321698f43df36e2ac149d98456579c5cbcf8af48c7253e8",
    ),
    Input(
        "stardist",
        "data/images/mask3d.tif",
        "a2ff51b712941a90cf3a5628b11f04f5d7fa3f29c808c065d3be6ff938b215a1",
    ),
)


def read() -> Pixels:
    """Read the image, axes z y x, and the label image of its nuclei."""
    image, nuclei = (tifffile.imread(needed.find()) for needed in INPUTS)
    return Pixels(image, labels={"nuclei": nuclei})
