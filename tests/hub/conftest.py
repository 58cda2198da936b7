"""Fixtures of the hub's tests.

Real hubs
    start_hub: makes and starts a hub, ends it after the test and looks for what is left of it
    visit: logs a user of a hub in; closes the connections after the tests
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from servers.hub import RunningHub
from servers.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ORDINARY_UID = 54321


def _needs_root() -> None:
    if os.geteuid() != 0 and "CI" not in os.environ:
        pytest.skip("keeping users apart needs root")


@pytest.fixture(scope="module")
def start_hub(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Callable[..., RunningHub]]:
    """Return a function that starts a hub. Whatever it left running after its end fails the test."""
    with ExitStack() as stack:

        def start(settings: dict[str, Any] | None = None, *, ordinary: bool = False) -> RunningHub:
            _needs_root()
            folder = tmp_path_factory.mktemp("hub")
            before = _as_ordinary_user(folder) if ordinary else None
            hub = RunningHub(folder, samples, settings, before)
            if ordinary:
                for path in (folder, hub.state, hub.settings_file):
                    os.chown(path, ORDINARY_UID, ORDINARY_UID)
            stack.callback(_stop_clean, hub)
            return hub.start()

        yield start


@pytest.fixture(scope="module")
def visit() -> Iterator[Callable[..., Person]]:
    """Return a function that logs a user in and starts the user's server."""
    people: list[Person] = []

    def log_in(hub: RunningHub, name: str, *, start: bool = True) -> Person:
        person = Person(hub.url, name, hub.passwords[name])
        people.append(person)
        assert person.log_in().url.endswith("/hub/home")
        if start:
            person.start_server()
        return person

    yield log_in
    for person in people:
        person.close()


def _stop_clean(hub: RunningHub) -> None:
    # Ctrl-C; `bioimagehub down` has a test of its own.
    hub.stop(signal.SIGINT)
    left = hub.marked()
    for pid in left:
        os.kill(pid, 9)
    assert not left


def _as_ordinary_user(folder: Path) -> list[str]:
    """Return the command that runs another one as an ordinary user who can read Python and `folder`."""
    from bioimagehub.hub.isolation import hidden_above, needed_paths
    from bioimagehub.hub.settings import Settings

    command = [sys.executable, "-I", "-m", "bioimagehub.hub.confine", "--folder", str(folder)]
    command += ["--uid", str(ORDINARY_UID)]
    for path in needed_paths(Settings(state=folder)):
        if hidden_above(path) is not None:
            command += ["--show", str(path)]
    return [*command, "--"]
