"""How often each distance occurs between two surfaces: all that boundary metrics need to know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import fsum, inf
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class DistanceCounts:
    """The distances of one surface to another.

    On a grid only few different distances occur, so that this is short.

    Attributes
    ----------
    distances : ndarray of float64, shape (distances,)
        Those that occur, ascending, in µm; infinite where there is no other surface.
    weights : ndarray of float64, shape (distances,)
        How many voxels, or how much area (length) of the surface, have each.
    near : float
        The weight within the tolerance.
    """

    distances: NDArray[np.float64]
    weights: NDArray[np.float64]
    near: float

    @cached_property
    def total(self) -> float:
        """The weight of the whole surface."""
        return fsum(self.weights)

    @property
    def largest(self) -> float:
        """The largest distance, 0 if there are none."""
        return float(self.distances[-1]) if len(self.distances) else 0.0

    def percentile(self, percent: float, *, interpolated: bool) -> float:
        """Return the distance that a percentage of the surface does not exceed; 0 if there is no surface.

        Interpolated between neighbours as by `numpy.percentile`, with weights that are counts; or else the first
        distance at which the percentage of the weight is reached.
        """
        if not len(self.distances):
            return 0.0
        reached = np.cumsum(self.weights)
        if not interpolated:
            at = int(np.searchsorted(reached / reached[-1], percent / 100))
            return float(self.distances[min(at, len(reached) - 1)])
        place = percent / 100 * (reached[-1] - 1)
        low, high = (float(self.distances[np.searchsorted(reached, whole, "right")]) for whole in _around(place))
        return low if low == high else low + (high - low) * (place - np.floor(place))

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON, infinity as the text "inf"; nothing is rounded."""
        plain = ["inf" if distance == inf else distance for distance in self.distances.tolist()]
        return {"distances": plain, "weights": self.weights.tolist(), "near": self.near}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> DistanceCounts:
        """Return what `as_dict` wrote, exactly."""
        distances = [float(distance) for distance in values["distances"]]
        return cls(np.array(distances, np.float64), np.array(values["weights"], np.float64), values["near"])


def _around(place: float) -> tuple[float, float]:
    return np.floor(place), np.ceil(place)


def count_distances(
    distances: NDArray[np.float64], weights: NDArray[np.float64] | None, tolerance: float
) -> DistanceCounts:
    """Count distances.

    Parameters
    ----------
    distances : ndarray of float64, shape (places,)
        In µm.
    weights : ndarray of float64, shape (places,), or None
        None: each place counts 1.
    tolerance : float
        The largest distance that is near.
    """
    values, index = np.unique(distances, return_inverse=True)
    summed = np.bincount(index, weights, minlength=len(values)).astype(np.float64)
    return DistanceCounts(values, summed, fsum(summed[values <= tolerance]))


def join(counts: Sequence[DistanceCounts]) -> DistanceCounts:
    """Return the distances of several surfaces, counted as if they were one."""
    values, index = np.unique(np.concatenate([one.distances for one in counts]), return_inverse=True)
    weights = np.zeros(len(values))
    np.add.at(weights, index, np.concatenate([one.weights for one in counts]))
    return DistanceCounts(values, weights, fsum(one.near for one in counts))
