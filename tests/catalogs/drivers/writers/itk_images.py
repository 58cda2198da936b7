"""Writes images with ITK, in a process of its own: its modules crash where warnings are errors."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PROGRAM = """
import sys, itk, numpy
values, file, spacing, origin = sys.argv[1:]
image = itk.image_from_array(numpy.load(values))
image.SetSpacing([float(step) for step in spacing.split(",")])
image.SetOrigin([float(step) for step in origin.split(",")])
itk.imwrite(image, file)
"""


def write_with_itk(file: Path, values: NDArray[Any], spacing: tuple[float, ...], origin: tuple[float, ...]) -> Path:
    """Write an image in the format that the name ends with; axes z y x, spacing and origin along x, y, z."""
    stored = file.with_name(f"{file.name}.npy")
    np.save(stored, values)
    numbers = [",".join(map(str, each)) for each in (spacing, origin)]
    subprocess.run([sys.executable, "-c", PROGRAM, stored, file, *numbers], check=True, capture_output=True)
    stored.unlink()
    return file
