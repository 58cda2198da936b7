"""Reconstruct the map of a molecule, as like the true one, or another half map, as finely as can be."""

from __future__ import annotations

from bioimagehub.challenges.fourier import Conventions, measure, pool
from bioimagehub.challenges.fourier import Shells as Tally
from bioimagehub.challenges.metrics.maps import METRICS

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "map"
