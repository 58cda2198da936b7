"""The scores of py-ctcmetrics and traccuracy, from folders of the Cell Tracking Challenge."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.metrics.tracks import METRICS
from bioimagehub.challenges.tracks import Conventions, Tracks, measure, write_ctc_folder

if TYPE_CHECKING:
    from pathlib import Path

OPERATIONS = ("ns", "fn", "fp", "ed", "ea", "ec")


def write_both(folder: Path, truth: Tracks, prediction: Tracks) -> Path:
    write_ctc_folder(truth, folder / "01_GT", truth=True)
    write_ctc_folder(prediction, folder / "01_RES")
    return folder


def ours(truth: Tracks, prediction: Tracks, conventions: Conventions) -> dict[str, float]:
    """All metrics, and the six operations."""
    counts = measure(truth, prediction, conventions=conventions)
    scores = {name: metric.score(counts) for name, metric in METRICS.items()}
    return scores | {name: getattr(counts, name) for name in OPERATIONS}


def py_ctcmetrics(folder: Path, tolerance: int = 0, *, chota: bool = True) -> dict[str, float]:
    """In our names; NaN for what it has no value for, nothing for a result that it calls invalid.

    Its CHOTA fails where a frame of the truth has no object.
    """
    from ctc_metrics.scripts.evaluate import evaluate_sequence

    wanted = [
        *(["CHOTA"] if chota else []),
        "Valid",
        "DET",
        "SEG",
        "TRA",
        "LNK",
        "CT",
        "TF",
        "BC",
        f"BC({tolerance})",
        "CCA",
    ]
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = evaluate_sequence(str(folder / "01_RES"), str(folder / "01_GT"), wanted, threads=1)
    if not found["Valid"]:
        return {}
    names = {"bc": f"BC({tolerance})", "bio": f"BIO({tolerance})"}
    names |= {name: f"AOGM_{name.upper()}" for name in OPERATIONS}
    left_out = {"op_clb"} if chota else {"op_clb", "chota"}
    names |= {name: name.upper() for name in METRICS if name not in names and name not in left_out}
    scores = {name: np.nan if found[theirs] is None else float(found[theirs]) for name, theirs in names.items()}
    return scores | {"op_clb": (scores["lnk"] + scores["bio"]) / 2}


def traccuracy(folder: Path) -> dict[str, float]:
    """AOGM and what comes of it, and CHOTA, in our names."""
    from traccuracy import run_metrics
    from traccuracy.loaders import load_ctc_data
    from traccuracy.matchers import CTCMatcher
    from traccuracy.metrics import CHOTAMetric, CTCMetrics

    found: dict[str, Any] = {}
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        truth = load_ctc_data(str(folder / "01_GT" / "TRA"), name="truth")
        prediction = load_ctc_data(str(folder / "01_RES"), name="prediction")
        results, _ = run_metrics(truth, prediction, CTCMatcher(), [CTCMetrics(), CHOTAMetric()])
    for result in results:
        found |= result["results"]
    names = {name: name.upper() for name in ("aogm", "chota", "det", "lnk", "tra")}
    names |= {
        "ns": "ns_nodes",
        "fn": "fn_nodes",
        "fp": "fp_nodes",
        "ed": "fp_edges",
        "ea": "fn_edges",
        "ec": "ws_edges",
    }
    return {name: float(found[theirs]) for name, theirs in names.items()}
