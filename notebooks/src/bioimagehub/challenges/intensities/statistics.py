"""What the metrics of restoration are computed from: sums over the pixels of one pair of images, or of several."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.fourier.conventions import Conventions as FourierConventions
from bioimagehub.challenges.fourier.correlation import Shells
from bioimagehub.challenges.fourier.shells import sum_shells
from bioimagehub.challenges.intensities.conventions import Conventions
from bioimagehub.challenges.intensities.similarity import structural_similarity
from bioimagehub.challenges.pixels import check_spacing, comparable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Intensities:
    """Sums over the pixels of a restored image and its ground truth.

    All sums of errors are of real numbers: integers are converted before they are subtracted, so nothing wraps.

    Attributes
    ----------
    conventions : Conventions
        The range, the normalisation, the percentiles.
    pixels : int
        Number of pixels.
    squared_error, absolute_error : float
        Σ(p − t)² and Σ|p − t|.
    declared_range : float or None
        The data range that was stated; None if it is that of the ground truth.
    truth_low, truth_high, truth_sum, truth_squares : float
        Minimum, maximum, Σt and Σt² of the ground truth.
    ssim_sum, ssim_pixels : float, int
        Sum of the structural similarity, and the pixels that have one.
    fitted_error, fitted_pixels : float, int
        Σ(αp + β − t)² with the α and β that make it least, over the square of the range of the ground truth; and the
        pixels of images that have a range.
    care_error, care_pixels : float, int
        The same over the square of the difference of the two percentiles of the ground truth.
    care_ssim_sum, care_ssim_pixels : float, int
        As `ssim_sum`, of αp + β and t after the percentiles became 0 and 1.
    ring_sum, rings : float, int
        Sum of the correlations of the rings (shells, in 3D) of Fourier space in which the ground truth has power,
        without frequency 0, and their number.
    """

    conventions: Conventions
    pixels: int
    squared_error: float
    absolute_error: float
    declared_range: float | None
    truth_low: float
    truth_high: float
    truth_sum: float
    truth_squares: float
    ssim_sum: float
    ssim_pixels: int
    fitted_error: float
    fitted_pixels: int
    care_error: float
    care_pixels: int
    care_ssim_sum: float
    care_ssim_pixels: int
    ring_sum: float
    rings: int

    @property
    def data_range(self) -> float:
        """The range that errors are related to: the declared one, or that of the ground truth."""
        return self.truth_high - self.truth_low if self.declared_range is None else self.declared_range

    @property
    def mean_squared_error(self) -> float:
        """Σ(p − t)² over the pixels."""
        return self.squared_error / self.pixels

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        return asdict(self) | {"conventions": self.conventions.as_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Intensities:
        """Return the sums that `as_dict` wrote, exactly."""
        return cls(**(values | {"conventions": Conventions.from_dict(values["conventions"])}))


def measure(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    conventions: Conventions,
    spacing: Sequence[float] | None = None,
    name: str = "case",
) -> Intensities:
    """Return the sums over the pixels of one pair of images.

    Parameters
    ----------
    truth, prediction : array of int or float, both (y, x) or (z, y, x)
        Intensities. Their types may differ.
    conventions : Conventions
        The data range and the rules for special cases.
    spacing : sequence of float, optional
        Size of a pixel in micrometres, an axis each. Rings are of equal physical frequency; without it,
        pixels are taken as equally long along all axes.
    name : str
        What messages call the image.

    Raises
    ------
    IntensitiesError
        If the shapes differ, or a value is not a finite number.

    References
    ----------
    Wang et al. (2004), https://doi.org/10.1109/TIP.2003.819861, for structural similarity;
    Weigert et al., "Content-aware image restoration", Nature Methods 15 (2018),
    https://doi.org/10.1038/s41592-018-0216-7, for normalisation by percentiles and least squares.

    Examples
    --------
    Integers do not wrap: in uint8, 3 − 5 would be 254.

    >>> import numpy as np
    >>> measure(np.uint8([[5]]), np.uint8([[3]]), conventions=Conventions()).squared_error
    4.0
    """
    given, guess = comparable(truth, prediction, name)
    sizes = [1.0] * given.ndim if spacing is None else check_spacing(spacing, given.ndim, name)
    declared = _declared_range(given, conventions)
    t, p = (one.astype(np.float64, copy=False) for one in (given, guess))
    difference = p - t
    low, high = float(t.min()), float(t.max())
    data_range = high - low if declared is None else declared
    ssim_sum, ssim_pixels = structural_similarity(t, p, data_range, planes=conventions.planes)
    ring_sum, rings = _sum_rings(t, p, sizes, conventions)
    return Intensities(
        conventions=conventions,
        pixels=t.size,
        squared_error=float(np.square(difference).sum()),
        absolute_error=float(np.abs(difference).sum()),
        declared_range=declared,
        truth_low=low,
        truth_high=high,
        truth_sum=float(t.sum()),
        truth_squares=float(np.square(t).sum()),
        ssim_sum=ssim_sum,
        ssim_pixels=ssim_pixels,
        **_fitted(t, p, high - low, conventions),
        ring_sum=ring_sum,
        rings=rings,
    )


def pool(cases: Sequence[Intensities]) -> Intensities:
    """Add up the sums of several pairs of images that were measured by the same conventions.

    The range of the ground truth is that of all images together. What was fitted to each image stays fitted to each.

    Parameters
    ----------
    cases : sequence of Intensities
        At least one.
    """
    special: dict[str, Any] = {
        "conventions": cases[0].conventions,
        "declared_range": None if cases[0].declared_range is None else max(one.declared_range or 0 for one in cases),
        "truth_low": min(one.truth_low for one in cases),
        "truth_high": max(one.truth_high for one in cases),
    }
    names = [one.name for one in fields(Intensities) if one.name not in special]
    added: dict[str, Any] = {name: sum(getattr(case, name) for case in cases) for name in names}
    return Intensities(**special, **added)


def _declared_range(truth: NDArray[Any], conventions: Conventions) -> float | None:
    if conventions.data_range == "truth":
        return None
    if conventions.data_range != "dtype":
        return float(conventions.data_range)
    # As scikit-image has it: types of floats hold −1 to 1, and negative values only where there are some.
    low, high = -1.0, 1.0
    if truth.dtype.kind != "f":
        low, high = float(np.iinfo(truth.dtype).min), float(np.iinfo(truth.dtype).max)
    return high if truth.min() >= 0 else high - low


def _fitted(
    t: NDArray[np.float64], p: NDArray[np.float64], value_range: float, conventions: Conventions
) -> dict[str, Any]:
    """Return the sums of what is left of the errors after the best affine change of the prediction."""
    mean_t, mean_p = float(t.mean()), float(p.mean())
    centred = p - mean_p
    spread = float(np.square(centred).sum())
    alpha = float((centred * (t - mean_t)).sum()) / spread if spread > 0 else 0.0
    fit = alpha * p + (mean_t - alpha * mean_p)
    error = float(np.square(fit - t).sum())
    low, high = (float(one) for one in np.percentile(t, (conventions.low, conventions.high)))
    size = high - low
    found: dict[str, Any] = dict.fromkeys(("fitted_error", "care_error", "care_ssim_sum"), 0.0)
    found |= dict.fromkeys(("fitted_pixels", "care_pixels", "care_ssim_pixels"), 0)
    if value_range > 0:
        found |= {"fitted_error": error / value_range**2, "fitted_pixels": t.size}
    if size > 0:
        total, pixels = structural_similarity((t - low) / size, (fit - low) / size, 1.0, planes=conventions.planes)
        found |= {"care_error": error / size**2, "care_pixels": t.size}
        found |= {"care_ssim_sum": total, "care_ssim_pixels": pixels}
    return found


def _sum_rings(
    t: NDArray[np.float64], p: NDArray[np.float64], sizes: Sequence[float], conventions: Conventions
) -> tuple[float, int]:
    """Return the sum of the correlations of the rings, and their number."""
    pair = [one - one.mean() for one in (t, p)]
    if conventions.window == "hann":
        for axis, side in enumerate(t.shape):
            # Without the zeros at both ends.
            slope = np.hanning(side + 2)[1:-1].reshape([-1 if axis == one else 1 for one in range(t.ndim)])
            pair = [one * slope for one in pair]
    width, limit, sums = sum_shells(pair[0], pair[1], sizes)
    rows = (tuple(row.tolist()) for row in sums)
    correlation = Shells(FourierConventions(), width, limit, *rows).told
    return float(correlation.sum()), len(correlation)
