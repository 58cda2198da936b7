"""PNG: one grey value a pixel, of 1, 8 or 16 bits; with a palette, the number of the colour.

References
----------
Portable Network Graphics (PNG) Specification, third edition, W3C 2025.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.formats.found import Found, reading, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

SUFFIXES = (".png",)
KINDS = frozenset({"labels", "classes", "image"})

DTYPES = {
    mode: np.dtype(name)
    for mode, name in (
        ("1", "bool"),
        ("I", "int32"),
        ("I;16", "uint16"),
        ("I;16B", "uint16"),
        ("L", "uint8"),
        ("P", "uint8"),
    )
}
"""What Pillow calls the grey pictures, and what their values are."""


def inspect(path: Path) -> Found:
    """Read what a PNG claims to hold.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PredictionFileError
        If it is no PNG, has colours, or several pictures.
    """
    with reading("PNG file"), _open(path) as image:
        if image.mode not in DTYPES:
            refuse(
                f"it is a coloured picture (mode {image.mode})",
                "one whole number a pixel",
                "Save the numbers of the objects, not the colours they are shown in.",
            )
        pictures = getattr(image, "n_frames", 1)
        if pictures != 1:
            refuse(f"it has {pictures} pictures", "one picture", "Save one picture, or a TIFF.")
        return Found(DTYPES[image.mode], (image.height, image.width), ("y", "x"))


def load(path: Path, kind: str) -> NDArray[Any]:  # noqa: ARG001 - every kind is read alike
    """Read the pixels.

    Parameters
    ----------
    path : Path
    kind : str
        One of `KINDS`.

    Returns
    -------
    ndarray, shape (y, x)

    Raises
    ------
    PredictionFileError
        If it cannot be read.
    """
    with reading("PNG file"), _open(path) as image:
        return np.asarray(image)


def write(path: Path, data: NDArray[Any], axes: Sequence[str], spacing: Sequence[float] | None) -> None:  # noqa: ARG001
    """Write an image; the same pixels give the same bytes.

    Parameters
    ----------
    path : Path
    data : ndarray of uint8 or uint16, shape (y, x)
    axes : sequence of str
    spacing : sequence of float or None
        Is not kept: a PNG of labels has no place for it that is read everywhere.
    """
    from PIL import Image

    if data.dtype.name not in {"uint8", "uint16"} or data.ndim != 2:
        refuse(
            f"an array of {data.dtype} with {data.ndim} axes does not fit into a PNG",
            "uint8 or uint16 and two axes",
            "Write it as TIFF or OME-Zarr.",
        )
    Image.fromarray(data).save(path, format="PNG")


def _open(path: Path) -> Image.Image:
    from PIL import Image

    with warnings.catch_warnings():
        # The size is compared with the expected one before pixels are read, whatever Pillow warns of.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return Image.open(path, formats=["PNG"])
        except Image.DecompressionBombError as error:
            refuse(f"it is too large for a PNG: {error}", "a smaller image", "Save it as TIFF or OME-Zarr.")
