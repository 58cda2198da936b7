"""When a phase begins and ends: by the server's clock alone, whatever time zone it is written in."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from servers.portal import RunningPortal

pytestmark = pytest.mark.hub

PRACTICE = "  - name: practice\n    split: public\n"
DEADLINE = 180
EARLY, LATE = timezone(timedelta(hours=14)), timezone(timedelta(hours=-11))


@pytest.fixture(scope="module")
def portal(start_portal: Callable[..., RunningPortal]) -> RunningPortal:
    return start_portal()


@pytest.fixture(scope="module")
def publish(portal: RunningPortal, small_challenge: Callable[..., Path]) -> Callable[..., datetime]:
    """Return a function that makes an edition whose phase closes in so many seconds, and returns the moment."""

    def write(seconds: float, opens: str = "") -> datetime:
        closes = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
        lines = f"{PRACTICE}    closes: {closes.astimezone(EARLY).isoformat()}\n{opens}"
        edition = portal.create(small_challenge(lambda text: text.replace(PRACTICE, lines)))
        assert edition["state"] == "active", edition
        return closes

    return write


def _slowly(data: bytes, moment: datetime) -> Iterator[bytes]:
    """Give the first half of some bytes now, and the second one after a moment."""
    yield data[: len(data) // 2]
    while datetime.now(UTC) < moment:
        time.sleep(0.05)
    yield data[len(data) // 2 :]


def test_the_last_byte_decides(
    portal: RunningPortal, publish: Callable[..., datetime], predictions: Callable[..., bytes]
) -> None:
    """An upload that began before the end and is whole after it is too late; one that is whole before it is not."""
    begin = time.monotonic()
    publish(3600)
    # As long as that took, and more: the phase is still open when the uploads begin.
    closes = publish(3 * (time.monotonic() - begin) + 10)
    assert portal.ask("GET", "/challenges/squares", "ann").json()["phases"][0]["is_open"]
    in_time, too_late = closes - timedelta(seconds=3), closes + timedelta(seconds=0.5)
    assert datetime.now(UTC) < in_time
    for user in ("ann", "ben"):
        portal.token(user)
    with ThreadPoolExecutor(2) as pool:
        kept = pool.submit(portal.submit, "ann", _slowly(predictions(6), in_time))  # type: ignore[arg-type]
        late = pool.submit(portal.submit, "ben", _slowly(predictions(7), too_late))  # type: ignore[arg-type]
    assert kept.result().status_code == 201, kept.result().text
    assert late.result().status_code == 409
    said = late.result().json()["detail"]
    assert f"it closed at {closes:%Y-%m-%d %H:%M:%S} UTC" in said
    assert "Look for another phase" in said
    assert list(portal.configuration.inbox.iterdir()) == []
    assert portal.ask("GET", "/submissions", "ben").json() == []
    assert {path.name for path in portal.configuration.submissions.iterdir()} == {kept.result().json()["id"]}
    # What came in time is scored after the end.
    assert portal.wait_state(kept.result().json()["id"], "ann", "scored", "refused", "failed")["state"] == "scored"
    session, _ = portal.log_in("ann")
    page = session.get(f"{portal.public}/challenge/squares", timeout=60).text
    session.close()
    assert f"closed since {closes:%Y-%m-%d %H:%M} UTC" in page


def test_time_zones_do_not_move_a_phase(
    portal: RunningPortal, publish: Callable[..., datetime], predictions: Callable[..., bytes]
) -> None:
    """It opened an hour ago and closes in one; where these are written it is another day."""
    opens = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    closes = publish(3600, f"    opens: {opens.astimezone(LATE).isoformat()}\n")
    phase = portal.ask("GET", "/challenges/squares", "cleo").json()["phases"][0]
    assert phase["is_open"]
    assert datetime.fromisoformat(phase["opens"]) == opens
    assert datetime.fromisoformat(phase["closes"]) == closes
    for number, date in enumerate(("Wed, 15 Jan 2020 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 +1400")):
        answer = portal.ask(
            "POST", "/challenges/squares/phases/practice/submissions", "cleo", data=predictions(6 + number),
            params={"filename": "p.zip"}, headers={"Date": date, "If-Modified-Since": date},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        received = datetime.fromisoformat(
            portal.ask("GET", f"/submissions/{answer.json()['id']}", "cleo").json()["received"]
        )
        assert abs(received - datetime.now(UTC)) < timedelta(seconds=DEADLINE)


@pytest.mark.parametrize(
    ("moment", "told"), [("2031-01-01T00:00:00", "zone"), ("2031-01-01", "zone"), ("tomorrow", "no date and time")]
)
def test_a_moment_without_a_time_zone_is_refused(
    portal: RunningPortal, small_challenge: Callable[..., Path], moment: str, told: str
) -> None:
    sent = small_challenge(lambda text: text.replace(PRACTICE, f"{PRACTICE}    closes: {moment}\n")).read_bytes()
    answer = portal.ask("POST", "/editions", "olga", data=sent)
    assert answer.status_code == 400
    assert "phases[0].closes" in answer.json()["detail"]
    assert told in answer.json()["detail"]
