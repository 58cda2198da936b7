"""A portal for tests: a real JupyterHub in front, the portal and its workers as processes of their own."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import requests

from bioimagehub.hub.portal.place import CONFIGURATION_VARIABLE, PortalConfiguration
from bioimagehub.hub.portal.store.database import Store
from servers.hub import START_SECONDS, free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PREFIX = "/services/challenges"
PASSWORD = "the same for everybody"
ACCESS = "access:services!service=challenges"

CONFIGURATION = """
c = get_config()
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_bind_url = {hub_url!r}
c.ConfigurableHTTPProxy.api_url = {proxy_url!r}
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {{"olga"}}
c.JupyterHub.load_groups = {{"organisers": {{"users": ["otto"]}}}}
c.JupyterHub.services = [
    {{"name": "test", "api_token": {token!r}}},
    {{"name": "challenges", "url": {portal_url!r}, "api_token": {portal_token!r}, "oauth_no_confirm": True,
      "oauth_redirect_uri": "/services/challenges/oauth_callback"}},
]
c.JupyterHub.load_roles = [
    {{"name": "test", "services": ["test"], "scopes": ["admin:users", "admin:servers", "tokens", "access:services"]}},
    {{"name": "challenges", "services": ["challenges"], "scopes": ["read:users:name", "read:users:groups"]}},
    {{"name": "user", "scopes": ["self", "access:services!service=challenges"]}},
]
"""


@contextmanager
def held(worker: int, database: Path) -> Iterator[None]:
    """Stop a worker by its id, not while it holds SQLite's lock, and let it go on in the end."""
    deadline = time.monotonic() + START_SECONDS
    try:
        while True:
            os.kill(worker, signal.SIGSTOP)
            while psutil.Process(worker).status() != psutil.STATUS_STOPPED:
                assert time.monotonic() < deadline
            with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    connection.execute("ROLLBACK")
                    break
                except sqlite3.OperationalError:
                    assert time.monotonic() < deadline
            os.kill(worker, signal.SIGCONT)
            time.sleep(0.02)
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


