"""Writes an image with ITK, in a process of its own: its modules crash where warnings are errors."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

VALUES = np.random.default_rng(7).integers(-900, 900, (6, 9, 14)).astype(np.int16)
"""Axes z y x."""

SPACING, ORIGIN = (0.5, 0.25, 3.0), (1.0, 2.0, 3.0)
"""Along x, y, z."""

PROGRAM = f"""
import sys, itk, numpy
folder = sys.argv[1]
image = itk.image_from_array(numpy.load(folder + "/values.npy"))
image.SetSpacing({list(SPACING)})
image.SetOrigin({list(ORIGIN)})
for ending in ("mrc", "nii", "nrrd"):
    itk.imwrite(image, folder + "/itk." + ending)
"""


@cache
def itk_files() -> dict[str, bytes]:
    """Write `VALUES` in each format; the content by the end of the name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "values.npy", VALUES)
        subprocess.run([sys.executable, "-c", PROGRAM, name], check=True, capture_output=True)
        return {file.suffix: file.read_bytes() for file in folder.glob("itk.*")}
