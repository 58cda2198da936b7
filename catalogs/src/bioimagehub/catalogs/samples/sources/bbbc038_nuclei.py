"""A field of BBBC038 with its nuclei outlined by hand, carried by stardist."""

from __future__ import annotations

import tifffile

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (
    Input(
        "stardist",
        "data/images/img2d.tif",
        "f9ccc1571b92c861ff87e28463068b43f61bd47357ed0503f711e5cd1eb97750",
    ),
    Input(
        "stardist",
        "data/images/mask2d.tif",
        "59ad5e820b7982ca9d13e946fa6e7f64e2714899e00a2ae6c69aa79aad53d46f",
    ),
)


def read() -> Pixels:
    """Read the image, axes y x, and the label image of its nuclei."""
    image, nuclei = (tifffile.imread(needed.find()) for needed in INPUTS)
    return Pixels(image, labels={"nuclei": nuclei})
