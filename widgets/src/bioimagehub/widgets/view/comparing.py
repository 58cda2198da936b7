"""A prediction against the truth: objects that were missed, and objects that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import UnviewableError
from bioimagehub.widgets.view.multiscale import Multiscale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST = 2**28
"""Samples that are compared at most: both label images are in memory for it."""

TRUE, PREDICTED, MISSED, FALSE = "#56b4e9", "#f0e442", "#ff5fb4", "#ffa000"
"""Colours that the colour-blind tell apart."""


def compare_labels(truth: Multiscale, prediction: Multiscale, threshold: float = 0.5) -> tuple[list[Multiscale], str]:
    """Match objects one to one by their overlap, and give those without a partner as label images.

    Parameters
    ----------
    truth, prediction : Multiscale
        Label images of one shape.
    threshold : float
        Intersection over union that a pair needs.

    Returns
    -------
    list of Multiscale
        Missed and false objects, as label images.
    str
        How many of each there are.

    Raises
    ------
    UnviewableError
        If the shapes differ, or they are too large to be in memory.
    """
    from bioimagehub.challenges import contingency
    from bioimagehub.challenges.matching import match

    left, right = truth.arrays[0], prediction.arrays[0]
    if left.dims != right.dims or left.shape != right.shape or left.size > MOST:
        msg = (
            f"The truth {left.shape} and the prediction {right.shape} cannot be compared: expected label images of one "
            f"shape, of at most {MOST:,} samples. Cut the same part out of both."
        )
        raise UnviewableError(msg)
    true, found, shape = left.values, right.values, left.shape
    missed, false = np.zeros(shape, true.dtype), np.zeros(shape, found.dtype)
    counts = np.zeros(3, int)
    # Objects are matched in each timepoint by itself.
    for frame in _frames(left.dims, shape):
        matching = match(contingency(true[frame], found[frame]), threshold)
        missed[frame] = _keep(true[frame], matching.missed)
        false[frame] = _keep(found[frame], matching.false)
        counts += matching.tp, matching.fn, matching.fp
    layers = [
        _layer("missed objects", missed, truth, "left", MISSED),
        _layer("false objects", false, prediction, "right", FALSE),
    ]
    told = (
        f"At an overlap (IoU) of {threshold:g}, {counts[0]} objects were found, {counts[1]} missed, and {counts[2]} "
        "are false."
    )
    return layers, told


def _frames(dims: Sequence[Any], shape: Sequence[int]) -> list[tuple[Any, ...]]:
    if "t" not in dims:
        return [(...,)]
    return [(number, ...) for number in range(shape[list(dims).index("t")])]


def _keep(image: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    kept: NDArray[Any] = np.where(np.isin(image, labels) & (image != 0), image, 0).astype(image.dtype)
    return kept


def _layer(name: str, image: NDArray[Any], like: Multiscale, side: str, colour: str) -> Multiscale:
    array = like.arrays[0].copy(data=image)
    return Multiscale(name, (array,), is_labels=True, channels=((name, colour),), side=side, outline=False)
