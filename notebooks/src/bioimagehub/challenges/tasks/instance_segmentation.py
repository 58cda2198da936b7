"""Find each object of an image and give its pixels a number of their own."""

from __future__ import annotations

from bioimagehub.challenges.conventions import Conventions
from bioimagehub.challenges.counts import Counts as Tally
from bioimagehub.challenges.counts import measure, pool
from bioimagehub.challenges.metrics.instances import METRICS

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "labels"
