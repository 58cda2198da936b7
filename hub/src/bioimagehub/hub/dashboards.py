"""Dask dashboards that only their owner's processes can open.

Dask serves the pages of schedulers and workers on a local port to anybody who asks. This preload
(``dask scheduler --preload bioimagehub.hub.dashboards``) lets those in who show the owner's key in a header;
the owner's notebook server adds it to what it forwards from the owner's browser.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Any

from tornado.routing import Router
from tornado.web import Application, RequestHandler

if TYPE_CHECKING:
    from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest

KEY_VARIABLE = "BIOIMAGEHUB_DASHBOARD_KEY"
KEY_HEADER = "X-Bioimagehub-Dashboard-Key"


class _ClosedHandler(RequestHandler):
    """Answers 403 to every request."""

    def prepare(self) -> None:
        self.set_status(403)
        self.finish("This dashboard belongs to somebody else. Open your own from a notebook of yours.")


class _GuardedRouter(Router):
    """Passes requests with the key on and closes the door to all others."""

    def __init__(self, inner: Router, key: str) -> None:
        self._inner = inner
        self._key = key
        self._closed = Application([(".*", _ClosedHandler)])

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate | None:
        shown = request.headers.get(KEY_HEADER, "")
        open_to = self._inner if hmac.compare_digest(shown.encode(), self._key.encode()) else self._closed
        return open_to.find_handler(request, **kwargs)


def dask_setup(server: Any) -> None:
    """Guard the pages of a scheduler or worker; called by Dask when it starts.

    Parameters
    ----------
    server : distributed.Scheduler or distributed.Worker
        Whose HTTP server is guarded.
    """
    http = server.http_server
    http.request_callback = _GuardedRouter(http.request_callback, os.environ[KEY_VARIABLE])
