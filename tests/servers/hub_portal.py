"""The portal on a real hub, as its users see it: by tokens that they have made."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psutil
import requests

from servers.portal import ACCESS, PREFIX, held

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from servers.hub import RunningHub
    from servers.person import Person

DEADLINE = 180


class HubPortal:
    """The API of the portal on a real hub.

    Parameters
    ----------
    hub : RunningHub
        It has the users that are named, and the admin ``olga``.
    visit : callable
        Logs a user in.
    """

    def __init__(self, hub: RunningHub, visit: Callable[..., Person]) -> None:
        self.hub = hub
        self._visit = visit
        self._tokens: dict[str, str] = {}

    def _token(self, user: str) -> str:
        """Return a token that the user has made on the page for it."""
        if user not in self._tokens:
            person: Person = self._visit(self.hub, user, start=False)
            made = person.session.post(
                f"{self.hub.url}/hub/api/users/{user}/tokens", json={"scopes": [ACCESS]}, headers=person.xsrf("/hub/"),
                timeout=60,
            )  # fmt: skip
            assert made.status_code == 201, made.text
            self._tokens[user] = made.json()["token"]
        return self._tokens[user]

    def ask(self, method: str, path: str, user: str, **options: Any) -> requests.Response:
        """Ask the API as a user."""
        headers = {"Authorization": f"token {self._token(user)}"}
        return requests.request(method, f"{self.hub.url}{PREFIX}/api{path}", headers=headers, timeout=120, **options)

    def submit(self, user: str, data: bytes, filename: str, challenge: str = "squares", **more: str) -> str:
        """Submit bytes to the phase ``practice`` and return the id."""
        answer = self.ask(
            "POST", f"/challenges/{challenge}/phases/practice/submissions", user, data=data,
            params={"filename": filename, **more},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def wait(self, identifier: str, user: str) -> dict[str, Any]:
        """Wait for the end of a submission and return it."""
        deadline = time.monotonic() + DEADLINE
        while True:
            view: dict[str, Any] = self.ask("GET", f"/submissions/{identifier}", user).json()
            if view["state"] in ("scored", "refused", "failed"):
                return view
            assert time.monotonic() < deadline, f"{view}\n{self.logs()}"
            time.sleep(0.2)

    def create(self, data: bytes) -> dict[str, Any]:
        """Send a challenge and wait for its check."""
        made = self.ask("POST", "/editions", "olga", data=data)
        assert made.status_code == 201, made.text
        deadline = time.monotonic() + DEADLINE
        while True:
            edition: dict[str, Any] = self.editions(made.json()["challenge"])[0]
            if edition["state"] != "waiting":
                return edition
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.2)

    def editions(self, challenge: str) -> list[dict[str, Any]]:
        """Return the editions of a challenge, the newest first."""
        return list(self.ask("GET", f"/challenges/{challenge}/editions", "olga").json())

    def wait_board(self, entry: str, user: str, challenge: str = "squares", phase: str = "practice") -> None:
        """Wait until an entry of a user is on the newest board of a phase, which is made after its score."""
        deadline = time.monotonic() + DEADLINE
        boards = f"/challenges/{challenge}/phases/{phase}/boards"
        while True:
            numbers = [each["number"] for each in self.ask("GET", boards, user).json()]
            newest = self.ask("GET", f"{boards}/{max(numbers)}", user).json() if numbers else {"board": {"rows": []}}
            names = [row["entry"] for row in newest["board"]["rows"]]
            if any(entry in name for name in names):
                return
            assert time.monotonic() < deadline, f"{names}\n{self.logs()}"
            time.sleep(0.2)

    def worker(self) -> int:
        """Return the id of the worker; what it has forked for a step has the same command line."""
        found = {pid for pid, line in self.hub.marked().items() if "bioimagehub.hub.portal.worker" in line}
        (worker,) = (pid for pid in found if psutil.Process(pid).ppid() not in found)
        return worker

    def held(self) -> AbstractContextManager[None]:
        """Let what is submitted wait."""
        return held(self.worker(), self.hub.state / "portal" / "data" / "portal.sqlite")

    def logs(self) -> str:
        """What the portal's processes have written."""
        return "".join(
            f"== {path.name}\n{path.read_text()[-3000:]}\n" for path in self.hub.logs() if "portal" in path.name
        )
