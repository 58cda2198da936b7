"""Nuclei in one fluorescence image: local contrast, one threshold, touching nuclei split by their distances.

Three steps, each of which looks no further than a known distance. That is what lets `blocks` run them on parts
of an image and get the nuclei of the whole image:

=============  =======================================================  =========================
step           what it does                                             looks as far as
=============  =======================================================  =========================
`contrast_of`  difference of the pixel and its surroundings             1 nucleus diameter
threshold      one number for the whole image, from a histogram         the histogram is summed
`split`        distance to the background, its peaks, watershed         the nucleus and its touching neighbours
=============  =======================================================  =========================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.reanalysis.errors import ImageAxesError, ImageValuesError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# In nucleus diameters; chosen by measurement, docs/decisions/0004-nuclei-in-blocks.md.
SMOOTHING = 0.05
SURROUNDINGS = 0.5
DISTANCE_SMOOTHING = 0.06
SEPARATION = 0.4
LARGEST_HOLE = 0.5
SMALLEST_NUCLEUS = 0.4
# Part of a nucleus' own mean contrast that its outline follows.
HEIGHT = 0.5


def segment_nuclei(
    image: NDArray[np.generic], spacing: Sequence[float], diameter: float | Sequence[float]
) -> NDArray[np.int32]:
    """Label the nuclei of a 2D or 3D image that is held in memory.

    Nuclei are bright on a darker background, and may differ much in brightness. Of the square roots of the
    intensities, whose noise is about the same for bright and dim nuclei [1]_, the surroundings are subtracted
    (difference of two Gaussians). The triangle threshold [2]_ divides the result into nuclei and background.
    Touching nuclei are split by a watershed on the distance to the background, and each is outlined where its
    contrast falls to half of its mean, so that bright nuclei do not come out larger than dim ones.

    Parameters
    ----------
    image : ndarray of a real number type, shape (y, x) or (z, y, x)
        Intensities; a single channel and timepoint, without NaN.
    spacing : sequence of float
        Distance between samples along each axis, in any unit.
    diameter : float or sequence of float
        Typical diameter of a nucleus in the same unit. One for each axis where the unit is not that of a length,
        such as the pixels of a stack whose z-step is not known.

    Returns
    -------
    ndarray of int32, shape of `image`
        Labels from 1 on without gaps, ordered by where the nuclei begin; 0 is background. All 0 where the image
        has the same value everywhere.

    Raises
    ------
    ImageAxesError
        If the image is not 2D or 3D.
    ImageValuesError
        If it has no pixels, is not of a real number type, or holds NaN or infinity.
    ParameterError
        If `spacing` or `diameter` are not one positive number for each axis.

    References
    ----------
    .. [1] Anscombe, Biometrika 35, 246-254 (1948), doi:10.1093/biomet/35.3-4.246.
    .. [2] Zack, Rogers and Latt, Journal of Histochemistry and Cytochemistry 25, 741-753 (1977),
       doi:10.1177/25.7.70454.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:40, :60]
    >>> image = np.where((y - 20) ** 2 + (x - 20) ** 2 < 64, 90.0, 10.0)
    >>> image[(y - 20) ** 2 + (x - 34) ** 2 < 64] = 120.0
    >>> int(segment_nuclei(image, spacing=(0.5, 0.5), diameter=8.0).max())
    2
    """
    check_pixels(image.shape, image.dtype, "the image")
    steps = steps_of(spacing, diameter, image.ndim)
    contrast = contrast_of(image, steps)
    low, high = float(contrast.min()), float(contrast.max())
    threshold = threshold_of(histogram_of(contrast, low, high, bins_for(image.size)), low, high)
    labels, _, _ = split(contrast, threshold, steps)
    return renumber(labels, kept_names(*np.unique(labels, return_counts=True), steps))


def check_pixels(shape: tuple[int, ...], dtype: np.dtype[np.generic], what: str) -> None:
    """Raise unless an array of this shape and type can be segmented.

    Raises
    ------
    ImageAxesError, ImageValuesError
        As in `segment_nuclei`.
    """
    if len(shape) not in (2, 3):
        msg = (
            f"Cannot segment {what}: it has {len(shape)} axes, and y x or z y x are needed. "
            "Select one channel and one timepoint."
        )
        raise ImageAxesError(msg)
    if 0 in shape:
        msg = f"Cannot segment {what}: its shape is {shape}, which holds no pixels. Check the selection that gave it."
        raise ImageValuesError(msg)
    if not (np.issubdtype(dtype, np.integer) or np.issubdtype(dtype, np.floating)):
        msg = (
            f"Cannot segment {what}: its type is {dtype}, and intensities are needed. "
            "Convert it to an integer or floating-point type first."
        )
        raise ImageValuesError(msg)


def steps_of(spacing: Sequence[float], diameter: float | Sequence[float], ndim: int) -> tuple[float, ...]:
    """Return the distance between samples in nucleus diameters, one number for each axis.

    Raises
    ------
    ParameterError
        If `spacing` or `diameter` are not one positive number for each axis, or a nucleus has less than 4 pixels
        across along ``y`` or ``x``.
    """
    sizes = np.full(ndim, diameter, float) if np.ndim(diameter) == 0 else np.asarray(diameter, float)
    for name, values in (("spacing", np.asarray(spacing, float)), ("diameter", sizes)):
        if values.shape != (ndim,) or not (np.isfinite(values) & (values > 0)).all():
            msg = (
                f"The {name} {values.tolist()} does not fit an image of {ndim} axes: one positive number for each "
                "is needed. The spacing is an attribute of the image's coordinates; measure the diameter in a viewer."
            )
            raise ParameterError(msg)
    steps = tuple(float(step / size) for step, size in zip(spacing, sizes, strict=True))
    if max(steps[-2:]) > 1 / 4:
        msg = (
            f"A nucleus of diameter {diameter} has {1 / max(steps[-2:]):.1f} pixels across at a spacing of "
            f"{list(spacing)}: at least 4 are needed. Give the diameter in the unit of the spacing, "
            "or use a finer level."
        )
        raise ParameterError(msg)
    return steps


def contrast_of(image: NDArray[np.generic], steps: Sequence[float]) -> NDArray[np.float32]:
    """Return how much brighter each pixel is than its surroundings, in square roots of the intensity.

    Parameters
    ----------
    image : ndarray of a real number type, shape (y, x) or (z, y, x)
    steps : sequence of float
        Distance between samples in nucleus diameters.

    Returns
    -------
    ndarray of float32, shape of `image`
        Square roots of the image's unit; NaN near a NaN.
    """
    from scipy.ndimage import gaussian_filter

    pixels = image.astype(np.float32)
    pixels = np.sign(pixels) * np.sqrt(np.abs(pixels))
    smooth = gaussian_filter(pixels, [SMOOTHING / step for step in steps], radius=_radii(3 * SMOOTHING, steps))
    around = gaussian_filter(pixels, [SURROUNDINGS / step for step in steps], radius=_radii(2 * SURROUNDINGS, steps))
    contrast: NDArray[np.float32] = smooth - around
    return contrast


def contrast_reach(steps: Sequence[float]) -> tuple[int, ...]:
    """Return the number of pixels along each axis that a pixel of `contrast_of` depends on."""
    return _radii(max(3 * SMOOTHING, 2 * SURROUNDINGS), steps)


def bins_for(size: int) -> int:
    """Return how many bins the histogram of an image of `size` pixels has: its square root, from 64 to 1024."""
    return int(np.clip(np.sqrt(size), 64, 1024))


def histogram_of(contrast: NDArray[np.float32], low: float, high: float, bins: int) -> NDArray[np.int64]:
    """Count the values of `contrast` in `bins` equal steps from `low` to `high`; all 0 where these are the same."""
    if not low < high:
        return np.zeros(bins, np.int64)
    return np.histogram(contrast, bins=bins, range=(low, high))[0].astype(np.int64)


def threshold_of(histogram: NDArray[np.int64], low: float, high: float) -> float:
    """Return the triangle threshold of a histogram of `histogram_of`; infinity where all values are the same.

    A line is drawn from the top of the histogram, which is the background, to its bright end; the threshold is
    where the histogram lies deepest below that line [1]_. It holds for a single nucleus as for a crowd.

    Raises
    ------
    ImageValuesError
        If `low` or `high` is not finite, because the image holds NaN or infinity.

    References
    ----------
    .. [1] Zack, Rogers and Latt, Journal of Histochemistry and Cytochemistry 25, 741-753 (1977),
       doi:10.1177/25.7.70454.
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        msg = (
            f"The contrast of the image goes from {low} to {high}: the image holds NaN or infinity. "
            "Replace these pixels, for example by the median of the image."
        )
        raise ImageValuesError(msg)
    if not low < high:
        return float("inf")
    top, end = int(histogram.argmax()), int(np.flatnonzero(histogram)[-1])
    places = np.arange(top, end + 1)
    line = histogram[top] * (1 - (places - top) / max(1, end - top))
    deepest = int(places[np.argmax(line - histogram[places])])
    return low + (deepest + 0.5) * (high - low) / histogram.size


