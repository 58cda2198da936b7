"""Kill -9 of everything at random moments: what was acknowledged is scored, each once, and nothing else is.

Thirty kills of each database are among the benchmarks.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from servers.crowd import write_challenge
from servers.kills import LEASE_SECONDS, PLAN, Senders, check_scored_once, kill_at_random
from servers.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from servers.portal import RunningPortal

pytestmark = pytest.mark.hub

KILLS = 12


@pytest.fixture(params=["sqlite", "postgresql"])
def postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Postgres | None]:
    if request.param == "sqlite":
        yield None
        return
    server = Postgres(tmp_path / "postgres").start()
    yield server
    server.stop()


def test_kill_9_at_random_moments(
    start_portal: Callable[..., RunningPortal], postgres: Postgres | None, tmp_path: Path
) -> None:
    url = None if postgres is None else postgres.url
    portal = start_portal(database=url, workers=2, lease_seconds=LEASE_SECONDS)
    assert portal.create(write_challenge(PLAN, tmp_path / "challenge.zip"))["state"] == "active"
    with Senders(portal) as senders:
        killed = kill_at_random(portal, postgres, KILLS, random.Random(20270114))
    assert len(senders.acknowledged) >= 10, portal.log("web")[-3000:]
    portal.wait_idle(240)
    check_scored_once(portal, senders.acknowledged)
    assert len(killed) == (3 if postgres is None else 4)
