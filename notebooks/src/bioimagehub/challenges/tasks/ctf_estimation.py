"""Estimate the contrast transfer function of micrographs: defocus and astigmatism."""

from __future__ import annotations

from bioimagehub.challenges.ctf import Conventions, measure, pool
from bioimagehub.challenges.ctf import CtfErrors as Tally
from bioimagehub.challenges.metrics.ctf import METRICS

__all__ = ["KIND", "METRICS", "Conventions", "Tally", "measure", "pool"]

KIND = "values"
