"""Somebody who uses a hub: logs in by the form, starts a server, runs code in a kernel."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import requests
import websocket

DEADLINE = 240


class Person:
    """One user of one hub, over HTTP and the kernel's websocket as a browser does it."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self.url = url
        self.name = name
        self.password = password
        self.session = requests.Session()
        self.base = f"{url}/user/{name}"
        self._kernels: list[Kernel] = []

    def get(self, path: str, **options: Any) -> requests.Response:
        """Ask for a page."""
        return self.session.get(f"{self.url}{path}", timeout=60, **options)

    def log_in(self) -> requests.Response:
        """Fill in the log-in form and return the page after it."""
        self.get("/hub/login")
        form = {"username": self.name, "password": self.password, "_xsrf": self.xsrf("/hub/").get("X-XSRFToken", "")}
        return self.session.post(f"{self.url}/hub/login?next=/hub/home", data=form, timeout=60)

    def start_server(self) -> None:
        """Start the server and wait until its Lab answers."""
        self.request_server()
        self.wait_server()

    def request_server(self) -> None:
        """Ask for the server."""
        self.get("/hub/spawn", allow_redirects=False)

    def wait_server(self) -> None:
        """Wait until the server answers."""
        deadline = time.monotonic() + DEADLINE
        progress = f"{self.url}/hub/api/users/{self.name}/server/progress"
        with self.session.get(progress, stream=True, timeout=DEADLINE, headers=self.xsrf("/hub/")) as events:
            for line in events.iter_lines():
                if line.startswith(b"data:"):
                    event = json.loads(line[5:])
                    assert not event.get("failed"), event
                    if event.get("ready"):
                        break
                assert time.monotonic() < deadline, "the server did not start in time"
        assert self.get(f"/user/{self.name}/lab").status_code == 200
        assert self.get(f"/user/{self.name}/api/status").status_code == 200

    def xsrf(self, path: str) -> dict[str, str]:
        """Return the header that goes with requests below a path."""
        found = [cookie.value for cookie in self.session.cookies if cookie.name == "_xsrf" and cookie.path == path]
        return {"X-XSRFToken": found[0]} if found and found[0] else {}

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask the user's own server."""
        return self.session.request(
            method, f"{self.base}{path}", timeout=60, headers=self.xsrf(f"/user/{self.name}/"), **options
        )

    def start_kernel(self) -> Kernel:
        """Start a Python kernel."""
        answer = self.ask("POST", "/api/kernels", json={"name": "python3"})
        answer.raise_for_status()
        self._kernels.append(Kernel(self, answer.json()["id"]))
        return self._kernels[-1]

    def close(self) -> None:
        """Close all connections."""
        for kernel in self._kernels:
            kernel.close()
        self.session.close()


class Kernel:
    """A kernel on a person's server."""

    def __init__(self, person: Person, identifier: str) -> None:
        self.person = person
        self.identifier = identifier
        self._socket = self._connect()

    def _connect(self) -> websocket.WebSocket:
        cookies = "; ".join(
            f"{cookie.name}={cookie.value}"
            for cookie in self.person.session.cookies
            if cookie.path in ("/", f"/user/{self.person.name}/")
        )
        url = f"{self.person.base.replace('http', 'ws', 1)}/api/kernels/{self.identifier}/channels"
        return websocket.create_connection(url, cookie=cookies, timeout=DEADLINE, origin=self.person.url)

    def reconnect(self) -> None:
        """Open the websocket again."""
        self._socket.close()
        self._socket = self._connect()

    def send(self, code: str) -> str:
        """Run code and do not wait."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": "execute_request",
            "username": "",
            "session": "t",
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self._socket.send(json.dumps(message))
        return header["msg_id"]

    def collect(self, message: str) -> str:
        """Wait for the end of a run and return what it printed; an exception in it is one here."""
        deadline = time.monotonic() + DEADLINE
        printed = ""
        while time.monotonic() < deadline:
            answer = json.loads(self._socket.recv())
            if answer["parent_header"].get("msg_id") != message:
                continue
            if answer["msg_type"] == "stream":
                printed += answer["content"]["text"]
            if answer["msg_type"] == "error":
                raise AssertionError(printed + "\n".join(answer["content"]["traceback"]))
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return printed
        msg = f"the code did not end in time; it printed {printed!r}"
        raise AssertionError(msg)

    def run(self, code: str) -> str:
        """Run code and return what it printed."""
        return self.collect(self.send(code))

    def close(self) -> None:
        """Close the websocket."""
        self._socket.close()
