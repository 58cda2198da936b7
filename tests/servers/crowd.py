"""A crowd: many people who submit to a portal and look at its pages, each at moments of their own."""

from __future__ import annotations

import io
import math
import random
import re
import threading
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import requests
from sqlalchemy import select

from bioimagehub.hub.portal.store.models import BoardRow, ResultRow, SubmissionRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from servers.portal import RunningPortal

CHALLENGE = """\
name: crowd
title: Crowd
summary: Fields of view, of which many people outline the squares at once.
task: instance_segmentation
licence: CC0-1.0
organisers:
  - name: Ada Example
data:
  entries:
    - {{identifier: "samples:bbbc038-nuclei", facts: {facts}}}
splits:
  public:
    truth: {{folder: public}}
    cases:
{cases}
phases:
  - {{name: practice, split: public, limits: {{per_day: 1000, size: 15 MB}}}}
metrics:
  - panoptic_quality
  - {{metric: f1, aggregate: pooled}}
"""
CASE = (
    """      - {{id: case-{number}, entry: "samples:bbbc038-nuclei", selection: {{y: [0, {side}], x: [0, {side}]}}}}"""
)
PRACTICE = "/challenge/crowd/practice"
TILE = 32
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@dataclass(frozen=True)
class Plan:
    """What the people do.

    Attributes
    ----------
    people : int
    seconds : float
        In which they do it.
    each : int
        Submissions of each of them.
    cases, side : int
        Images of the challenge, and pixels of their sides. A prediction has two bytes a pixel and is not compressed.
    pause : float
        Mean time from one page of a person to the next, in seconds.
    """

    people: int
    seconds: float
    each: int
    cases: int
    side: int
    pause: float


@dataclass
class Story:
    """What they met with.

    Attributes
    ----------
    acknowledged : dict of str to str
        Who sent a submission, by its id.
    sent : int
        Bytes of these.
    pages : list of (str, float)
        The kind of a page, and the seconds from asking for it to its last byte.
    answers : list of float
        Seconds from the first byte of a submission to its acknowledgement.
    failures : list of str
        What was answered otherwise than it should.
    """

    acknowledged: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    pages: list[tuple[str, float]] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def percentile(seconds: Sequence[float], share: float = 0.95) -> float:
    """Return the time that a share of the times does not pass."""
    return sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]


def _tiles(side: int, size: int) -> NDArray[np.uint16]:
    """Return a label image full of squares, one in each tile."""
    labels = np.zeros((side, side), np.uint16)
    for number, (y, x) in enumerate((y, x) for y in range(1, side, TILE) for x in range(1, side, TILE)):
        labels[y : y + size, x : x + size] = number + 1
    return labels


