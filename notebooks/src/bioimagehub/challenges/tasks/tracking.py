"""Find the objects of a time-lapse, follow them, and tell which came from which."""

from __future__ import annotations

from bioimagehub.challenges.metrics.tracks import METRICS
from bioimagehub.challenges.tracks import Conventions, measure, pool
from bioimagehub.challenges.tracks import TrackCounts as Tally

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "tracks"
