"""The correlation of two maps shell by shell: the statistics that resolutions are read from."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import IntensitiesError
from bioimagehub.challenges.fourier.conventions import Conventions
from bioimagehub.challenges.fourier.shells import sum_shells
from bioimagehub.challenges.pixels import check_spacing, comparable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

# 1 µm in Å.
MICROMETRE = 1e4


@dataclass(frozen=True)
class Shells:
    """Sums over the shells of Fourier space, of two maps or of several pairs.

    Attributes
    ----------
    conventions : Conventions
        How shells were made, and where resolutions are read off.
    width : float
        Distance of two shells in 1/Å. Shell 0 is at frequency 0.
    limit : float
        The Nyquist frequency in 1/Å.
    cross, truth_power, prediction_power : tuple of float, one a shell
        Re Σ F₁F₂*, Σ|F₁|² and Σ|F₂|².
    """

    conventions: Conventions
    width: float
    limit: float
    cross: tuple[float, ...]
    truth_power: tuple[float, ...]
    prediction_power: tuple[float, ...]

    @property
    def frequency(self) -> NDArray[np.float64]:
        """Frequency of each shell in 1/Å, float64, shape (shells,)."""
        frequency: NDArray[np.float64] = np.arange(len(self.cross), dtype=np.float64) * self.width
        return frequency

    @property
    def correlation(self) -> NDArray[np.float64]:
        """Correlation of each shell, float64, shape (shells,), from −1 to 1.

        0 where either map has no power. Shell 0 has the mean alone and is 1 by convention.
        """
        powers = np.sqrt(np.array(self.truth_power)) * np.sqrt(np.array(self.prediction_power))
        found: NDArray[np.float64] = np.zeros(len(powers))
        np.divide(self.cross, powers, out=found, where=powers > 0)
        # Sums of products and of squares are rounded apart.
        np.clip(found, -1, 1, out=found)
        found[0] = 1
        return found

    @property
    def told(self) -> NDArray[np.float64]:
        """Correlation of the shells but that of frequency 0 in which the truth has power, float64."""
        return self.correlation[1:][np.array(self.truth_power[1:]) > 0]

    def resolution(self, threshold: float) -> float:
        """Return the resolution in Å at which the correlation falls below a threshold.

        It is two pixels, the Nyquist limit, if it never does. If no shell but that of frequency 0 reaches the threshold
        it is interpolated between that one, which counts as 1, and the first: a finite number beyond the longest side
        of the map. Where nothing is interpolated, it is infinite then.
        """
        found = self.correlation
        (below,) = np.nonzero(found < threshold)
        if len(below) == 0:
            return 1 / self.limit
        if self.conventions.crossing == "first":
            last = int(below[0]) - 1
        else:
            last = int(np.nonzero(found >= threshold)[0][-1])
            if last == len(found) - 1:
                return 1 / self.limit
        shell = float(last)
        if self.conventions.interpolation == "linear":
            shell += float((found[last] - threshold) / (found[last] - found[last + 1]))
        return inf if shell == 0 else max(1 / (shell * self.width), 1 / self.limit)

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        return {
            "conventions": self.conventions.as_dict(),
            "width": self.width,
            "limit": self.limit,
            "cross": list(self.cross),
            "truth_power": list(self.truth_power),
            "prediction_power": list(self.prediction_power),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Shells:
        """Return the sums that `as_dict` wrote, exactly."""
        return cls(
            Conventions.from_dict(values["conventions"]),
            values["width"],
            values["limit"],
            *(tuple(values[key]) for key in ("cross", "truth_power", "prediction_power")),
        )


def measure(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    conventions: Conventions,
    spacing: Sequence[float] | None = None,
    name: str = "case",
    mask: ArrayLike | None = None,
) -> Shells:
    """Return the sums over shells of two maps.

    Parameters
    ----------
    truth, prediction : array of float or int, shape (z, y, x), or (y, x) for rings
        Of one shape, of any number of voxels an axis. Maps of float32 are transformed in single precision, which
        gives correlations that are right to 1e-5; others in double.
    conventions : Conventions
        Rounding, mask, and how a resolution is read off.
    spacing : sequence of float, optional
        Size of a voxel in micrometres, an axis each. `conventions.voxel_size` stands in for it.
    name : str
        What messages call the maps.
    mask : array of float, shape of the maps, optional
        Both maps are multiplied by it, after the mask of the conventions.

    Raises
    ------
    IntensitiesError
        If the shapes differ, values are not finite numbers, or the size of a voxel is not known.

    References
    ----------
    Harauz and van Heel, "Exact filters for general geometry three dimensional reconstruction", Optik 73 (1986).
    Rosenthal and Henderson, "Optimal determination of particle orientation, absolute hand, and contrast loss in
    single-particle electron cryomicroscopy", J. Mol. Biol. 333 (2003), https://doi.org/10.1016/j.jmb.2003.07.013

    Examples
    --------
    >>> import numpy as np
    >>> grid = np.random.default_rng(0).normal(size=(8, 10, 12))
    >>> measure(grid, -grid, conventions=Conventions(voxel_size=1.5)).correlation.round(6).tolist()
    [1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0]
    """
    pair = comparable(truth, prediction, name)
    if spacing is not None:
        voxel = [size * MICROMETRE for size in check_spacing(spacing, pair[0].ndim, name)]
    elif conventions.voxel_size is not None:
        voxel = [conventions.voxel_size] * pair[0].ndim
    else:
        msg = (
            f"The size of a voxel of {name} is not known, so no resolution can be given. Expected the spacing in "
            "micrometres. Give it with the map, or set voxel_size, in Å, in the conventions."
        )
        raise IntensitiesError(msg)
    if conventions.mask_diameter is not None:
        ball = _ball(pair[0].shape, voxel, conventions.mask_diameter, conventions.mask_edge)
        pair = tuple(one * ball.astype(_precision(one)) for one in pair)
    if mask is not None:
        weights = comparable(pair[0], mask, f"the mask of {name}")[1]
        pair = tuple(one * weights.astype(_precision(one)) for one in pair)
    width, limit, sums = sum_shells(pair[0], pair[1], voxel, rounding=conventions.rounding)
    return Shells(conventions, width, limit, *(tuple(row.tolist()) for row in sums))


def pool(shells: Sequence[Shells]) -> Shells:
    """Add up the sums of several pairs of maps; where their shells differ, over the widest ones.

    Parameters
    ----------
    shells : sequence of Shells
        At least one. Each shell is added to the nearest one of the widest, up to the least Nyquist frequency.
    """
    width = max(one.width for one in shells)
    limit = min(one.limit for one in shells)
    count = int(limit / width + 1e-9) + 1
    sums = np.zeros((3, count))
    for one in shells:
        position = np.floor(one.frequency / width + 0.5).astype(np.int64)
        inside = position < count
        for row, values in zip(sums, (one.cross, one.truth_power, one.prediction_power), strict=True):
            np.add.at(row, position[inside], np.array(values)[inside])
    return Shells(shells[0].conventions, width, limit, *(tuple(row.tolist()) for row in sums))


def _precision(image: NDArray[Any]) -> type[np.floating[Any]]:
    return np.float32 if image.dtype == np.float32 else np.float64


def _ball(shape: Sequence[int], voxel: Sequence[float], diameter: float, edge: float) -> NDArray[np.float64]:
    """Return 1 inside a ball around the centre voxel, 0 outside, a cosine between, float64."""
    axes = [(np.arange(n) - n // 2) * size for n, size in zip(shape, voxel, strict=True)]
    radius = np.sqrt(sum(axis**2 for axis in np.ix_(*axes)))
    if edge == 0:
        return (radius <= diameter / 2).astype(np.float64)
    share = np.clip((diameter / 2 - radius) / edge, 0, 1)
    ball: NDArray[np.float64] = (1 - np.cos(np.pi * share)) / 2
    return ball
