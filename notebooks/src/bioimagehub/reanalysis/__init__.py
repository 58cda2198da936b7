"""Reanalysis of archived images: clusters, segmentation in blocks, measurements, run records."""

from __future__ import annotations

from bioimagehub.reanalysis.clusters import Cluster, cluster
from bioimagehub.reanalysis.errors import ReanalysisError

__all__ = ["Cluster", "ReanalysisError", "cluster"]
