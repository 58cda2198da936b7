"""A server with a certificate that nobody known has signed, as archives have had."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Self

from servers.certificates import make_certificate

if TYPE_CHECKING:
    from pathlib import Path


class _Quiet(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of the handshake that the client breaks off; that is what is tested."""


class ForgedServer:
    """The server; a context manager. `url` is where it listens, with a slash at the end."""

    def __init__(self, folder: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*make_certificate(folder))
        self._server = _Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
