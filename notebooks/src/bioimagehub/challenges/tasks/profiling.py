"""Describe the wells of a screen so that what acts alike looks alike."""

from __future__ import annotations

from bioimagehub.challenges.metrics.screening import METRICS
from bioimagehub.challenges.profiles import Conventions, measure, pool
from bioimagehub.challenges.profiles import Screen as Tally

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "values"
