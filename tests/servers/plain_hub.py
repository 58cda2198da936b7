"""A plain JupyterHub, for comparison: what it is with JupyterLab, its proxy and default settings.

It answers to the same calls as `servers.hub.RunningHub`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import requests

from servers.hub import START_SECONDS, free_ports

PASSWORD = "the same for everybody"

# Where it listens and keeps its files, and what a machine without accounts for its users needs. All else is default.
CONFIGURATION = """
c = get_config()
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_bind_url = {hub_url!r}
c.ConfigurableHTTPProxy.api_url = {proxy_url!r}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.args = {arguments!r}
c.Spawner.environment = {{"JUPYTER_CONFIG_PATH": {jupyter!r}}}
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.services = [{{"name": "test", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{"name": "test", "services": ["test"], "scopes": ["admin:users", "admin:servers"]}}]
"""


class PlainHub:
    """A plain JupyterHub in a folder.

    Parameters
    ----------
    folder : Path
        Where its settings and state are.
    users : list of str
        Who logs in.
    """

    def __init__(self, folder: Path, users: list[str]) -> None:
        port, hub_port, proxy_port = free_ports(3)
        self.state = folder / "state"
        self.state.mkdir(parents=True, exist_ok=True)
        self.settings_file = folder / "jupyterhub_config.py"
        self.url = f"http://127.0.0.1:{port}"
        self.passwords = dict.fromkeys(users, PASSWORD)
        self._api = f"http://127.0.0.1:{hub_port}/hub/api"
        self._token = os.urandom(16).hex()
        self.settings_file.write_text(
            CONFIGURATION.format(
                url=self.url,
                hub_url=f"http://127.0.0.1:{hub_port}",
                proxy_url=f"http://127.0.0.1:{proxy_port}",
                homes=str(folder / "homes" / "{username}"),
                arguments=["--allow-root"] if os.geteuid() == 0 else [],
                jupyter=str(self._without_proxied_pages(folder / "jupyter")),
                password=PASSWORD,
                token=self._token,
            )
        )
        (folder / "homes").mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def _without_proxied_pages(folder: Path) -> Path:
        """Leave jupyter-server-proxy out, which is installed here for the hub of this project."""
        path = folder / "jupyter_server_config.d" / "plain.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {"jupyter_server_proxy": False}}}))
        return folder

    def start(self) -> PlainHub:
        """Start and wait until the log-in page is served."""
        self._said = self.state.parent / "up.log"
        scripts = str(Path(sys.executable).parent)
        with self._said.open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(self.settings_file)],
                cwd=self.state,
                env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                msg = f"the plain hub did not start (status {self._process.poll()}):\n{self.output}"
                raise AssertionError(msg)
            time.sleep(0.05)
        return self

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/hub/login", timeout=60).status_code == 200
        except requests.ConnectionError:
            return False

    @property
    def output(self) -> str:
        """What the hub has printed since its last start."""
        return self._said.read_text()

    def logs(self) -> list[Path]:
        """Return the log files."""
        return [self._said]

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the hub, its proxy and its servers, and wait for the end."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(150)
            self._process = None

    def marked(self) -> dict[int, str]:
        """Return all live processes of this hub: id and command line."""
        if self._process is None:
            return {}
        hub = psutil.Process(self._process.pid)
        return {process.pid: " ".join(process.cmdline()) for process in [hub, *hub.children(recursive=True)]}

    def api(self, method: str, path: str, **options: Any) -> Any:
        """Ask the hub's API as the operator."""
        headers = {"Authorization": f"token {self._token}"}
        answer = requests.request(method, f"{self._api}{path}", headers=headers, timeout=120, **options)
        answer.raise_for_status()
        return json.loads(answer.text) if answer.text else None
