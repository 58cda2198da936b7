"""Label images from files: PNG, TIFF, NumPy and OME-Zarr."""

from __future__ import annotations

import struct
import tokenize
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import LabelFileNotFoundError, LabelFormatError, UnreadableLabelsError
from bioimagehub.challenges.labels import check_labels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    import zarr
    from numpy.typing import NDArray

GREY_MODES = ("1", "I", "I;16", "I;16B", "L", "P")


def load_labels(path: str | PathLike[str]) -> NDArray[np.integer[Any]]:
    """Load a label image into memory and check it.

    Parameters
    ----------
    path : path
        A file .npy, .png, .tif or .tiff, or a folder that is a Zarr array or a label image of OME-Zarr
        (such as ``image.zarr/labels/nuclei``), of which the level of full resolution is read.

    Returns
    -------
    ndarray of int or uint
        As it is in the file; 0 is background. In a PNG with a palette, the number of the colour is the label.

    Raises
    ------
    LabelFileNotFoundError
        If there is nothing at the path.
    LabelFormatError
        If its format is not one of these.
    UnreadableLabelsError
        If it is damaged or is not a label image: a coloured picture, an OME-Zarr image and not one of its labels.
    NotALabelImageError, NegativeLabelError, LabelShapeError
        If what was read cannot be scored; see `bioimagehub.challenges.labels.check_labels`.
    """
    path = Path(path)
    if not path.exists():
        msg = f"There is no label image at {path}. Expected a file or an OME-Zarr folder. Correct the path."
        raise LabelFileNotFoundError(msg)
    suffix = path.suffix.lower()
    if path.is_dir():
        read = _read_zarr
    elif suffix in READERS:
        read = READERS[suffix]
    else:
        msg = (
            f"The label image {path} is of a format that is not read. Expected one of {', '.join(sorted(READERS))}, or "
            "a Zarr folder. Save it as one of these, without loss."
        )
        raise LabelFormatError(msg)
    try:
        labels = read(path)
    except UnreadableLabelsError:
        raise
    except DAMAGE as error:
        msg = (
            f"The label image {path} cannot be read: {error or type(error).__name__}. Expected a whole file of the "
            "kind that its name says. Write or copy it again."
        )
        raise UnreadableLabelsError(msg) from error
    return check_labels(labels, f"The label image {path}")


def _read_npy(path: Path) -> NDArray[Any]:
    labels: NDArray[Any] = np.load(path, allow_pickle=False)
    return labels


def _read_png(path: Path) -> NDArray[Any]:
    from PIL import Image

    with warnings.catch_warnings():
        # What Pillow warns of, a small file that unpacks to a huge image, is an error here.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=["PNG"]) as image:
                if image.mode not in GREY_MODES:
                    msg = (
                        f"The label image {path} is a coloured picture (mode {image.mode}). Expected one integer a "
                        "pixel. Save the numbers of the objects, not the colours they are shown in."
                    )
                    raise UnreadableLabelsError(msg)
                return np.asarray(image)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            msg = (
                f"The label image {path} is too large for a PNG: {error}. Expected at most "
                f"{Image.MAX_IMAGE_PIXELS:,} pixels. Save it as TIFF or OME-Zarr."
            )
            raise UnreadableLabelsError(msg) from error


def _read_tiff(path: Path) -> NDArray[Any]:
    import tifffile

    labels: NDArray[Any] = tifffile.imread(path)
    return labels


def _read_zarr(path: Path) -> NDArray[Any]:
    import zarr

    node = zarr.open(path, mode="r")
    labels = node if isinstance(node, zarr.Array) else _full_resolution(node, path)
    return np.asarray(labels[...])


def _full_resolution(group: zarr.Group, path: Path) -> zarr.Array[Any]:
    """Return the first level of a label image, after the metadata of OME-Zarr 0.4 or 0.5."""
    import zarr

    attributes: Mapping[str, Any] = group.attrs.asdict()
    metadata = attributes.get("ome", attributes)
    inside = group.get("labels")
    names: Mapping[str, Any] = inside.attrs.asdict() if isinstance(inside, zarr.Group) else {}
    listed = names.get("ome", names).get("labels", [])
    if "image-label" not in metadata and listed:
        msg = (
            f"{path} is an image and not a label image. It has the label images {', '.join(sorted(listed))}. "
            f"Give one of them, such as {path / 'labels' / min(listed)}."
        )
        raise UnreadableLabelsError(msg)
    first = metadata["multiscales"][0]["datasets"][0]["path"] if "multiscales" in metadata else None
    level = group.get(first) if first is not None else None
    if not isinstance(level, zarr.Array):
        msg = (
            f"{path} is a Zarr group without a label image. Expected the OME-Zarr metadata 'multiscales' and the array "
            "it names. Give the folder of the label image itself, such as image.zarr/labels/nuclei."
        )
        raise UnreadableLabelsError(msg)
    return level


READERS = {".npy": _read_npy, ".png": _read_png, ".tif": _read_tiff, ".tiff": _read_tiff}
# What NumPy, Pillow, tifffile and Zarr raise for files that were damaged at random: they trust what they read.
DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    tokenize.TokenError,
    zlib.error,
)
