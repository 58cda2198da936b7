"""Say how many objects there are."""

from __future__ import annotations

from bioimagehub.challenges.metrics.counting import METRICS
from bioimagehub.challenges.tallies import CountConventions as Conventions
from bioimagehub.challenges.tallies import Tallies as Tally
from bioimagehub.challenges.tallies import measure, pool

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "values"
