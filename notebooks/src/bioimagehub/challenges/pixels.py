"""What two images of intensities must be before they are compared."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import IntensitiesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

# The fourth power of it is still a number: SSIM multiplies squares.
LARGEST = 1e70
MOST_AXES = 3


def comparable(truth: ArrayLike, prediction: ArrayLike, name: str = "image") -> tuple[NDArray[Any], ...]:
    """Return two images as NumPy arrays, of one shape and of finite numbers, or say what is wrong.

    Parameters
    ----------
    truth, prediction : array of int or float, shape (x,), (y, x) or (z, y, x)
        Their types may differ, and are not changed.
    name : str
        What messages call the image.

    Raises
    ------
    IntensitiesError
        If an array has other values than integers and floats, values that are not finite or beyond 1e70, no pixels or
        more than three axes, or if the shapes differ.
    """
    pair = tuple(np.asarray(one) for one in (truth, prediction))
    for image, whose in zip(pair, ("ground truth", "prediction"), strict=True):
        if image.dtype.kind not in "iuf":
            msg = (
                f"The {whose} of {name} has values of type {image.dtype}. Expected intensities, integers or floats. "
                "Convert it, such as with image.astype(numpy.float32)."
            )
            raise IntensitiesError(msg)
        if image.size == 0 or not 1 <= image.ndim <= MOST_AXES:
            msg = (
                f"The {whose} of {name} has the shape {image.shape}. Expected pixels along one, two or three axes. "
                "Give one channel and one timepoint at a time."
            )
            raise IntensitiesError(msg)
        # NaN is passed on by both, and no comparison with it is true.
        if not (float(image.min()) >= -LARGEST and float(image.max()) <= LARGEST):
            strange = int(np.count_nonzero(~(np.abs(image.astype(np.float64)) <= LARGEST)))
            msg = (
                f"The {whose} of {name} has {strange:,} of {image.size:,} values that are NaN, infinite or beyond "
                f"{LARGEST:g}. Expected finite intensities. Replace them, such as with numpy.nan_to_num."
            )
            raise IntensitiesError(msg)
    if pair[0].shape != pair[1].shape:
        msg = (
            f"The prediction of {name} has the shape {pair[1].shape}. Expected {pair[0].shape}, the shape of the "
            "ground truth, axis by axis. Give the whole image, at its resolution, in its axis order."
        )
        raise IntensitiesError(msg)
    return pair


def check_spacing(spacing: Sequence[float], axes: int, name: str = "image") -> list[float]:
    """Return the size of a pixel along each axis as floats, or say what is wrong.

    Raises
    ------
    IntensitiesError
        If there is not one positive number an axis.
    """
    sizes = [float(size) for size in spacing]
    if len(sizes) != axes or not all(isfinite(size) and size > 0 for size in sizes):
        msg = f"The spacing of {name} is {sizes}. Expected {axes} positive numbers, one an axis. Correct it."
        raise IntensitiesError(msg)
    return sizes
