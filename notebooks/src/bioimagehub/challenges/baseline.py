"""A baseline: what a classical method without training reaches, and any other method should beat."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.errors import InvalidImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def otsu_watershed(image: ArrayLike, diameter: float, *, spacing: Sequence[float] | None = None) -> NDArray[np.int32]:
    """Segment bright roundish objects on a dark background: Otsu's threshold, then a watershed of the distance to it.

    Parameters
    ----------
    image : array of numbers, shape (y, x) or (z, y, x)
        Intensities of one channel at one timepoint. A lazy array is loaded.
    diameter : float
        Diameter of the smallest objects of interest, in the unit of `spacing`.
    spacing : sequence of float, optional
        Size of a pixel along each axis, such as 0.29 µm; 1 if not given, so that `diameter` is in pixels.

    Returns
    -------
    ndarray of int32, shape of `image`
        A label image: 0 is background, objects are numbered from 1. All 0 if the image is uniform.

    Raises
    ------
    InvalidImageError
        If the image has neither two nor three axes, has no pixels, or has values that are not finite numbers; if the
        diameter is less than one pixel, or if there is not one spacing an axis.

    Notes
    -----
    1. Smooth with a Gaussian, σ = diameter/10, and take what is brighter than Otsu's threshold [1]_.
    2. Take each maximum of the distance to the background (smoothed likewise) as an object, if there is no higher
       one within half a diameter; grow them by a watershed on the distance [2]_.
    3. Drop what is smaller than a quarter of a disc (a ball in 3D) of that diameter.

    One threshold for the whole image misses dim objects beside bright ones. Objects that touch along a
    long border stay merged, and elongated ones are split.

    References
    ----------
    .. [1] Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. Sys. Man. Cyber. 9 (1979),
       https://doi.org/10.1109/TSMC.1979.4310076
    .. [2] Malpica et al., "Applying watershed algorithms to the segmentation of clustered nuclei",
       Cytometry 28 (1997), https://doi.org/10.1002/(SICI)1097-0320(19970801)28:4%3C289::AID-CYTO3%3E3.0.CO;2-7

    Examples
    --------
    >>> y, x = np.mgrid[:40, :60]
    >>> discs = (np.hypot(y - 20, x - 20) < 10) | (np.hypot(y - 20, x - 38) < 10)
    >>> int(otsu_watershed(discs * 100, diameter=16).max())
    2
    """
    from scipy.ndimage import distance_transform_edt, gaussian_filter
    from skimage.feature import peak_local_max
    from skimage.filters import threshold_otsu
    from skimage.measure import label
    from skimage.segmentation import watershed

    pixels = _check_image(image)
    size = np.ones(pixels.ndim) if spacing is None else np.asarray(spacing, float)
    _check_scale(diameter, size, pixels.ndim)
    sigma = diameter / 10 / size
    smooth = gaussian_filter(pixels, sigma)
    foreground = smooth > threshold_otsu(smooth)  # type: ignore[no-untyped-call]
    distance = gaussian_filter(distance_transform_edt(foreground, sampling=size), sigma)
    reach = np.maximum(1, np.round(diameter / 2 / size).astype(int))
    peaks = peak_local_max(  # type: ignore[no-untyped-call]
        distance, footprint=np.ones(2 * reach + 1, bool), exclude_border=False
    )
    seeds = np.zeros(pixels.shape, bool)
    seeds[tuple(peaks.T)] = True
    # Peaks of equal height side by side are one seed.
    markers = label(seeds & foreground, connectivity=pixels.ndim)  # type: ignore[no-untyped-call]
    labels = watershed(-distance, markers, mask=foreground)  # type: ignore[no-untyped-call]
    return _drop_small(labels, pi / (2 * pixels.ndim) * diameter**pixels.ndim / 4 / float(np.prod(size)))


def _check_image(image: ArrayLike) -> NDArray[np.float64]:
    pixels = np.asarray(image)
    if pixels.ndim not in (2, 3) or pixels.size == 0:
        msg = (
            f"The image has the shape {pixels.shape}. Expected (y, x) or (z, y, x) with at least one pixel an axis. "
            "Choose one channel and one timepoint."
        )
        raise InvalidImageError(msg)
    if pixels.dtype.kind not in "biuf" or not np.isfinite(pixels).all():
        msg = (
            f"The image, of type {pixels.dtype}, has values that are not finite numbers. Expected intensities. "
            "Replace NaN and infinity, such as with numpy.nan_to_num."
        )
        raise InvalidImageError(msg)
    return pixels.astype(np.float64)


def _check_scale(diameter: float, size: NDArray[np.float64], ndim: int) -> None:
    if size.shape != (ndim,) or not (np.isfinite(size).all() and (size > 0).all()):
        msg = f"The spacing is {size.tolist()}. Expected {ndim} positive numbers, one an axis. Correct or omit it."
        raise InvalidImageError(msg)
    if not np.isfinite(diameter) or diameter < size.min():
        msg = (
            f"The diameter is {diameter}, with pixels of {size.tolist()}. Expected at least one pixel. "
            "Give it in the unit of the spacing."
        )
        raise InvalidImageError(msg)


def _drop_small(labels: NDArray[np.int32], smallest: float) -> NDArray[np.int32]:
    """Remove objects of fewer pixels than `smallest` and number the others anew."""
    keep = np.bincount(labels.ravel()) >= smallest
    keep[0] = False
    numbers = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
    return numbers[labels]
