"""Structural similarity, as in its first paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGMA = 1.5
# The Gaussian ends at 3.5 σ: a window of 11 pixels. Pixels whose window leaves the image do not count.
MARGIN = int(3.5 * SIGMA + 0.5)


def structural_similarity(
    truth: NDArray[Any], prediction: NDArray[Any], data_range: float, *, planes: bool = False
) -> tuple[float, int]:
    """Return the sum of the structural similarity over the pixels that have one, and their number.

    Parameters
    ----------
    truth, prediction : ndarray of float64, shape (y, x) or (z, y, x)
        Of one shape.
    data_range : float
        The range L of the constants (0.01 L)² and (0.03 L)².
    planes : bool
        True takes windows within planes of the last two axes, False windows over all axes.

    Returns
    -------
    total : float
    pixels : int
        0 if an axis is shorter than the window, 11 pixels, or if the range is 0: then there is no such score.

    References
    ----------
    Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE Trans. Image
    Process. 13 (2004), https://doi.org/10.1109/TIP.2003.819861
    """
    if planes and truth.ndim > 2:
        flat = (-1, *truth.shape[-2:])
        pairs = zip(truth.reshape(flat), prediction.reshape(flat), strict=True)
        found = [structural_similarity(*pair, data_range) for pair in pairs]
        return sum(total for total, _ in found), sum(pixels for _, pixels in found)
    inner = [side - 2 * MARGIN for side in truth.shape]
    if data_range == 0 or min(inner) < 1:
        return 0.0, 0
    from skimage import metrics

    mean = metrics.structural_similarity(  # type: ignore[no-untyped-call]
        truth,
        prediction,
        data_range=data_range,
        gaussian_weights=True,
        sigma=SIGMA,
        use_sample_covariance=False,
    )
    pixels = int(np.prod(inner))
    return float(mean) * pixels, pixels
