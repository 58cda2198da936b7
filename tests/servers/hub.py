"""A real hub for tests: started by the command line, in a folder of its own, on free ports."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import yaml

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 180


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class RunningHub:
    """A hub in a folder.

    Parameters
    ----------
    folder : Path
        Where its settings and state are.
    samples : Path
        A built sample archive, which the hub gets as its own.
    settings : dict
        Settings beside state and ports, which are chosen here.
    before : list of str
        Command that goes before the hub's, to run it as somebody else.
    """

    def __init__(
        self, folder: Path, samples: Path, settings: dict[str, Any] | None = None, before: list[str] | None = None
    ) -> None:
        port, *others = free_ports(7)
        names = ("hub", "proxy_api", "gateway", "schedulers", "gateway_api", "portal")
        self.state = folder / "state"
        self.state.mkdir(parents=True, exist_ok=True)
        self.settings_file = folder / "settings.yaml"
        chosen = {"state": str(self.state), "port": port, "ports": dict(zip(names, others, strict=True))}
        self.settings = {"clusters": {"start_seconds": 120}, **chosen, **(settings or {})}
        self.settings_file.write_text(yaml.safe_dump(self.settings))
        self.url = f"http://127.0.0.1:{self.settings['port']}"
        self.samples = samples
        self.passwords: dict[str, str] = {}
        self._before = before or []
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        """Return a command line of ``bioimagehub`` for this hub."""
        return [sys.executable, "-m", "bioimagehub.hub.cli", *arguments, "--settings", str(self.settings_file)]

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command of ``bioimagehub`` on this hub to its end."""
        return subprocess.run(
            [*self._before, *self.command(*arguments)],
            capture_output=True, text=True, timeout=240, check=False, **options,
        )  # fmt: skip

    def start(self) -> RunningHub:
        """Start and wait until the hub says that it runs."""
        if not (self.state / "samples").exists():
            # The hub finds a whole archive and builds nothing.
            subprocess.run(["cp", "-a", str(self.samples), str(self.state / "samples")], check=True)
            owner = self.state.stat().st_uid
            subprocess.run(["chown", "-R", f"{owner}", str(self.state / "samples")], check=True)
        self._said = self.state.parent / "up.log"
        with self._said.open("w") as said:
            self._process = subprocess.Popen(
                [*self._before, *self.command("up")], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
            )
        self._wait_said("Ctrl-C, or")
        self.passwords.update(dict(re.findall(r"Log in {4}(\S+) {3}password (\S+)", self.output)))
        return self

    @property
    def output(self) -> str:
        """What the hub has printed since its last start."""
        return self._said.read_text()

    def _wait_said(self, text: str) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while text not in self.output:
            if self._process.poll() is not None or time.monotonic() > deadline:
                logs = "".join(f"== {path.name}\n{path.read_text()[-2000:]}\n" for path in self.logs())
                msg = f"the hub did not start (status {self._process.poll()}):\n{self.output}\n{logs}"
                raise AssertionError(msg)
            time.sleep(0.05)

    def logs(self) -> list[Path]:
        """Return the log files."""
        return sorted((self.state / "private" / "logs").rglob("*.log"))

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the supervisor and wait for its end."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(150)
            self._process = None

    def supervisor_pid(self) -> int:
        """Return the id of the process that ``up`` runs in."""
        return int((self.state / "private" / "run" / "lock").read_text())

    def forget(self) -> None:
        """Wait for the end of a supervisor that was killed."""
        assert self._process is not None
        self._process.wait(30)
        self._process = None

    def processes(self) -> dict[str, int]:
        """Return the ids of the hub's own processes by name."""
        listing: dict[str, int] = {}
        patterns = {
            "proxy": "traefik --configfile",
            "gateway-proxy": "dask-gateway-proxy",
            "gateway": "dask_gateway_server -f",
            "hub": "jupyterhub -f",
            "idle-culler": "jupyterhub_idle_culler",
            "portal": "bioimagehub.hub.portal.web",
            "portal-worker-1": "bioimagehub.hub.portal.worker",
            "portal-runner": "bioimagehub.hub.portal.runner",
        }
        marked = self.marked()
        for name, pattern in patterns.items():
            # What a process has forked has the same command line.
            found = {pid for pid, line in marked.items() if pattern in line}
            for pid in found:
                if find_parent(pid) not in found:
                    listing[name] = pid
        return listing

    def marked(self) -> dict[int, str]:
        """Return all live processes of this hub: id and command line."""
        from bioimagehub.hub.isolation import hub_name
        from bioimagehub.hub.processes import find_processes

        return find_processes(hub_name(self.state))

    def secrets(self) -> dict[str, str]:
        """Return all secrets of the hub."""
        return {p.name: p.read_text() for p in (self.state / "private" / "secrets").iterdir()}

    def api(self, method: str, path: str, **options: Any) -> Any:
        """Ask the hub's API as the operator."""
        import requests

        url = f"http://127.0.0.1:{self.settings['ports']['hub']}/hub/api{path}"
        headers = {"Authorization": f"token {self.secrets()['operator']}"}
        answer = requests.request(method, url, headers=headers, timeout=120, **options)
        answer.raise_for_status()
        return json.loads(answer.text) if answer.text else None


def find_parent(pid: int) -> int | None:
    """Return the id of the parent of a process; None if it has ended."""
    try:
        return psutil.Process(pid).ppid()
    except psutil.NoSuchProcess:
        return None
