"""The portal on the hub itself: its uids, its place behind the proxy, its life, and somebody with a browser."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from servers.browser import log_in, open_page
from servers.challenge import squares
from servers.submitted import npz_of, zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from servers.hub import RunningHub
    from servers.person import Kernel, Person

pytestmark = [pytest.mark.hub, pytest.mark.browser]

PREFIX = "/services/challenges"
DEADLINE = 120
NOTEBOOK_ROWS = ("from a notebook — ben", "a method — ben")

SUBMIT = """
from pathlib import Path
from bioimagehub.challenges.submitting import submit
Path("method.py").write_text('''
import numpy as np
from scipy import ndimage
def predict(image):
    return ndimage.label(image.values > image.values.mean())[0].astype(np.uint16)
''')
print(submit("p.zip", "squares", "practice", entry="from a notebook").id)
print(submit("method.py", "squares", "practice", entry="a method").id)
"""
SCORE = """
import json, os, requests, time
from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.submissions import open_predictions
challenge = load_challenge("squares")
with open_predictions("p.zip", challenge, "public") as predictions:
    local = score(challenge, "public", predictions)
address = os.environ["BIOIMAGEHUB_PORTAL_URL"] + "/api"
headers = {{"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]}}
deadline = time.monotonic() + {deadline}
while True:
    official = requests.get(address + "/submissions/{submission}/result", headers=headers, timeout=60)
    if official.ok or time.monotonic() > deadline:
        break
    time.sleep(0.5)
official = official.json()
versions = requests.get(address + "/challenges/squares/phases/practice/boards", headers=headers, timeout=60).json()
board = requests.get(
    f"{{address}}/challenges/squares/phases/practice/boards/{{versions[0]['number']}}", headers=headers, timeout=60
).json()["board"]
print(json.dumps({{"local": local.scores, "key": local.key, "official": official, "board": board}}))
"""
SPY = """
import glob, os
found = []
for path in ("{state}/portal", "{state}/portal/data", "{state}/portal/truth", "{state}/portal/truth/1",
             "{state}/portal/truth/1/hidden/a.npy", "{state}/portal/data/portal.sqlite", "{state}/portal/work"):
    try:
        found.append(os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1))
    except OSError as error:
        pass
print(found)
"""


@pytest.fixture(scope="module")
def hub(start_hub: Callable[..., RunningHub]) -> RunningHub:
    return start_hub({"users": ["ann", "ben"], "admins": ["olga"], "portal": {"workers": 2}})


@pytest.fixture(scope="module")
def challenge(hub: RunningHub, small_challenge: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A challenge that an organiser has created from a file, with a browser."""
    with open_page() as (page, _):
        log_in(page, hub.url, "olga", hub.passwords["olga"])
        page.wait_for_url("**/hub/**")
        page.goto(f"{hub.url}{PREFIX}/organise")
        page.set_input_files("#file", small_challenge())
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/organise")
        deadline = time.monotonic() + DEADLINE
        while "active" not in page.inner_text("table"):
            assert "refused" not in page.inner_text("table"), page.inner_text("table")
            assert time.monotonic() < deadline, _logs(hub)
            page.wait_for_timeout(500)
            page.reload()
    return "squares"


def _logs(hub: RunningHub) -> str:
    return "".join(f"== {path.name}\n{path.read_text()[-3000:]}\n" for path in hub.logs() if "portal" in path.name)


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: rest.strip() for name, _, rest in (line.partition(":") for line in lines)}


def test_the_portal_and_its_workers_have_uids_of_their_own(hub: RunningHub, challenge: str) -> None:
    uids = {}
    for pid, line in hub.marked().items():
        for name in ("portal.web", "portal.worker", "portal.runner"):
            if f"bioimagehub.hub.{name}" in line:
                status = _status(pid)
                uids.setdefault(name, set()).add(status["Uid"].split()[1])
                assert status["NoNewPrivs"] == "1"
                assert status["Groups"] == ""
    assert {name: len(found) for name, found in uids.items()} == dict.fromkeys(uids, 1)
    assert len(uids) == len(set.union(*uids.values())) == 3
    assert "0" not in set.union(*uids.values())


def test_the_truth_is_the_workers_alone(hub: RunningHub, challenge: str) -> None:
    folder = hub.state / "portal"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {"portal": 0o711, "data": 0o770, "truth": 0o700, "work": 0o700, "methods": 0o700}
    (web,) = (pid for pid, line in hub.marked().items() if "bioimagehub.hub.portal.web" in line)
    truth = next((folder / "truth").rglob("a.npy"))
    assert truth.stat().st_uid == (folder / "truth").stat().st_uid != (folder / "data").stat().st_uid
    # As the portal itself is, under its uid and in its group.
    for uid in {int(_status(web)["Uid"].split()[1]), 54321}:
        read = subprocess.run(["cat", str(truth)], user=uid, group=uid, extra_groups=[], capture_output=True, cwd="/")
        assert read.returncode != 0
        assert b"Permission denied" in read.stderr
    assert list((folder / "data" / "inbox").iterdir()) == []


