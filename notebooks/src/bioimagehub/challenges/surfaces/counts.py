"""The distances between two surfaces, of one case or of several."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, inf, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.surfaces.conventions import BoundaryConventions
from bioimagehub.challenges.surfaces.tallies import DistanceCounts, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

OBJECT_COLUMNS = ("hausdorff", "hausdorff_95", "normalised_surface_distance", "boundary_f")


@dataclass(frozen=True, eq=False, repr=False)
class SurfaceCounts:
    """The distances between the surfaces of truth and prediction, and the scores of their objects.

    Attributes
    ----------
    conventions : BoundaryConventions
        What the surfaces are, and how they are compared.
    truth, prediction : DistanceCounts
        The distances of the true surface to the predicted one, and the other way, of all objects taken as one mask.
    objects : ndarray of float64, shape (matched objects, 4)
        Hausdorff distance, its 95th percentile (both in µm), normalised surface distance and boundary F of each pair of
        matched objects, in the order of the true labels.
    unmatched : int
        How many objects were missed or invented, so that their surface has no other.
    unmatched_distance : float
        The sum of the distances that these count, in µm.
    """

    conventions: BoundaryConventions
    truth: DistanceCounts
    prediction: DistanceCounts
    objects: NDArray[np.float64]
    unmatched: int = 0
    unmatched_distance: float = 0.0

    def __repr__(self) -> str:
        found = len(self.objects), len(self.objects) + self.unmatched
        objects = f", {found[0]} of {found[1]} objects matched" if found[1] else ""
        return f"<SurfaceCounts: Hausdorff distance {self.hausdorff():.4g} µm{objects}>"

    @property
    def is_empty(self) -> bool:
        """Whether there is no surface in truth nor in prediction."""
        return self.truth.total + self.prediction.total == 0

    def hausdorff(self) -> float:
        """Return the largest distance of either surface to the other, in µm."""
        if self.is_empty:
            return self._empty(0.0)
        return max(self.truth.largest, self.prediction.largest)

    def hausdorff_95(self) -> float:
        """Return the distance that 95 % of the surfaces do not exceed, in µm, as the conventions say."""
        if self.is_empty:
            return self._empty(0.0)
        pooled = self.conventions.percentile == "pooled"
        sides = [join([self.truth, self.prediction])] if pooled else [self.truth, self.prediction]
        return max(side.percentile(95, interpolated=self.conventions.surface == "voxels") for side in sides)

    def normalised_surface_distance(self) -> float:
        """Return the share of both surfaces that lies within the tolerance of the other one."""
        if self.is_empty:
            return self._empty(1.0)
        return (self.truth.near + self.prediction.near) / (self.truth.total + self.prediction.total)

    def boundary_f(self) -> float:
        """Return the harmonic mean of the share of each surface that lies within the tolerance of the other one."""
        if self.is_empty:
            return self._empty(1.0)
        if self.truth.near == 0 or self.prediction.near == 0:
            return 0.0
        recall, precision = self.truth.near / self.truth.total, self.prediction.near / self.prediction.total
        return 2 * precision * recall / (precision + recall)

    def mean_of_objects(self, column: str) -> float:
        """Return the mean of one of `OBJECT_COLUMNS` over matched, missed and invented objects."""
        is_distance = column.startswith("hausdorff")
        count = len(self.objects) + self.unmatched
        if not count:
            return self._empty(0.0 if is_distance else 1.0)
        total = fsum(self.objects[:, OBJECT_COLUMNS.index(column)])
        return (total + (self.unmatched_distance if is_distance else 0.0)) / count

    def _empty(self, perfect: float) -> float:
        return perfect if self.conventions.empty == "perfect" else nan

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON, infinity as the text "inf"; nothing is rounded."""
        return {
            "conventions": self.conventions.as_dict(),
            "truth": self.truth.as_dict(),
            "prediction": self.prediction.as_dict(),
            "objects": self.objects.tolist(),
            "unmatched": self.unmatched,
            "unmatched_distance": "inf" if self.unmatched_distance == inf else self.unmatched_distance,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SurfaceCounts:
        """Return the counts that `as_dict` wrote, exactly."""
        return cls(
            BoundaryConventions.from_dict(values["conventions"]),
            DistanceCounts.from_dict(values["truth"]),
            DistanceCounts.from_dict(values["prediction"]),
            np.array(values["objects"], np.float64).reshape(-1, len(OBJECT_COLUMNS)),
            values["unmatched"],
            float(values["unmatched_distance"]),
        )


def pool(counts: Sequence[SurfaceCounts]) -> SurfaceCounts:
    """Join the distances of cases that were measured by the same conventions, as if they were one case.

    Parameters
    ----------
    counts : sequence of SurfaceCounts
        At least one.
    """
    return SurfaceCounts(
        counts[0].conventions,
        join([one.truth for one in counts]),
        join([one.prediction for one in counts]),
        np.concatenate([one.objects for one in counts]),
        sum(one.unmatched for one in counts),
        fsum(one.unmatched_distance for one in counts),
    )
