"""Tell where the landmarks of one image are in another."""

from __future__ import annotations

from bioimagehub.challenges.landmarks import LandmarkConventions as Conventions
from bioimagehub.challenges.landmarks import LandmarkErrors as Tally
from bioimagehub.challenges.landmarks import measure, pool
from bioimagehub.challenges.metrics.registration import METRICS

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "landmarks"
