"""Fixtures of the widgets on a real hub.

hub : a hub with users, an admin and the portal, one for all tests of the widgets
person : logs a user of it in
lab : the JupyterLab of a user of it, in a folder of the module's own
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from servers.hub import RunningHub
from servers.hub_lab import HubLab, make_home
from servers.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

USER = "ann"


@pytest.fixture(scope="session")
def hub(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A running hub, which starts once. Whatever it left running after its end fails the last test."""
    # Without root all run under one uid, and the hub wants to be told that they may.
    settings = {"users": [USER, "eve"], "admins": ["olga"], "trust_each_other": os.geteuid() != 0}
    running = RunningHub(tmp_path_factory.mktemp("hub"), samples, settings)
    try:
        running.start()
        make_home(running, USER)
        yield running
    finally:
        running.stop(signal.SIGINT)
        left = running.marked()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left


@pytest.fixture(scope="session")
def person(hub: RunningHub) -> Iterator[Callable[..., Person]]:
    """Return a function that logs a user in, each once."""
    people: dict[str, Person] = {}

    def log_in(of: RunningHub, name: str, *, start: bool = False) -> Person:
        if name not in people:
            people[name] = Person(of.url, name, of.passwords[name])
            assert people[name].log_in().url.endswith("/hub/home")
        if start:
            people[name].start_server()
        return people[name]

    yield log_in
    for each in people.values():
        each.close()


@pytest.fixture(scope="session")
def user(hub: RunningHub, person: Callable[..., Person]) -> Person:
    """Whose server runs."""
    return person(hub, USER, start=True)


@pytest.fixture(scope="module")
def lab(hub: RunningHub, user: Person, request: pytest.FixtureRequest) -> Iterator[HubLab]:
    """The user's JupyterLab, in a folder for this module; its kernels end with it."""
    found = HubLab(hub, user, request.path.stem.removeprefix("test_"))
    yield found
    found.end_sessions()
