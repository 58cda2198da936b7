"""Electron density of a peptide crystal, EMD-3001, carried by GridDataFormats."""

from __future__ import annotations

import numpy as np

from bioimagehub.catalogs.drivers import mrc
from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (
    Input(
        "gridData",
        "tests/datafiles/EMD-3001.map.bz2",
        "d21a501a8c6ba51930baad336d4c322cdc14c53e9b8a206e300c46607ed0f722",
    ),
)


def read() -> Pixels:
    """Read the map, axes z y x along the edges c, b and a of the cell."""
    return Pixels(np.ascontiguousarray(mrc.open_array(str(INPUTS[0].find())).values))
