"""Runs the processes of a hub: starts them, starts again what dies, and ends everything at the end."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bioimagehub.hub.cgroups import find_controllers
from bioimagehub.hub.children import Child, make_children
from bioimagehub.hub.errors import HubNotRunningError, HubRunningError
from bioimagehub.hub.isolation import Isolation, hub_name
from bioimagehub.hub.processes import end, find_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

    from bioimagehub.hub.settings import Settings
    from bioimagehub.hub.state import StateFolder

STOP_SECONDS = 90.0
SETTLED_SECONDS = 10.0


@contextmanager
def locked(folder: StateFolder) -> Iterator[None]:
    """Hold the state folder for one hub.

    Raises
    ------
    HubRunningError
        If another hub holds it.
    """
    file = (folder.run / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        msg = (
            f"Cannot start a hub on {folder.root}: one is running there (process {file.read().strip()}). "
            "`bioimagehub status` shows it, `bioimagehub down` stops it."
        )
        file.close()
        raise HubRunningError(msg) from None
    with file:
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def running_pid(folder: StateFolder) -> int | None:
    """Return the process id of the hub that runs on a state folder, or None."""
    path = folder.run / "lock"
    if not path.exists():
        return None
    with path.open("a+") as file:
        if not _is_locked(file):
            return None
        file.seek(0)
        return int(file.read() or 0) or None


def _is_locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


class Supervisor:
    """The processes of one hub.

    Parameters
    ----------
    settings : Settings
        The settings in force.
    say : callable
        Gets one line of text for what the operator should know.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._isolation = Isolation.of(settings)
        self._folder = self._isolation.folder
        self._say = say
        self._stopping = threading.Event()
        self._children: list[Child] = make_children(settings, self._folder)

    def run(self, announce: Callable[[], None]) -> None:
        """Run the hub until SIGINT or SIGTERM, then end everything.

        Parameters
        ----------
        announce : callable
            Called once, when the log-in page answers.

        Raises
        ------
        StartError
            If a process does not become ready; the others are ended.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stopping.set())
        try:
            self._start()
            if not self._stopping.is_set():
                announce()
            while not self._stopping.wait(0.2):
                self._revive()
        finally:
            self._stop()

    def _start(self) -> None:
        for phase in sorted({child.phase for child in self._children}):
            together = [child for child in self._children if child.phase == phase]
            for child in together:
                child.start()
            for child in together:
                if not self._stopping.is_set():
                    child.wait_ready()

    def _revive(self) -> None:
        """Start again what has died: at once, and slower and slower when it keeps dying."""
        now = time.monotonic()
        for child in self._children:
            if child.running():
                if now - child.started > SETTLED_SECONDS:
                    child.failures = 0
                continue
            if now - child.started < min(30.0, 0.25 * 2**child.failures):
                continue
            code = child.process.returncode if child.process else None
            self._say(f"{child.name} ended with status {code}; starting it again (log: {child.log})")
            child.failures += 1
            child.start()

    def _stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        by_name = {child.name: child for child in self._children}
        # The hub ends the servers and the gateway the clusters; the proxies stay until that is done.
        for name in ("idle-culler", "hub", "gateway"):
            if name in by_name:
                by_name[name].ask_to_stop()
        for name in ("idle-culler", "hub", "gateway"):
            if name in by_name:
                by_name[name].wait_stopped(deadline)
        last = [name for name in by_name if name in ("proxy", "gateway-proxy") or name.startswith("portal")]
        for name in last:
            by_name[name].ask_to_stop()
        for name in last:
            by_name[name].wait_stopped(deadline)
        sweep(self._isolation)


def sweep(isolation: Isolation) -> list[int]:
    """End every process that is left of a hub, remove its control groups and sockets; return the ids."""
    name = hub_name(isolation.folder.root)
    controllers = find_controllers()
    left = set(find_processes(name))
    if controllers is not None:
        # A process may have changed its environment; it cannot leave its control group.
        left |= controllers.members(name)
    end(sorted(left))
    if controllers is not None:
        controllers.remove(name)
    shutil.rmtree(isolation.runtime, ignore_errors=True)
    return sorted(left)


def stop_hub(settings: Settings) -> None:
    """Stop the hub of a state folder, or end what a killed one has left.

    Raises
    ------
    HubNotRunningError
        If nothing runs there.
    """
    isolation = Isolation.of(settings)
    pid = running_pid(isolation.folder)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS + 30
        while running_pid(isolation.folder) is not None:
            if time.monotonic() > deadline:
                end([pid])
                break
            time.sleep(0.1)
        sweep(isolation)
    elif not sweep(isolation):
        msg = (
            f"Cannot stop the hub of {isolation.folder.root}: none is running there. "
            "Name its settings with --settings or its state folder with BIOIMAGEHUB_STATE."
        )
        raise HubNotRunningError(msg)
