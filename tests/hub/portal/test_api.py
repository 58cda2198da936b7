"""The API against its own description."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.portal import RunningPortal

pytestmark = pytest.mark.hub

# What is wrong with the bytes of a file, or with letters that cannot be seen, is in no schema.
CONFIGURATION = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 401, 403, 404, 409, 413, 429]
"""


@pytest.fixture(scope="module")
def portal(start_portal: Callable[..., RunningPortal], small_challenge: Callable[..., Path]) -> RunningPortal:
    portal = start_portal()
    assert portal.create(small_challenge())["state"] == "active"
    return portal


@pytest.mark.parametrize("user", ["ann", "olga"])
def test_the_api_keeps_to_its_description(
    portal: RunningPortal, predictions: Callable[..., bytes], user: str, tmp_path: Path
) -> None:
    """Schemathesis sends what the description allows, and what it does not: it finds no answer that is not in it."""
    sent = portal.submit(user, predictions(7)).json()["id"]
    portal.wait_state(sent, user, "scored")
    portal.wait_idle()
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    checked = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{portal.url}/api/openapi.json"),
            *("--header", f"Authorization: token {portal.token(user)}", "--seed", "1", "--max-examples", "12"),
            *("--generation-database", "none", "--no-color", "--request-timeout", "30"),
            *("--phases", "examples,coverage,fuzzing,stateful"),
        ],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout[-6000:] + checked.stderr[-2000:]


def test_every_operation_is_described(portal: RunningPortal) -> None:
    description = requests.get(f"{portal.url}/api/openapi.json", timeout=60).json()
    assert description["openapi"].startswith("3.1")
    for path, item in description["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            assert operation["description"], (method, path)
            assert operation["security"], (method, path)
            assert {"401", "503"} <= set(operation["responses"])
            for parameter in operation.get("parameters", []):
                assert parameter["description"], (method, path, parameter["name"])


def test_errors_tell_what_to_do(portal: RunningPortal) -> None:
    unknown = portal.ask("GET", "/challenges/nothing", "ann")
    assert unknown.status_code == 404
    assert "list of challenges" in unknown.json()["detail"]
    phase = portal.ask("POST", "/challenges/squares/phases/nothing/submissions", "ann", params={"filename": "x"})
    assert phase.status_code == 404
    assert "Expected one of: final, future, past, practice" in phase.json()["detail"]
    nameless = portal.ask("POST", "/challenges/squares/phases/practice/submissions", "ann", data=b"x")
    assert nameless.status_code == 422
    assert "filename" in nameless.json()["detail"]
    assert portal.ask("GET", "/nothing", "ann").status_code == 404
    assert portal.ask("PUT", "/challenges", "ann").status_code == 405