def split(
    contrast: NDArray[np.float32], threshold: float, steps: Sequence[float]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Split what is above the threshold into nuclei: one for each peak of the distance to the background.

    Parameters
    ----------
    contrast : ndarray of float32, shape (y, x) or (z, y, x)
        As `contrast_of` gives it.
    threshold : float
        Contrast above which a pixel may be in a nucleus.
    steps : sequence of float
        Distance between samples in nucleus diameters.

    Returns
    -------
    labels : ndarray of int32, shape of `contrast`
        Nuclei within their outlines; 0 is background.
    parts : ndarray of int32, shape of `contrast`
        The same nuclei with all that is above the threshold and nearest to them: what their outlines depend on.
    peaks : ndarray of int64, shape (labels,)
        Where the peak of each label begins: the first of its pixels, counted through the array in C order.
    """
    from scipy import ndimage
    from skimage import segmentation

    watershed: Any = segmentation.watershed
    filled = _fill_holes(contrast > threshold, steps)
    distance = ndimage.distance_transform_edt(filled, sampling=steps).astype(np.float32)
    distance = ndimage.gaussian_filter(
        distance,
        [DISTANCE_SMOOTHING / step for step in steps],
        radius=_radii(3 * DISTANCE_SMOOTHING, steps),
    )
    window = [2 * radius + 1 for radius in _radii(SEPARATION, steps)]
    tops = filled & (distance == ndimage.maximum_filter(distance, size=window))
    # The pixels of a flat top touch each other, corners included: they are one peak.
    seeds, count = ndimage.label(tops, structure=np.ones([3] * contrast.ndim))
    if not count:
        nothing = np.zeros(contrast.shape, np.int32)
        return nothing, nothing, np.zeros(0, np.int64)
    parts = watershed(-distance, seeds, mask=filled)
    heights = np.append(0, HEIGHT * ndimage.mean(contrast, parts, np.arange(1, count + 1)))
    inside = _fill_holes((parts > 0) & (contrast > heights[parts]), steps)
    _, first = np.unique(seeds, return_index=True)
    return np.where(inside, parts, 0).astype(np.int32), parts, first[-count:].astype(np.int64)


def _fill_holes(mask: NDArray[np.bool_], steps: Sequence[float]) -> NDArray[np.bool_]:
    from skimage.morphology import remove_small_holes

    filled: NDArray[np.bool_] = remove_small_holes(mask, max_size=int(LARGEST_HOLE ** len(steps) / np.prod(steps)))
    return filled


def kept_names(names: NDArray[np.integer], sizes: NDArray[np.integer], steps: Sequence[float]) -> NDArray[np.integer]:
    """Return the sorted names of the objects that are large enough for a nucleus.

    Parameters
    ----------
    names, sizes : ndarray of int, shape (objects,)
        The sorted values of a label image and how many pixels each has; 0, the background, may be among them.
    steps : sequence of float
        Distance between samples in nucleus diameters.
    """
    ball = np.pi / 4 if len(steps) == 2 else np.pi / 6
    smallest = ball * SMALLEST_NUCLEUS ** len(steps) / np.prod(steps)
    kept: NDArray[np.integer] = names[(names != 0) & (sizes >= smallest)]
    return kept


def renumber(labels: NDArray[np.integer], kept: NDArray[np.integer]) -> NDArray[np.int32]:
    """Replace each label by its place in the sorted `kept`, from 1 on, and by 0 where it is not among them."""
    places = np.searchsorted(kept, labels)
    found = np.append(kept, 0)[places] == labels
    return np.where(found & (labels != 0), places + 1, 0).astype(np.int32)


def _radii(reach: float, steps: Sequence[float]) -> tuple[int, ...]:
    """Pixels along each axis in a reach that is given in nucleus diameters, at least 1."""
    return tuple(max(1, round(reach / step)) for step in steps)
