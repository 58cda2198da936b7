"""The hub's own processes: how each is started, and when it is ready."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bioimagehub.hub.errors import StartError
from bioimagehub.hub.gateway_proxy import gateway_proxy_command
from bioimagehub.hub.installed import installed_path
from bioimagehub.hub.isolation import hub_name
from bioimagehub.hub.portal.service import portal_processes
from bioimagehub.hub.processes import HUB_VARIABLE
from bioimagehub.hub.proxy import proxy_command
from bioimagehub.hub.settings import SETTINGS_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.hub.settings import Settings
    from bioimagehub.hub.state import StateFolder

PR_SET_PDEATHSIG = 1
START_DEADLINE = 60.0
LOG_SIZE = 10 * 1024**2


def _die_with_parent() -> None:
    # Killed and not asked to stop: these survive a kill by design, and the hub would stop all servers if asked.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def status_of(url: str, timeout: float = 2.0) -> int | None:
    """Return the HTTP status that a server answers at a URL, or None where none answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:  # noqa: S310 (built from the settings)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


@dataclass
class Child:
    """One process of the hub.

    Attributes
    ----------
    name : str
        Its name, also of its log file.
    command : list of str
        What is run.
    environment : dict
        Added to the hub's environment; holds the process's secrets.
    ready_url : str or None
        The process is ready when this URL answers; None for ready when started.
    ready_status : int or None
        HTTP status that the answer must have; None for any.
    folder : StateFolder
        Where it runs and writes its log.
    phase : int
        Processes of one phase start together, when those of the phase before are ready.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    ready_url: str | None
    ready_status: int | None
    folder: StateFolder
    phase: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started: float = 0.0
    failures: int = 0

    @property
    def log(self) -> Path:
        """The log file."""
        return self.folder.logs / f"{self.name}.log"

    def start(self) -> None:
        """Start the process; its log goes on where it was, or anew when it has grown large."""
        if self.log.exists() and self.log.stat().st_size > LOG_SIZE:
            self.log.replace(self.log.with_suffix(".log.1"))
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                cwd=self.folder.private,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        finally:
            os.close(descriptor)
        self.started = time.monotonic()

    def running(self) -> bool:
        """Tell whether the process has been started and not ended."""
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        """Tell whether the process answers as it should."""
        if self.ready_url is None:
            return True
        status = status_of(self.ready_url)
        return status is not None and self.ready_status in (None, status)

    def wait_ready(self, deadline: float = START_DEADLINE) -> None:
        """Wait until the process answers.

        Raises
        ------
        StartError
            If it ends, or does not answer within `deadline` seconds.
        """
        until = time.monotonic() + deadline
        while not self.is_ready():
            if not self.running():
                code = self.process.returncode if self.process else None
                self._fail(f"it ended with status {code}")
            if time.monotonic() > until:
                self._fail(f"it did not answer at {self.ready_url} within {deadline:.0f} s")
            time.sleep(0.05)

    def _fail(self, found: str) -> None:
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
        msg = (
            f"Cannot start {self.name}: {found}. Its log {self.log} ends with:\n{tail}\n"
            "Mend what the log names, or run `bioimagehub check`, and start again."
        )
        raise StartError(msg)

    def ask_to_stop(self) -> None:
        """Send SIGTERM, if the process runs."""
        if self.running() and self.process is not None:
            self.process.terminate()

    def wait_stopped(self, deadline: float) -> None:
        """Wait for the end, and kill at the deadline (a time of `time.monotonic`)."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


def make_children(settings: Settings, folder: StateFolder) -> list[Child]:
    """Return the processes of a hub in the order in which they start.

    Parameters
    ----------
    settings : Settings
        The settings in force, already written to `folder`.
    folder : StateFolder
        The state folder with its secrets made.
    """
    python, ports = sys.executable, settings.ports
    common = {SETTINGS_VARIABLE: str(folder.settings_file), HUB_VARIABLE: hub_name(folder.root)}
    hub_api = f"http://127.0.0.1:{ports.hub}/hub/api"
    deploy = installed_path("deploy")
    gateway_proxy, gateway_proxy_secrets = gateway_proxy_command(settings, folder)
    culler = [
        *(python, "-m", "jupyterhub_idle_culler", f"--url={hub_api}"),
        *(f"--timeout={settings.servers.idle_seconds}", "--concurrency=1"),
    ]
    gateway = [python, "-m", "dask_gateway_server", "-f", str(deploy / "dask_gateway_config.py")]
    hub = [python, "-m", "bioimagehub.hub.deferral", "jupyterhub", "-f", str(deploy / "jupyterhub_config.py")]

    proxy_url, gateway_url = f"http://127.0.0.1:{ports.proxy_api}/", f"http://127.0.0.1:{ports.gateway_api}/api/version"
    # Through the proxy: the hub is ready when its route is there too.
    hub_url = f"http://{settings.address}:{settings.port}/hub/health"
    children = [
        # The hub writes its routes to the proxy as soon as it starts, so the proxy is there first.
        Child("proxy", proxy_command(settings, folder), {}, proxy_url, None, folder, 0),
        Child(
            "gateway-proxy", gateway_proxy, gateway_proxy_secrets, f"http://127.0.0.1:{ports.gateway}/", None, folder, 1
        ),
        Child("gateway", gateway, {}, gateway_url, 200, folder, 1),
        Child("hub", hub, {}, hub_url, 200, folder, 1),
    ]
    if settings.servers.idle_seconds:
        secrets = {"JUPYTERHUB_API_TOKEN": folder.secret("idle-culler")}
        children.append(Child("idle-culler", culler, secrets, None, None, folder, 2))
    if settings.portal.enabled:
        for process in portal_processes(settings, folder):
            # The portal makes the tables, so it is there before its workers; and before the hub, which looks for it.
            phase, status = (0, 200) if process.ready_url else (2, None)
            children.append(
                Child(process.name, process.command, process.environment, process.ready_url, status, folder, phase)
            )
    for child in children:
        child.environment = {**common, **child.environment}
    return children
