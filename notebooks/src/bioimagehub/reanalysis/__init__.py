"""Reanalysis of archived images: a cluster, nuclei found in blocks, a table, and the record of the run."""

from __future__ import annotations

from bioimagehub.reanalysis.blocks import segment_in_blocks
from bioimagehub.reanalysis.clusters import Cluster, cluster
from bioimagehub.reanalysis.errors import ReanalysisError
from bioimagehub.reanalysis.figures import draw_overlay
from bioimagehub.reanalysis.measure import measure_objects
from bioimagehub.reanalysis.run import RunRecord, begin_run, load_run, write_results
from bioimagehub.reanalysis.segmentation import segment_nuclei

__all__ = [
    "Cluster",
    "ReanalysisError",
    "RunRecord",
    "begin_run",
    "cluster",
    "draw_overlay",
    "load_run",
    "measure_objects",
    "segment_in_blocks",
    "segment_nuclei",
    "write_results",
]
