"""A real identity provider for tests: the authorization-code flow of OAuth 2 on loopback."""

from __future__ import annotations

import json
import secrets
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT_ID, CLIENT_SECRET = "hub", secrets.token_hex(16)


class IdentityProvider(ThreadingHTTPServer):
    """Tells the hub that whoever comes is `user`, a member of `groups`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.user = "ann"
        self.groups: list[str] = []
        self.codes: set[str] = set()
        self.tokens: set[str] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: IdentityProvider

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if asked.path == "/authorize":
            assert query["client_id"] == CLIENT_ID
            code = secrets.token_hex(8)
            self.server.codes.add(code)
            self.send_response(302)
            self.send_header(
                "Location", f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
            )
            self.end_headers()
        elif asked.path == "/user" and self._bearer() in self.server.tokens:
            self._answer({"preferred_username": self.server.user, "groups": self.server.groups})
        else:
            self.send_error(401)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        known = form.get("code") in self.server.codes and form.get("client_secret") == CLIENT_SECRET
        if urlsplit(self.path).path != "/token" or not known:
            self.send_error(401)
            return
        self.server.codes.remove(form["code"])
        token = secrets.token_hex(8)
        self.server.tokens.add(token)
        self._answer({"access_token": token, "token_type": "Bearer"})

    def _bearer(self) -> str:
        return self.headers.get("Authorization", "").partition(" ")[2]

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Run a provider on a free port."""
    with IdentityProvider() as provider:
        thread = threading.Thread(target=provider.serve_forever, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            provider.shutdown()
            thread.join(10)
