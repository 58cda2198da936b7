"""Give the image as it would be without noise and blur."""

from __future__ import annotations

from bioimagehub.challenges.intensities import Conventions, measure, pool
from bioimagehub.challenges.intensities import Intensities as Tally
from bioimagehub.challenges.metrics.restoration import METRICS

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "image"