class RunningPortal:
    """A hub with a portal in a folder.

    Parameters
    ----------
    folder : Path
        Where settings and state are.
    database : str or None
        URL of its database; None for SQLite.
    environment : dict
        Added to that of the workers.
    settings
        Of the portal's configuration that differ from those here.
    """

    def __init__(
        self, folder: Path, database: str | None = None, environment: dict[str, str] | None = None, **settings: Any
    ) -> None:
        self.folder = folder
        port, hub_port, proxy_port, portal_port = free_ports(4)
        self.hub_url = f"http://127.0.0.1:{port}"
        self.url = f"http://127.0.0.1:{portal_port}{PREFIX}"
        self.public = f"{self.hub_url}{PREFIX}"
        self._api = f"http://127.0.0.1:{hub_port}/hub/api"
        self._token, portal_token = os.urandom(16).hex(), os.urandom(16).hex()
        self._environment = {**os.environ, **(environment or {})}
        for name in ("data/inbox", "data/submissions", "data/challenges", "truth", "work", "methods"):
            (folder / "portal" / name).mkdir(parents=True)
        self.configuration = PortalConfiguration(
            folder=folder / "portal",
            database=database or f"sqlite:///{folder / 'portal' / 'data' / 'portal.sqlite'}",
            port=portal_port,
            prefix=PREFIX,
            hub_api=self._api,
            hub_public="/hub/",
            service="challenges",
            token=portal_token,
            cookie_secret=os.urandom(16).hex(),
            **{
                "organisers": "organisers", "submission_size": 2**24, "challenge_size": 2**26,
                "attempts_per_day": 1000, "method_seconds": 60,
                "method_memory": 2**32, "score_seconds": 120, "score_memory": 2**34, "session_hours": 1.0,
                **settings,
            },
        )  # fmt: skip
        (folder / "jupyterhub_config.py").write_text(
            CONFIGURATION.format(
                url=self.hub_url,
                hub_url=f"http://127.0.0.1:{hub_port}",
                proxy_url=f"http://127.0.0.1:{proxy_port}",
                password=PASSWORD,
                token=self._token,
                portal_url=f"http://127.0.0.1:{portal_port}",
                portal_token=portal_token,
            )
        )
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._tokens: dict[str, str] = {}

    def start(self, workers: int = 1, *, runner: bool = False) -> RunningPortal:
        """Start everything and wait until it answers."""
        self.start_web()
        self._run("hub", [sys.executable, "-m", "jupyterhub", "-f", str(self.folder / "jupyterhub_config.py")])
        for number in range(workers):
            self.start_worker(f"worker-{number}")
        if runner:
            self._run_portal("runner", "bioimagehub.hub.portal.runner")
            self._wait(self.configuration.methods_ready.exists, "runner")
        self._wait(lambda: requests.get(f"{self.public}/health", timeout=10).status_code == 200, "hub")
        return self

    def start_web(self, *, wait: bool = True) -> None:
        """Start the portal."""
        self._run_portal("web", "bioimagehub.hub.portal.web")
        if wait:
            self.wait_web()

    def wait_web(self) -> None:
        """Wait until the portal answers."""
        self._wait(lambda: requests.get(f"{self.url}/health", timeout=10).status_code == 200, "web")

    def start_worker(self, name: str) -> None:
        """Start a worker."""
        self._run_portal(name, "bioimagehub.hub.portal.worker")

    def _run_portal(self, name: str, module: str) -> None:
        environment = {**self._environment, CONFIGURATION_VARIABLE: self.configuration.model_dump_json()}
        self._run(name, [sys.executable, "-P", "-m", module], environment)

    def _run(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        scripts = str(Path(sys.executable).parent)
        environment = environment or self._environment
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**environment, "PATH": f"{scripts}{os.pathsep}{environment['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _wait(self, ready: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if ready():
                    return
            except requests.ConnectionError:
                pass
            if self.processes[name].poll() is not None or time.monotonic() > deadline:
                msg = f"{name} did not start:\n{self.log(name)[-4000:]}"
                raise AssertionError(msg)
            time.sleep(0.05)

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.folder / f"{name}.log").read_text()

    def kill(self, name: str) -> None:
        """Kill -9 a process."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait(30)

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            if process.poll() is None:
                below = psutil.Process(process.pid).children(recursive=True)
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(10)
                for child in below:
                    if child.is_running():
                        child.kill()

    @property
    def store(self) -> Store:
        """The database; close it after use."""
        return Store(self.configuration.database)

    def hub_api(self, method: str, path: str, **options: Any) -> Any:
        """Ask the hub's API as the operator."""
        headers = {"Authorization": f"token {self._token}"}
        answer = requests.request(method, f"{self._api}{path}", headers=headers, timeout=60, **options)
        answer.raise_for_status()
        return answer.json() if answer.text else None

    def token(self, user: str) -> str:
        """Return a token of a user, who is made if need be, as a notebook has one."""
        if user not in self._tokens:
            requests.post(f"{self._api}/users/{user}", headers={"Authorization": f"token {self._token}"}, timeout=60)
            made = self.hub_api("POST", f"/users/{user}/tokens", json={"scopes": [ACCESS]})
            self._tokens[user] = made["token"]
        return self._tokens[user]

    def ask(self, method: str, path: str, user: str | None, **options: Any) -> requests.Response:
        """Ask the portal's API as a user, or without a token."""
        headers = {} if user is None else {"Authorization": f"token {self.token(user)}"}
        headers |= options.pop("headers", {})
        return requests.request(method, f"{self.url}/api{path}", headers=headers, timeout=120, **options)

    def submit(self, user: str, data: bytes, challenge: str = "squares", phase: str = "practice", **more: str) -> Any:
        """Submit bytes and return the answer."""
        return self.ask(
            "POST", f"/challenges/{challenge}/phases/{phase}/submissions", user, data=data,
            params={"filename": "predictions.zip", **more},
        )  # fmt: skip

    def log_in(self, user: str, path: str = "/") -> tuple[requests.Session, requests.Response]:
        """Open a page of the portal in a browser's way, by the hub's log-in form."""
        self.token(user)
        session = requests.Session()
        page = session.get(f"{self.public}{path}", timeout=60)
        assert "/hub/login" in page.url, page.url
        xsrf = next(cookie.value for cookie in session.cookies if cookie.name == "_xsrf")
        form = {"username": user, "password": PASSWORD, "_xsrf": xsrf}
        return session, session.post(page.url, data=form, timeout=60)

    def form_token(self, session: requests.Session) -> str:
        """Give the token that a session's forms must carry."""
        page = session.get(f"{self.public}/challenge/squares/practice/submit", timeout=60).text
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
        assert found is not None
        return found[1]

    def wait_state(self, submission: str, user: str, *states: str, seconds: float = 90) -> dict[str, Any]:
        """Wait until a submission has one of some states, and return it."""
        deadline = time.monotonic() + seconds
        while True:
            view: dict[str, Any] = self.ask("GET", f"/submissions/{submission}", user).json()
            if view.get("state") in states:
                return view
            assert time.monotonic() < deadline, f"{view}\n{self.log('worker-0')[-3000:]}"
            time.sleep(0.1)

    def wait_idle(self, seconds: float = 120) -> None:
        """Wait until nothing is in the queue."""
        from bioimagehub.hub.portal.store.queue import queue_length

        store, deadline = self.store, time.monotonic() + seconds
        try:
            while True:
                with store.reading() as session:
                    if queue_length(session) == 0:
                        return
                assert time.monotonic() < deadline, self.log("worker-0")[-3000:]
                time.sleep(0.1)
        finally:
            store.close()

    def create(self, path: Path, user: str = "olga") -> dict[str, Any]:
        """Send a challenge, wait for its check, and return its edition."""
        answer = self.ask("POST", "/editions", user, data=path.read_bytes())
        assert answer.status_code == 201, answer.text
        made = answer.json()
        self.wait_idle()
        editions = self.ask("GET", f"/challenges/{made['challenge']}/editions", user).json()
        found: dict[str, Any] = next(one for one in editions if one["edition"] == made["edition"])
        return found
