"""Metrics of tracking, from the `TrackCounts` of a sequence or of several that were pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.tracks import (
    aogm,
    bc,
    bio,
    cca,
    chota,
    ct,
    det,
    lnk,
    op_clb,
    op_csb,
    op_ctb,
    seg,
    tf,
    tra,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "aogm": aogm,
    "bc": bc,
    "bio": bio,
    "cca": cca,
    "chota": chota,
    "ct": ct,
    "det": det,
    "lnk": lnk,
    "op_clb": op_clb,
    "op_csb": op_csb,
    "op_ctb": op_ctb,
    "seg": seg,
    "tf": tf,
    "tra": tra,
}
