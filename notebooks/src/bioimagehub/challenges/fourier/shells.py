"""Sums over shells of the Fourier space of two images: what the correlation of shells and of rings comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Rounding to the nearest shell, or down.
OFFSETS = {"nearest": 0.5, "down": 0.0}
# A mean beyond this share of the root mean square would cost digits in single precision, and is taken off before.
LARGEST_MEAN = 0.99
LARGEST_SINGLE = 1e15
THREADS = 2


def sum_shells(
    truth: NDArray[Any], prediction: NDArray[Any], spacing: Sequence[float], *, rounding: str = "nearest"
) -> tuple[float, float, NDArray[np.float64]]:
    """Transform two images and sum their products over shells of equal frequency.

    Parameters
    ----------
    truth, prediction : ndarray of float, shape (x,), (y, x) or (z, y, x)
        Of one shape, checked. Two images of float32 are transformed in single precision, others in double.
    spacing : sequence of float
        Size of a pixel along each axis, in any unit.
    rounding : {"nearest", "down"}
        Shell s has the frequencies k with ⌊k/w + ½⌋ = s, or with ⌊k/w⌋ = s.

    Returns
    -------
    width : float
        Width w of a shell, one over the longest side of the image, in one over the unit of the spacing.
    limit : float
        The Nyquist frequency of the axis with the coarsest spacing: shells are whole up to there.
    sums : ndarray of float64, shape (3, shells)
        For each shell from 0 to the limit: Re Σ F₁F₂*, Σ|F₁|², Σ|F₂|² over all of Fourier space.

    Notes
    -----
    The spectrum of a real image is symmetric, so half of it is enough: coefficients whose mirror image is not in that
    half count twice. One pass over it makes all three sums, and stops in each line at the limit.
    """
    from scipy.fft import rfftn

    from bioimagehub.challenges.fourier.kernel import add_shells

    dtype = np.float32 if _is_single(truth) and _is_single(prediction) else np.float64
    sides = [n * d for n, d in zip(truth.shape, spacing, strict=True)]
    width = 1 / max(sides)
    limit = 1 / (2 * max(spacing))
    steps = [1 / side / width for side in sides]
    shells = int(limit / width + 1e-9) + 1
    spectra = [rfftn(_transformable(one, dtype), workers=THREADS) for one in (truth, prediction)]
    # Axes in front make an image of any number of axes a volume.
    axes = (1,) * (3 - truth.ndim)
    sums = np.zeros((3, shells))
    add_shells(
        *(one.reshape(axes + one.shape) for one in spectra),
        np.array([1.0] * len(axes) + steps),
        truth.shape[-1] % 2 == 0,
        OFFSETS[rounding],
        sums,
    )
    # Shell 0 has the sums of the images alone, which were left out.
    totals = [float(one.sum(dtype=np.float64)) for one in (truth, prediction)]
    sums[:, 0] = totals[0] * totals[1], totals[0] ** 2, totals[1] ** 2
    return width, limit, sums


def _is_single(image: NDArray[Any]) -> bool:
    """Tell whether an image may be transformed in single precision: float32, and squares of its sums are numbers."""
    return image.dtype == np.float32 and image.min() > -LARGEST_SINGLE and image.max() < LARGEST_SINGLE


def _transformable(image: NDArray[Any], dtype: type[np.float32 | np.float64]) -> NDArray[np.floating[Any]]:
    """Return an image as it is transformed: without its mean if that is large, which concerns shell 0 only."""
    pixels: NDArray[np.floating[Any]] = np.ascontiguousarray(image, dtype)
    mean = float(pixels.mean(dtype=np.float64))
    flat = pixels.ravel()
    square = float(np.vdot(flat, flat)) / flat.size
    return pixels - dtype(mean) if mean**2 > LARGEST_MEAN**2 * square else pixels
