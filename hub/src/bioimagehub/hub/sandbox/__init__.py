"""Runs the methods of participants where they reach nothing: no network, no truth, no file but one image."""

from __future__ import annotations

from bioimagehub.hub.sandbox.bubblewrap import Bubblewrap, find_sandbox
from bioimagehub.hub.sandbox.images import open_images
from bioimagehub.hub.sandbox.installed import describe_environment
from bioimagehub.hub.sandbox.limits import MethodLimits
from bioimagehub.hub.sandbox.method import Method, load_method
from bioimagehub.hub.sandbox.running import NOT_FINISHED, CaseRun, MethodRun, run_method

__all__ = [
    "NOT_FINISHED",
    "Bubblewrap",
    "CaseRun",
    "Method",
    "MethodLimits",
    "MethodRun",
    "describe_environment",
    "find_sandbox",
    "load_method",
    "open_images",
    "run_method",
]
