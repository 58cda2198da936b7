"""Kill -9 of everything at random moments: what was acknowledged is scored, each once, and nothing else is."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import requests
from sqlalchemy import select

from bioimagehub.hub.portal.store.models import BoardRow, JobRow, ResultRow, SubmissionRow
from servers.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from servers.portal import RunningPortal

pytestmark = pytest.mark.hub

KILLS = 12
PEOPLE = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Postgres | None]:
    if request.param == "sqlite":
        yield None
        return
    server = Postgres(tmp_path / "postgres").start()
    yield server
    server.stop()


class Senders:
    """People who submit again and again, whatever happens, and remember what was acknowledged."""

    def __init__(self, portal: RunningPortal, predictions: Callable[..., bytes]) -> None:
        self.acknowledged: list[tuple[str, str]] = []
        self._portal, self._predictions = portal, predictions
        self._stop = threading.Event()
        people = [f"person-{number}" for number in range(PEOPLE)]
        for person in people:
            portal.token(person)
        self._threads = [threading.Thread(target=self._send, args=(person, n)) for n, person in enumerate(people)]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)

    def _send(self, person: str, number: int) -> None:
        seed = number * 1000
        while not self._stop.wait(0.7):
            seed += 1
            try:
                answer = self._portal.submit(person, self._predictions(5 + seed % 4, seed=seed))
            except requests.RequestException:
                continue
            if answer.status_code == 201:
                self.acknowledged.append((answer.json()["id"], person))
            else:
                assert answer.status_code in (429, 503), answer.text


def test_kill_9_at_random_moments(
    start_portal: Callable[..., RunningPortal], small_challenge: Callable[..., Path],
    predictions: Callable[..., bytes], postgres: Postgres | None, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dice = random.Random(20270114)
    # A worker that was killed renews nothing; its job is taken again when this is over.
    portal = start_portal(
        database=None if postgres is None else postgres.url, workers=2, lease_seconds=3.0,
    )  # fmt: skip
    text = {"change": lambda text: text.replace("per_day: 20", "per_day: 1000")}
    assert portal.create(small_challenge(**text))["state"] == "active"
    victims = ["web", "worker-0", "worker-1"] + ([] if postgres is None else ["postgres"])
    killed: Counter[str] = Counter()
    with Senders(portal, predictions) as senders:
        for number in range(KILLS):
            time.sleep(dice.uniform(0.05, 1.5))
            victim = victims[number % len(victims)]
            killed[victim] += 1
            if victim == "postgres" and postgres is not None:
                postgres.kill()
                postgres.start()
                continue
            portal.kill(victim)
            if victim == "web":
                portal.start_web()
            else:
                portal.start_worker(victim)
    assert len(senders.acknowledged) >= 10, portal.log("web")[-3000:]
    portal.wait_idle(240)
    store = portal.store
    with store.reading() as session:
        rows = {row.id: row for row in session.scalars(select(SubmissionRow))}
        results = Counter(session.scalars(select(ResultRow.submission_id)))
        jobs = session.scalars(select(JobRow)).all()
        boards = session.scalars(select(BoardRow).where(BoardRow.phase == "practice").order_by(BoardRow.number)).all()
    store.close()
    for identifier, person in senders.acknowledged:
        assert rows[identifier].user == person
        assert rows[identifier].state == "scored", (rows[identifier].state, portal.log("worker-0")[-3000:])
        assert results[identifier] == 1
    # What was kept and not acknowledged, since the portal was killed before it could say so, is scored once, too.
    assert set(results) == set(rows)
    assert set(results.values()) == {1}
    assert all(job.state == "done" for job in jobs)
    assert [board.number for board in boards] == list(range(1, len(boards) + 1))
    assert {row["entry"] for row in boards[-1].board["rows"] if not row["is_control"]} == {
        row.user for row in rows.values()
    }
    assert set(killed) == set(victims)
    kept = {path.name for path in portal.configuration.submissions.iterdir()}
    assert set(rows) <= kept
