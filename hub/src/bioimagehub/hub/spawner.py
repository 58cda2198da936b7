"""Starts the notebook servers, each in its user's place."""

from __future__ import annotations

import os
from subprocess import DEVNULL, STDOUT
from typing import TYPE_CHECKING

from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Instance, default

from bioimagehub.hub.cgroups import Limits, find_controllers
from bioimagehub.hub.environment import user_environment
from bioimagehub.hub.isolation import Isolation, hub_name
from bioimagehub.hub.processes import belongs

if TYPE_CHECKING:
    from pathlib import Path


class HubSpawner(LocalProcessSpawner):
    """Starts a server as a local process under its user's uid, in the user's home, within limits.

    The users need no accounts on the machine.
    """

    isolation = Instance(Isolation, help="How users are kept apart.").tag(config=True)

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
        """Make the home and start the server in it."""
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
