"""Find each object of an image and give its pixels a number of their own."""

from __future__ import annotations

from bioimagehub.challenges.outlines import METRICS, measure, pool
from bioimagehub.challenges.outlines import OutlineConventions as Conventions
from bioimagehub.challenges.outlines import OutlineCounts as Tally

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "labels"
