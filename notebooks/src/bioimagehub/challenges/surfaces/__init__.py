"""What boundary metrics are computed from: the distances between the surfaces of truth and prediction."""

from __future__ import annotations

from bioimagehub.challenges.surfaces.conventions import BoundaryConventions
from bioimagehub.challenges.surfaces.counts import SurfaceCounts, pool
from bioimagehub.challenges.surfaces.measuring import measure

__all__ = ["BoundaryConventions", "SurfaceCounts", "measure", "pool"]
