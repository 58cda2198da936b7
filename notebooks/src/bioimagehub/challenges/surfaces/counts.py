"""The distances between two surfaces, of one case or of several."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
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
    matched : int
        How many true objects were matched with a predicted one.
    objects : ndarray of float64, shape (objects, 4)
        Hausdorff distance, its 95th percentile (both in µm), normalised surface distance and boundary F. First those of
        the matched objects, then those of missed and of invented ones, whose surface has no other.
    """

    conventions: BoundaryConventions
    truth: DistanceCounts
    prediction: DistanceCounts
    matched: int
    objects: NDArray[np.float64]

    def __repr__(self) -> str:
        objects = f", {self.matched} of {len(self.objects)} objects matched" if len(self.objects) else ""
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
        """Return the mean of one of `OBJECT_COLUMNS` over matched, missed and invented objects; see `objects`."""
        if not len(self.objects):
            return self._empty(0.0 if column.startswith("hausdorff") else 1.0)
        return float(self.objects[:, OBJECT_COLUMNS.index(column)].mean())

    def _empty(self, perfect: float) -> float:
        return perfect if self.conventions.empty == "perfect" else nan

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON, infinity as the text "inf"; nothing is rounded."""
        return {
            "conventions": self.conventions.as_dict(),
            "truth": self.truth.as_dict(),
            "prediction": self.prediction.as_dict(),
            "matched": self.matched,
            "objects": [["inf" if value == inf else value for value in row] for row in self.objects.tolist()],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SurfaceCounts:
        """Return the counts that `as_dict` wrote, exactly."""
        rows = [[float(value) for value in row] for row in values["objects"]]
        return cls(
            BoundaryConventions.from_dict(values["conventions"]),
            DistanceCounts.from_dict(values["truth"]),
            DistanceCounts.from_dict(values["prediction"]),
            values["matched"],
            np.array(rows, np.float64).reshape(-1, len(OBJECT_COLUMNS)),
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
        sum(one.matched for one in counts),
        np.concatenate([one.objects[: one.matched] for one in counts] + [one.objects[one.matched :] for one in counts]),
    )
