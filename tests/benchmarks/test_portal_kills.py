"""Kill -9 of the portal, its workers and its database at 30 random moments, other ones each time."""

from __future__ import annotations

import random
import secrets
import time
from typing import TYPE_CHECKING

import pytest

from servers.crowd import write_challenge
from servers.kills import LEASE_SECONDS, PLAN, Senders, check_scored_once, kill_at_random
from servers.portal import RunningPortal
from servers.postgres import Postgres

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 30


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_thirty_kills(database: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, samples: Path) -> None:
    seed = secrets.randbits(32)
    postgres = None if database == "sqlite" else Postgres(tmp_path / "postgres").start()
    url = None if postgres is None else postgres.url
    portal = RunningPortal(tmp_path / "portal", url, lease_seconds=LEASE_SECONDS).start(workers=2)
    try:
        assert portal.create(write_challenge(PLAN, tmp_path / "challenge.zip"))["state"] == "active"
        begin = time.monotonic()
        with Senders(portal) as senders:
            killed = kill_at_random(portal, postgres, KILLS, random.Random(seed))
        portal.wait_idle(600)
        with capsys.disabled():
            times = ", ".join(f"{name} {count}" for name, count in sorted(killed.items()))
            print(
                f"\n{database}: killed {killed.total()} times in {time.monotonic() - begin:.0f} s ({times}; seed "
                f"{seed}), {len(senders.acknowledged)} submissions acknowledged"
            )
        assert len(senders.acknowledged) >= KILLS, portal.log("web")[-3000:]
        check_scored_once(portal, senders.acknowledged)
        with capsys.disabled():
            print("  each scored exactly once: kept")
    finally:
        portal.stop()
        if postgres is not None:
            postgres.stop()
