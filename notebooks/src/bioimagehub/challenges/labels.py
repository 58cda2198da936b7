"""What a label image must be before it is scored.

A label image has one integer a pixel: 0 is background, and all pixels of one other value are one object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import LabelShapeError, NegativeLabelError, NotALabelImageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SMALLEST_NDIM = 2


def check_labels(image: ArrayLike, name: str = "label image") -> NDArray[np.integer[Any]]:
    """Return a label image as a NumPy array, or say why it is none.

    Parameters
    ----------
    image : array of int or uint, shape (y, x), (z, y, x) or with more axes
        0 is background. Labels need not be consecutive, and objects need not be connected.
        A lazy array is loaded.
    name : str
        What messages call the image.

    Raises
    ------
    NotALabelImageError
        If the values are not integers. Booleans are refused, too: a mask says where objects are, not which
        pixel belongs to which, and taking it as one object would give a wrong score without a word.
    NegativeLabelError
        If a label is below 0. Some data sets mark regions to ignore so; no rule for them is assumed.
    LabelShapeError
        If there are no pixels, or fewer than two axes.

    Examples
    --------
    >>> check_labels([[0, 1], [0, 7]]).dtype.kind
    'i'
    """
    labels = np.asarray(image)
    if labels.dtype == np.bool_:
        msg = (
            f"{name} has boolean values. Expected one integer for each object: a mask does not say which pixel belongs "
            "to which object. Number the objects first, such as with skimage.measure.label."
        )
        raise NotALabelImageError(msg)
    if labels.dtype.kind not in "iu":
        whole = labels.dtype.kind == "f" and bool((np.isfinite(labels) & (labels == np.trunc(labels))).all())
        cure = (
            "All values are whole numbers: image.astype(numpy.uint32) keeps them."
            if whole
            else "It may be an image of intensities or probabilities: give the image with the objects' numbers."
        )
        msg = f"{name} has values of type {labels.dtype}. Expected integers, 0 for background. {cure}"
        raise NotALabelImageError(msg)
    if labels.ndim < SMALLEST_NDIM or labels.size == 0:
        msg = (
            f"{name} has the shape {labels.shape}. Expected an image of at least two axes, each with at least one "
            "pixel. Look at how it was read or cropped."
        )
        raise LabelShapeError(msg)
    if labels.dtype.kind == "i" and (lowest := int(labels.min())) < 0:
        msg = (
            f"{name} has the label {lowest}. Expected 0 for background and positive numbers for objects. Set what "
            "is to be ignored to 0 in truth and prediction, or correct a number that overflowed."
        )
        raise NegativeLabelError(msg)
    return labels


def check_pair(
    truth: ArrayLike, prediction: ArrayLike, name: str = "image"
) -> tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]:
    """Return the label images of the ground truth and of a prediction, of one shape, or say what is wrong.

    Parameters
    ----------
    truth, prediction : array of int or uint, both (y, x), (z, y, x) or with more axes
        See `check_labels`. Their integer types may differ.
    name : str
        What messages call the image.

    Raises
    ------
    LabelShapeError
        If the shapes differ; and all that `check_labels` raises.
    """
    truth = check_labels(truth, f"The ground truth of {name}")
    prediction = check_labels(prediction, f"The prediction of {name}")
    check_shapes(truth.shape, prediction.shape, name)
    return truth, prediction


def check_shapes(truth: tuple[int, ...], prediction: tuple[int, ...], name: str = "image") -> None:
    """Raise `LabelShapeError` if the shapes of the ground truth and of a prediction differ."""
    if truth != prediction:
        msg = (
            f"The prediction of {name} has the shape {prediction}. Expected {truth}, the shape of the "
            "ground truth, axis by axis. Give the prediction for the whole image, at its resolution, in its axis order."
        )
        raise LabelShapeError(msg)
