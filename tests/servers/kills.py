"""Kill -9 of portal, workers and database at random moments, while people submit; and what has to be true after it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import requests
from sqlalchemy import select

from bioimagehub.hub.portal.store.models import BoardRow, JobRow, ResultRow, SubmissionRow
from servers.crowd import Plan, pack_predictions

if TYPE_CHECKING:
    import random

    from servers.portal import RunningPortal
    from servers.postgres import Postgres

PLAN = Plan(people=4, seconds=0, each=0, cases=3, side=64, pause=0.7)
# A worker that was killed renews nothing; its job is taken again when this is over.
LEASE_SECONDS = 3.0


class Senders:
    """People who submit again and again, whatever happens, and remember what was acknowledged.

    Parameters
    ----------
    portal : RunningPortal
        With the challenge of the crowd.
    """

    def __init__(self, portal: RunningPortal) -> None:
        self.acknowledged: list[tuple[str, str]] = []
        self._portal = portal
        self._stop = threading.Event()
        self._refused: list[str] = []
        people = [f"person-{number}" for number in range(PLAN.people)]
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
        assert self._refused == []

    def _send(self, person: str, number: int) -> None:
        seed = number * 1000
        while not self._stop.wait(PLAN.pause):
            seed += 1
            try:
                answer = self._portal.submit(person, pack_predictions(PLAN, 10 + seed % 7, seed), challenge="crowd")
            except requests.RequestException:
                continue
            if answer.status_code == 201:
                self.acknowledged.append((answer.json()["id"], person))
            elif answer.status_code not in (429, 503):
                self._refused.append(answer.text)


def kill_at_random(portal: RunningPortal, postgres: Postgres | None, kills: int, dice: random.Random) -> Counter[str]:
    """Kill one after the other and start it again, at random moments; return how often each was killed."""
    victims = ["web", "worker-0", "worker-1"] + ([] if postgres is None else ["postgres"])
    killed: Counter[str] = Counter()
    for number in range(kills):
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
    return killed


def check_scored_once(portal: RunningPortal, acknowledged: list[tuple[str, str]]) -> None:
    """Check that each acknowledged submission is scored once, that the rest fits, and that the board has them all."""
    store = portal.store
    with store.reading() as session:
        rows = {row.id: row for row in session.scalars(select(SubmissionRow))}
        results = Counter(session.scalars(select(ResultRow.submission_id)))
        jobs = session.scalars(select(JobRow)).all()
        boards = session.scalars(select(BoardRow).where(BoardRow.phase == "practice").order_by(BoardRow.number)).all()
    store.close()
    for identifier, person in acknowledged:
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
    assert set(rows) <= {path.name for path in portal.configuration.submissions.iterdir()}