def write_challenge(plan: Plan, path: Path) -> Path:
    """Write the challenge of the crowd with its truth."""
    from bioimagehub.catalogs import open_catalog, pins

    facts = pins.digest(open_catalog()["samples:bbbc038-nuclei"].model_copy(update={"checksum": None}))
    cases = "\n".join(CASE.format(number=number, side=plan.side) for number in range(plan.cases))
    truth = io.BytesIO()
    np.save(truth, _tiles(plan.side, TILE // 2))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("challenge.yaml", CHALLENGE.format(facts=facts, cases=cases))
        for number in range(plan.cases):
            archive.writestr(f"public/case-{number}.npy", truth.getvalue())
    return path


@lru_cache(maxsize=8)
def _member(side: int, size: int, seed: int = 0) -> bytes:
    labels = _tiles(side, size)
    if seed:
        labels[-1, -1] = 40_000 + seed % 20_000
    file = io.BytesIO()
    np.savez(file, labels=labels)
    return file.getvalue()


def pack_predictions(plan: Plan, size: int, seed: int) -> bytes:
    """Return a submission; each seed gives other bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for number in range(plan.cases):
            archive.writestr(f"case-{number}.npz", _member(plan.side, size, 0 if number else seed))
    return buffer.getvalue()


class Crowd:
    """People who are logged in and hold a token; of every two, one sends by the form of the page, one by the API.

    Parameters
    ----------
    portal : RunningPortal
        With the challenge of the crowd.
    plan : Plan
        What they do.
    """

    def __init__(self, portal: RunningPortal, plan: Plan) -> None:
        self._portal, self._plan = portal, plan
        self._lock = threading.Lock()
        self._names = [f"person-{number:03}" for number in range(plan.people)]
        with ThreadPoolExecutor(4) as pool:
            self._sessions = dict(zip(self._names, pool.map(self._come, self._names), strict=True))
        self.story = Story()

    def _come(self, name: str) -> requests.Session:
        session, page = self._portal.log_in(name)
        assert page.status_code == 200, page.text
        return session

    def live(self) -> Story:
        """Have everybody do what they do, and return what they met with."""
        begin = time.monotonic()
        threads = [
            threading.Thread(target=self._live, args=(number, name, begin), daemon=True)
            for number, name in enumerate(self._names)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for session in self._sessions.values():
            session.close()
        return self.story

    def _live(self, number: int, name: str, begin: float) -> None:
        plan, dice = self._plan, random.Random(number)
        acts = [(dice.uniform(0, plan.seconds), seed) for seed in range(1, plan.each + 1)]
        moment = dice.expovariate(1 / plan.pause)
        while moment < plan.seconds:
            acts.append((moment, 0))
            moment += dice.expovariate(1 / plan.pause)
        own: list[str] = []
        for moment, seed in sorted(acts):
            time.sleep(max(0.0, begin + moment - time.monotonic()))
            try:
                if seed:
                    own += self._submit(number, name, seed + number * plan.each)
                else:
                    self._look(name, own, dice)
            except requests.RequestException as error:
                self._fail(f"{type(error).__name__}: {error}")

    def _look(self, name: str, own: list[str], dice: random.Random) -> None:
        pages = {
            "challenges": "/", "challenge": "/challenge/crowd", "board": f"{PRACTICE}/board",
            "own submissions": "/submissions",
        }  # fmt: skip
        if own:
            pages["submission"] = f"/submission/{own[-1]}"
        kind = dice.choice(list(pages))
        begin = time.monotonic()
        # Not through the proxy of the plain JupyterHub, which takes ten requests at once; the hub has another one.
        answer = self._sessions[name].get(f"{self._portal.url}{pages[kind]}", timeout=120)
        seconds = time.monotonic() - begin
        if answer.status_code != 200 or "/hub/" in answer.url:
            self._fail(f"{pages[kind]}: {answer.status_code} at {answer.url}")
        with self._lock:
            self.story.pages.append((kind, seconds))

    def _submit(self, number: int, name: str, seed: int) -> list[str]:
        data = pack_predictions(self._plan, 10 + seed % 7, seed)
        begin = time.monotonic()
        if number % 2:
            answer = self._portal.submit(name, data, challenge="crowd")
            identifier = answer.json().get("id", "") if answer.status_code == 201 else ""
        else:
            session, url = self._sessions[name], f"{self._portal.url}{PRACTICE}/submit"
            found = FORM_TOKEN.search(session.get(url, timeout=120).text)
            answer = session.post(
                url, data={"form_token": found[1] if found else ""}, files={"file": ("predictions.zip", data)},
                timeout=120, allow_redirects=False,
            )  # fmt: skip
            identifier = answer.headers["location"].rpartition("/")[2] if answer.status_code == 303 else ""
        seconds = time.monotonic() - begin
        if not identifier:
            self._fail(f"a submission: {answer.status_code}: {answer.text[:300]}")
            return []
        with self._lock:
            self.story.acknowledged[identifier] = name
            self.story.sent += len(data)
            self.story.answers.append(seconds)
        return [identifier]

    def _fail(self, what: str) -> None:
        with self._lock:
            self.story.failures.append(what)


def find_lost(portal: RunningPortal, acknowledged: dict[str, str]) -> list[str]:
    """Return what of the acknowledged submissions is not scored exactly once, or is missing on the newest board."""
    store = portal.store
    with store.reading() as session:
        rows = {row.id: row for row in session.scalars(select(SubmissionRow))}
        results = Counter(session.scalars(select(ResultRow.submission_id)))
        newest = session.scalars(select(BoardRow).order_by(BoardRow.id.desc()).limit(1)).one()
    store.close()
    ranked = {row["entry"] for row in newest.board["rows"]}
    return [
        f"{identifier} of {name}"
        for identifier, name in acknowledged.items()
        if identifier not in rows
        or (rows[identifier].user, rows[identifier].state) != (name, "scored")
        or results[identifier] != 1
        or name not in ranked
    ]
