"""Methods: run in a sandbox, scored as their predictions are, and told what they may be told."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.hub.sandbox import NOT_FINISHED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers.portal import RunningPortal

pytestmark = pytest.mark.hub

THRESHOLD = """
import numpy as np
from scipy import ndimage

def predict(image):
    print("an image of", image.shape)
    return ndimage.label(image.values > image.values.mean())[0].astype(np.uint16)
"""
SPY = """
import os

def predict(image):
    found = []
    for folder, _, names in os.walk("/"):
        if folder.startswith(("/proc", "/sys", "/usr")):
            continue
        # The library has challenges of its own, which are no secret.
        looked = ("portal.sqlite", "a.npy", *(["challenge.yaml"] if "/portal" in folder else []))
        found += [name for name in names if name in looked]
    print("FOUND", found, sorted(name for name in os.environ if "PORTAL" in name or "TOKEN" in name))
    raise RuntimeError("the intensities of the hidden image are secret")
"""


@pytest.fixture(scope="module")
def portal(start_portal: Callable[..., RunningPortal], small_challenge: Callable[..., Path]) -> RunningPortal:
    portal = start_portal(runner=True, method_seconds=30)
    made = portal.create(small_challenge())
    assert made["state"] == "active", made
    return portal


def _run(portal: RunningPortal, user: str, source: str, phase: str = "practice", **more: str) -> dict[str, Any]:
    answer = portal.submit(user, source.encode(), phase=phase, **{"filename": "method.py", **more})
    assert answer.status_code == 201, answer.text
    return portal.wait_state(answer.json()["id"], user, "scored", "refused", "unfinished", "failed")


def test_a_method_is_run_and_scored(portal: RunningPortal) -> None:
    view = _run(portal, "ann", THRESHOLD)
    assert view["state"] == "scored", view
    assert view["kind"] == "method"
    assert [case["case"] for case in view["run"]["cases"]] == ["a", "b", "c"]
    assert "an image of (32, 32" in view["run"]["cases"][0]["log"]
    assert view["run"]["environment"]["packages"]["numpy"]
    assert view["run"]["method"].startswith("sha256:")
    result = portal.ask("GET", f"/submissions/{view['id']}/result", "ann").json()
    assert set(result["cases"]) == {"a", "b", "c"}
    session, _ = portal.log_in("ann")
    page = session.get(f"{portal.public}/submission/{view['id']}", timeout=60).text
    session.close()
    assert "How the method ran" in page
    assert "an image of (32, 32" in page


def test_a_notebook_is_a_method(portal: RunningPortal) -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": THRESHOLD}
    notebook = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert _run(portal, "ben", notebook, filename="method.ipynb")["state"] == "scored"


def test_on_the_hidden_split_only_the_hub_speaks(portal: RunningPortal) -> None:
    view = _run(portal, "cleo", SPY, phase="final")
    assert view["state"] == "unfinished"
    assert view["counts"]
    assert "cases" not in view["run"]
    assert "secret" not in json.dumps(view)
    assert "FOUND" not in json.dumps(view)
    assert view["problems"][0]["case"] == ""
    assert view["problems"][0]["what"] == view["run"]["messages"][0] == NOT_FINISHED


def test_on_the_hidden_split_all_ways_to_fail_look_alike(portal: RunningPortal) -> None:
    """Which limit it passed, or that its prediction is none, would be an answer about an image."""
    ways = [SPY, "def predict(image):\n    return 'no image'\n", "def predict(image):\n    import os; os._exit(137)\n"]
    views = [_run(portal, "fred", source, phase="final") for source in ways]
    told = [{key: view[key] for key in ("state", "counts", "problems", "stage")} for view in views]
    assert told == [told[0]] * 3
    assert [view["run"]["messages"] for view in views] == [[NOT_FINISHED]] * 3
    again = portal.submit("fred", THRESHOLD.encode(), phase="final", filename="method.py")
    assert again.status_code == 429


def test_a_method_that_never_ends_counts(portal: RunningPortal) -> None:
    view = _run(portal, "gus", "import time\n\ndef predict(image):\n    time.sleep(10_000)\n")
    assert view["state"] == "unfinished"
    assert view["counts"]
    assert "took longer than 30 s" in view["problems"][0]["what"]
    assert portal.ask("GET", "/challenges/squares", "gus").json()["phases"][0]["used_total"] == 1
    session, _ = portal.log_in("gus")
    page = session.get(f"{portal.public}/submission/{view['id']}", timeout=60).text
    session.close()
    assert "It did not finish within its limits" in page
    failing = _run(portal, "gus", "def predict(image):\n    raise ValueError\n")
    assert failing["state"] == "refused"
    assert not failing["counts"]


def test_a_method_finds_nothing(portal: RunningPortal) -> None:
    view = _run(portal, "cleo", SPY)
    assert view["state"] == "refused"
    assert len(view["run"]["cases"]) == 1, "after the first image failed, others were run"
    assert "FOUND [] []" in view["run"]["cases"][0]["log"]


@pytest.mark.parametrize("source", ["x = 1", "def predict(image:", "\x00"])
def test_what_is_no_method_is_refused(portal: RunningPortal, source: str) -> None:
    view = _run(portal, "dora", source)
    assert view["state"] == "refused"
    assert "Expected" in view["problems"][0]["what"]
    deadline = time.monotonic() + 30
    while (portal.configuration.submissions / view["id"]).exists():
        assert time.monotonic() < deadline, "the bytes of a method that was refused stay"
        time.sleep(0.05)


def test_without_a_sandbox_no_method_is_taken(portal: RunningPortal) -> None:
    portal.kill("runner")
    portal.configuration.methods_ready.unlink()
    answer = portal.submit("eve", THRESHOLD.encode(), filename="method.py")
    assert answer.status_code == 409
    assert "no sandbox" in answer.json()["detail"]
    assert "Submit predictions" in answer.json()["detail"]
    assert list(portal.configuration.inbox.iterdir()) == []
    session, _ = portal.log_in("eve")
    assert "a method:" not in session.get(f"{portal.public}/challenge/squares/practice/submit", timeout=60).text
    session.close()
