"""Metrics of others, in the Python that has them: a question a line comes in as JSON, an answer a line goes out.

Run by `peers.Peer`, never imported. A question names a function and two label images as .npy files; the answer holds
what it gave and how long it took, without imports and without reading the files.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import types
from functools import cache
from importlib import metadata
from time import perf_counter

import numpy as np


@cache
def module_of(package, name):
    """Import a module without its package's own start, which wants PyTorch in both packages."""
    shell = types.ModuleType(package)
    shell.__path__ = list(importlib.util.find_spec(package).submodule_search_locations)
    sys.modules[package] = shell
    return importlib.import_module(f"{package}.{name}")


@cache
def image_at(path):
    return np.load(path)


def cellpose(truth, prediction, thresholds):
    found = module_of("cellpose", "metrics").average_precision(truth, prediction, thresholds)
    return dict(zip(("ap", "tp", "fp", "fn"), (np.atleast_1d(one).tolist() for one in found), strict=True))


def hovernet(function):
    # The package's metrics folder runs nothing at its start, so its one module can be named whole.
    return getattr(module_of("hover_net", "metrics.stats_utils"), function)


def aggregated_jaccard(truth, prediction, _):
    return float(hovernet("get_fast_aji")(truth, prediction))


def aggregated_jaccard_plus(truth, prediction, _):
    return float(hovernet("get_fast_aji_plus")(truth, prediction))


def panoptic_quality(truth, prediction, _):
    (_, _, quality), (pairs, _, missed, made_up) = hovernet("get_fast_pq")(truth, prediction)
    return {"pq": float(quality), "tp": len(pairs), "fp": len(made_up), "fn": len(missed)}


PEERS = {
    "cellpose": cellpose,
    "hovernet aggregated_jaccard": aggregated_jaccard,
    "hovernet aggregated_jaccard_plus": aggregated_jaccard_plus,
    "hovernet panoptic_quality": panoptic_quality,
}


def answer(question):
    work = PEERS[question["what"]]
    images = [image_at(path) for path in question["images"]]
    start = perf_counter()
    try:
        value = work(*images, question["thresholds"])
    except (ArithmeticError, IndexError, TypeError, ValueError) as problem:
        return {"error": type(problem).__name__}
    return {"value": value, "ms": (perf_counter() - start) * 1e3}


def main():
    versions = {name: metadata.version(name) for name in ("cellpose", "hover-net", "numpy", "scipy")}
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
