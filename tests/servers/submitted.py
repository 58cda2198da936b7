"""Small submissions, as bytes."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

if TYPE_CHECKING:
    from numpy.typing import NDArray


def npz_of(labels: NDArray[Any]) -> bytes:
    """Return an NPZ of a label image."""
    file = io.BytesIO()
    np.savez_compressed(file, labels=labels)
    return file.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    """Return a zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tiff_of(labels: NDArray[Any], description: str) -> bytes:
    """Return a TIFF with a description."""
    file = io.BytesIO()
    tifffile.imwrite(file, labels, description=description.encode(), metadata=None)
    return file.getvalue()
