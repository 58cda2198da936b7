"""Writes an image of ITK as OME-Zarr with ngff-zarr, in a process of its own: see `itk_images`."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np

from catalogs.drivers.writers.itk_images import ORIGIN, SPACING, VALUES

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = f"""
import sys, itk, ngff_zarr, numpy
folder = sys.argv[1]
image = itk.image_from_array(numpy.load(folder + "/values.npy"))
image.SetSpacing({list(SPACING)})
image.SetOrigin({list(ORIGIN)})
multiscales = ngff_zarr.to_multiscales(ngff_zarr.itk_image_to_ngff_image(image), scale_factors=[])
ngff_zarr.to_ngff_zarr(folder + "/itk.zarr", multiscales)
"""


def write_itk_zarr(folder: Path) -> Path:
    """Write `VALUES` with axes z y x and the distances of `itk_images`."""
    np.save(folder / "values.npy", VALUES)
    subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], check=True, capture_output=True)
    return folder / "itk.zarr"