def _write_predictions(path: Path) -> None:
    """Write a submission that has another score on each image, so that its interval has a width."""
    labels = {"a": squares(3, 7), "b": squares(9, 6), "c": squares(5)}
    path.write_bytes(zip_of({f"{case}.npz": npz_of(found) for case, found in labels.items()}))
    path.chmod(0o644)


def _wait_text(hub: RunningHub, page: Page, place: str, *texts: str) -> str:
    """Open a page again and again until a part of it has some texts; return that part's."""
    deadline = time.monotonic() + DEADLINE
    while not all(text in page.inner_text(place) for text in texts):
        assert time.monotonic() < deadline, page.inner_text("main") + _logs(hub)
        page.wait_for_timeout(300)
        page.reload()
    return page.inner_text(place)


def test_participants_submit_from_a_page_and_from_a_notebook(
    hub: RunningHub, challenge: str, predictions: Callable[..., bytes], visit: Callable[..., Person], tmp_path: Path,
    small_challenge: Callable[..., Path],
) -> None:  # fmt: skip
    kernel: Kernel = visit(hub, "ben").start_kernel()
    home = hub.state / "homes" / "ben"
    _write_predictions(home / "p.zip")
    with zipfile.ZipFile(small_challenge()) as archive:
        archive.extractall(home / "squares", [name for name in archive.namelist() if not name.startswith("hidden/")])
    sent_by_notebook = kernel.run(SUBMIT).split()
    assert len(sent_by_notebook) == 2
    assert kernel.run(SPY.format(state=hub.state)).strip() == "[]"
    sent = tmp_path / "predictions.zip"
    sent.write_bytes(predictions(7))
    with open_page(width=390, height=844) as (page, hosts):
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        log_in(page, hub.url, "ann", hub.passwords["ann"])
        page.wait_for_url("**/hub/**")
        page.goto(f"{hub.url}{PREFIX}/challenge/squares")
        page.get_by_role("link", name="Submit").first.click()
        page.set_input_files("#file", sent)
        page.get_by_role("button", name="Submit").click()
        page.wait_for_url("**/submission/*")
        assert "0.765625" in _wait_text(hub, page, "main", "Result")
        page.goto(f"{hub.url}{PREFIX}/challenge/squares/practice/board")
        _wait_text(hub, page, "table.board", "ann", *NOTEBOOK_ROWS)
        row = page.locator("table.board tr", has_text=NOTEBOOK_ROWS[0])
        assert re.search(r"\d\.\d+ to \d\.\d+", row.inner_text())
        # Nothing is wider than the phone.
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert hosts == {"127.0.0.1"}
        assert errors == []
    told = json.loads(kernel.run(SCORE.format(submission=sent_by_notebook[0], deadline=DEADLINE)))
    # To the last digit, and hashed over the same data, truth, metrics, conventions and libraries.
    assert told["official"]["scores"] == told["local"]
    assert told["official"]["key"] == told["key"]
    rows = {row["entry"]: row for row in told["board"]["rows"]}
    for name in ("ann", *NOTEBOOK_ROWS):
        value, low, high = rows[name]["scores"]["panoptic_quality"]
        assert low <= value <= high
        assert low < high or name != NOTEBOOK_ROWS[0]
        assert rows[name]["rank_low"] <= rows[name]["rank"] <= rows[name]["rank_high"]


def test_a_killed_portal_is_back(hub: RunningHub, challenge: str) -> None:
    for name in ("portal", "portal-worker-1", "portal-runner"):
        before = hub.processes()[name]
        os.kill(before, 9)
        deadline = time.monotonic() + DEADLINE
        while hub.processes().get(name, before) == before:
            assert time.monotonic() < deadline, _logs(hub)
            time.sleep(0.1)
    deadline = time.monotonic() + DEADLINE
    while requests.get(f"{hub.url}{PREFIX}/health", timeout=60).status_code != 200:
        assert time.monotonic() < deadline, _logs(hub)
        time.sleep(0.1)


def test_no_secret_is_on_a_command_line_or_in_a_log(hub: RunningHub, challenge: str) -> None:
    said = "".join(hub.marked().values()) + "".join(path.read_text() for path in hub.logs())
    for name in ("portal", "portal-cookies"):
        assert hub.secrets()[name] not in said
