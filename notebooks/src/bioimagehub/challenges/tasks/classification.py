"""Say of which class each item is."""

from __future__ import annotations

from bioimagehub.challenges.answers import Answers as Tally
from bioimagehub.challenges.answers import Conventions, measure, pool
from bioimagehub.challenges.metrics.classification import METRICS

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "values"
