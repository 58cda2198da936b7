"""A class starts its servers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.hub import RunningHub
    from servers.person import Person

pytestmark = pytest.mark.hub

STUDENTS = [f"student-{number}" for number in range(15)]


def test_fifteen_servers_asked_for_at_once_all_start(
    start_hub: Callable[..., RunningHub], visit: Callable[..., Person]
) -> None:
    hub = start_hub({"users": STUDENTS, "servers": {"start_seconds": 300}})
    people = [visit(hub, name, start=False) for name in STUDENTS]
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(lambda person: person.request_server(), people))
        list(pool.map(lambda person: person.wait_server(), people))
    running = [user["name"] for user in hub.api("GET", "/users") if user["servers"].get("", {}).get("ready")]
    assert sorted(running) == sorted(STUDENTS)
    assert [person.get(f"/user/{person.name}/api/status").status_code for person in people] == [200] * 15
