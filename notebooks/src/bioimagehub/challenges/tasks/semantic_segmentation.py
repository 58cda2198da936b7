"""Say of each pixel of which class it is."""

from __future__ import annotations

from bioimagehub.challenges.classes import ClassConventions as Conventions
from bioimagehub.challenges.classes import ClassCounts as Tally
from bioimagehub.challenges.classes import measure, pool
from bioimagehub.challenges.metrics.semantic import METRICS

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "classes"
