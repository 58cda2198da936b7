"""Find small spots and tell where they are."""

from __future__ import annotations

from bioimagehub.challenges.localisation import SpotCounts as Tally
from bioimagehub.challenges.localisation import measure, pool
from bioimagehub.challenges.metrics.spots import METRICS
from bioimagehub.challenges.point_matching import SpotConventions as Conventions

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "points"
