"""Starts the notebook servers, each in its user's place."""

from __future__ import annotations

import asyncio
import os
import time
from subprocess import DEVNULL, STDOUT
from typing import TYPE_CHECKING, Any, ClassVar

from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Instance, Integer, default

from bioimagehub.hub.cgroups import Limits, find_controllers
from bioimagehub.hub.environment import user_environment
from bioimagehub.hub.isolation import Isolation, hub_name
from bioimagehub.hub.processes import belongs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TURN_SECONDS = 0.2
ANSWER_SECONDS = 0.05


class HubSpawner(LocalProcessSpawner):
    """Starts a server as a local process under its user's uid, in the user's home, within limits.

    The users need no accounts on the machine.
    """

    isolation = Instance(Isolation, help="How users are kept apart.").tag(config=True)
    starts_at_once = Integer(4, help="Servers that may be starting at the same time; the others wait.").tag(config=True)
    start_seconds = Integer(180, help="Time that a server has to answer, from its turn on.").tag(config=True)

    # One queue for all users: whoever has asked for a server and does not have it yet, in this order.
    _queue: ClassVar[list[HubSpawner]] = []

    @default("env_keep")
    def _keep_little(self) -> list[str]:
        return ["LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ"]

    @property
    def home(self) -> Path:
        """The user's home folder."""
        home: Path = self.isolation.folder.homes / self.user.name
        return home

    @property
    def limits(self) -> Limits:
        """What one server may use."""
        wanted = self.isolation.settings.servers
        return Limits(wanted.memory, wanted.cpus)

    @property
    def process_name(self) -> str:
        """Which of the user's servers this is, for its control group."""
        return f"server-{self.name}" if self.name else "server"

    async def start(self) -> tuple[str, int]:
        """Wait for this server's turn, make the home, start the server in it and see that it answers."""
        self._queue.append(self)
        try:
            while self._ahead > 0:
                await asyncio.sleep(TURN_SECONDS)
            address = await self._start_now()
            await self._wait_answer(address)
        finally:
            self._queue.remove(self)
        return address

    @property
    def _ahead(self) -> int:
        """How many of those in the queue must have their server before it is this one's turn."""
        return max(0, self._queue.index(self) + 1 - self.starts_at_once) if self in self._queue else 0

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Tell the person who waits how many are ahead, and when the server is starting."""
        told = -1
        while (ahead := self._ahead) > 0:
            if ahead != told:
                yield {"progress": 5, "message": f"Waiting: {ahead} before you. The machine starts a few at a time."}
                told = ahead
            await asyncio.sleep(TURN_SECONDS)
        yield {"progress": 30, "message": "Starting your server"}

    async def _wait_answer(self, address: tuple[str, int]) -> None:
        """Wait until the server listens, so that the next may start; JupyterHub then looks closer."""
        deadline = time.monotonic() + self.start_seconds
        while await self.poll() is None and time.monotonic() < deadline:
            try:
                _, writer = await asyncio.open_connection(*address)
            except OSError:
                await asyncio.sleep(ANSWER_SECONDS)
            else:
                writer.close()
                return

    async def _start_now(self) -> tuple[str, int]:
        self.isolation.own(self.user.name, self.home)
        self.isolation.own_runtime(self.user.name)
        launcher = self.isolation.launcher(self.user.name, self.home, self.process_name, self.limits)
        self.cmd = [*launcher, *self.config.Spawner.cmd]
        descriptor = self._open_log()
        self.popen_kwargs = {"stdin": DEVNULL, "stdout": descriptor, "stderr": STDOUT}
        try:
            address: tuple[str, int] = await super().start()
        finally:
            os.close(descriptor)
        return address

    def _open_log(self) -> int:
        """Open the server's log, anew at each start. What a server prints does not belong in the hub's own log."""
        folder = self.isolation.folder.logs / "servers"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{self.user.name}.{self.process_name}.log"
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)

    async def stop(self, now: bool = False) -> None:
        """Stop the server and remove its control group."""
        await super().stop(now=now)
        if (controllers := find_controllers()) is not None:
            controllers.remove(self.isolation.group(self.user.name, self.process_name))

    async def poll(self) -> int | None:
        """Return None while the server runs. Another process that has got its id meanwhile is not the server."""
        if self.proc is None and self.pid and not belongs(self.pid, hub_name(self.isolation.settings.state)):
            self.clear_state()
            return 0
        status: int | None = await super().poll()
        return status

    def make_preexec_fn(self, name: str) -> None:
        """Return nothing: the launcher before the command does what is needed."""

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Add what every process of the user gets."""
        env.update(user_environment(self.isolation, self.user.name, self.home))
        return env

    async def move_certs(self, paths: dict[str, str]) -> dict[str, str]:
        """Leave certificates where they are."""
        return paths
