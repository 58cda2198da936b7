"""Uploads that are too many, too large, too slow or damaged."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import requests

    from servers.portal import RunningPortal

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def portal(start_portal: Callable[..., RunningPortal], small_challenge: Callable[..., Path]) -> RunningPortal:
    portal = start_portal()
    assert portal.create(small_challenge())["state"] == "active"
    return portal


def test_200_at_once_do_not_pass_the_limit(portal: RunningPortal, predictions: Callable[..., bytes]) -> None:
    payloads = [predictions(7, seed=number + 1) for number in range(200)]
    portal.token("mallory")
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda data: portal.submit("mallory", data, phase="final"), payloads))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(201) == 3
    assert statuses.count(429) == 197
    assert all(
        "3 a day" in answer.json()["detail"] or "still being received" in answer.json()["detail"]
        for answer in answers
        if answer.status_code == 429
    )
    alone = portal.submit("mallory", predictions(7, seed=201), phase="final")
    assert alone.status_code == 429
    assert "3 a day" in alone.json()["detail"]
    final = portal.ask("GET", "/challenges/squares", "mallory").json()["phases"][1]
    assert final["used_today"] == 3
    assert len(portal.ask("GET", "/submissions", "mallory").json()) == 3
    portal.wait_idle()
    kept = {path.name for path in portal.configuration.submissions.iterdir()}
    assert {one["id"] for one in portal.ask("GET", "/submissions", "mallory").json()} <= kept
    assert list(portal.configuration.inbox.iterdir()) == []


def test_nobody_sends_more_than_four_files_at_once(portal: RunningPortal, predictions: Callable[..., bytes]) -> None:
    """What is being received is counted by no limit yet; others are not kept waiting by it."""
    go_on, inbox = threading.Event(), portal.configuration.inbox
    files = [predictions(7, seed=number + 300) for number in range(4)]
    browser, _ = portal.log_in("lou")
    token = portal.form_token(browser)

    def slowly(data: bytes) -> Iterator[bytes]:
        yield data[:10]
        go_on.wait(60)
        yield data[10:]

    def send_form() -> requests.Response:
        return browser.post(
            f"{portal.public}/challenge/squares/practice/submit", data={"form_token": token},
            files={"file": ("p.zip", predictions(7, seed=400))}, timeout=60, allow_redirects=False,
        )  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(portal.submit, "lou", slowly(data)) for data in files]  # type: ignore[arg-type]
        try:
            deadline = time.monotonic() + 60
            while len(list(inbox.glob("*.part"))) < 4:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            refused = portal.submit("lou", predictions(7, seed=305))
            assert refused.status_code == 429
            assert "4 of yours are still being received" in refused.json()["detail"]
            assert "Send it again when one of the others has ended" in refused.json()["detail"]
            assert send_form().status_code == 429
            assert len(list(inbox.glob("*.part"))) == 4
            assert portal.submit("lea", predictions(7)).status_code == 201
        finally:
            go_on.set()
        assert [one.result().status_code for one in sent] == [201] * 4
    assert send_form().status_code == 303
    browser.close()


def test_too_many_bytes_are_not_kept(portal: RunningPortal, bens_browser: requests.Session) -> None:
    announced = portal.submit("ben", b"0" * 1_100_000)
    assert announced.status_code == 413
    assert "1,000,000 bytes" in announced.json()["detail"]

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"0" * 65536

    silent = portal.submit("ben", endless())  # type: ignore[arg-type]
    assert silent.status_code == 413
    form = {"form_token": portal.form_token(bens_browser)}
    page = bens_browser.post(
        f"{portal.public}/challenge/squares/practice/submit", data=form, files={"file": ("p.zip", b"0" * 1_100_000)},
        timeout=60,
    )  # fmt: skip
    assert page.status_code == 413
    assert list(portal.configuration.inbox.iterdir()) == []


@pytest.mark.parametrize("sent", [b"", b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n"])
def test_damaged_forms_are_told(portal: RunningPortal, bens_browser: requests.Session, sent: bytes) -> None:
    answer = bens_browser.post(
        f"{portal.url}/challenge/squares/practice/submit", data=sent, timeout=60,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert "Open the page again" in answer.text or "Choose it" in answer.text
