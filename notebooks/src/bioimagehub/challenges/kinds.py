"""What a prediction of each kind is in memory: an array of some type, `Points`, `Tracks`, or answers by item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.points import Points
from bioimagehub.challenges.tracks import Tracks

if TYPE_CHECKING:
    Finding = tuple[str, str, str]

TYPES = {
    "labels": ("iu", "whole numbers, 0 for background"),
    "tracks": ("iu", "whole numbers, 0 for background"),
    "classes": ("iu", "whole numbers, the number of the class of each pixel"),
    "image": ("iuf", "whole or floating point numbers of up to 64 bits"),
    "map": ("f", "floating point numbers of up to 64 bits"),
}
"""Kinds of type as NumPy names them, and in words."""
_MADE = {
    "points": (Points, "Points", "Make them with Points(coordinates, axes), in micrometres."),
    "landmarks": (Points, "Points", "Make them with Points(coordinates, axes), in micrometres."),
    "tracks": (Tracks, "Tracks", "Make them with Tracks(label_images, Lineage.from_rows(rows))."),
    "values": (Mapping, "a dict of values by item", "Give it as {item: number or text}."),
}


def find_fault(data: Any, kind: str) -> Finding | None:
    """Say why something is no prediction of a kind; None if it is one. Arrays are not loaded, values not looked at.

    Returns
    -------
    (str, str, str) or None
        What was found, what was expected, and what to do.

    Examples
    --------
    >>> find_fault(np.zeros((2, 2), bool), "labels")[0]
    'its values are of the type bool'
    >>> find_fault([[1, 2]], "points")
    ('it is of the type list', 'Points', 'Make them with Points(coordinates, axes), in micrometres.')
    """
    if kind in _MADE:
        made, expected, cure = _MADE[kind]
        return None if isinstance(data, made) else (_say_type(data), expected, cure)
    if not (hasattr(data, "__array__") or isinstance(data, list | tuple)):
        return _say_type(data), f"an array of {TYPES[kind][1]}", "Give the prediction of each case as an array."
    return check_type(np.dtype(data.dtype) if hasattr(data, "dtype") else np.asarray(data).dtype, kind)


def check_type(dtype: np.dtype[Any], kind: str) -> Finding | None:
    """Say why an array of a type is no prediction of a kind; None if it is one."""
    kinds, expected = TYPES[kind]
    if dtype.kind in kinds and dtype.itemsize <= 8:
        return None
    if dtype.kind == "b":
        number = kind in {"labels", "tracks"}
        cure = "Number the objects, such as with skimage.measure.label." if number else "Use array.astype(numpy.uint8)."
    elif dtype.kind == "f" and "f" not in kinds:
        cure = "If all are whole numbers, array.astype(numpy.uint32) keeps them; if not, it is another image."
    else:
        cure = "Convert it, such as with array.astype(numpy.float32)."
    return f"its values are of the type {dtype}", expected, cure


def _say_type(data: Any) -> str:
    return "it is None" if data is None else f"it is of the type {type(data).__name__}"
