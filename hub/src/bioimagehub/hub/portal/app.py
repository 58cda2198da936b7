"""The portal's web application: pages for browsers, an API for notebooks, and what guards both."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from bioimagehub.hub.errors import HubUnavailableError, NotLoggedInError, PortalError, StoreUnavailableError
from bioimagehub.hub.portal.api import challenges as api_challenges
from bioimagehub.hub.portal.api import organisers as api_organisers
from bioimagehub.hub.portal.api import submissions as api_submissions
from bioimagehub.hub.portal.context import Context
from bioimagehub.hub.portal.hub import Hub
from bioimagehub.hub.portal.pages import boards, challenges, organisers, submissions
from bioimagehub.hub.portal.pages.templates import STYLE, show_problem
from bioimagehub.hub.portal.people import begin_log_in, finish_log_in
from bioimagehub.hub.portal.store.queue import queue_length

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bioimagehub.hub.portal.place import PortalConfiguration
    from bioimagehub.hub.portal.store.database import Store

HEADERS = {
    # No script runs on any page, whatever somebody got into a name.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # What one person sees is kept for nobody else.
    "Cache-Control": "no-store",
}


def make_app(configuration: PortalConfiguration, store: Store) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    configuration : PortalConfiguration
        What the hub told this process.
    store : Store
        The database, with its tables made.
    """
    prefix = configuration.prefix
    app = FastAPI(
        title="Challenges",
        summary="Challenges of this hub: submit predictions, see their scores and the leaderboards.",
        version="1",
        openapi_url=f"{prefix}/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = Context(configuration, store, Hub(configuration))
    for module in (api_challenges, api_submissions, api_organisers):
        app.include_router(module.router, prefix=f"{prefix}/api")
    for page in (challenges, submissions, boards, organisers):
        app.include_router(page.router, prefix=prefix, include_in_schema=False)
    app.include_router(_doors(store), prefix=prefix, include_in_schema=False)
    app.middleware("http")(_add_headers)
    for kind in (PortalError, StoreUnavailableError, HubUnavailableError):
        app.add_exception_handler(kind, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    return app


def _doors(store: Store) -> APIRouter:
    """Return what is reached without being logged in: the log-in itself, the style, and whether the portal lives."""
    router = APIRouter()

    @router.get("/oauth_callback")
    async def come_back(request: Request, code: str = Query("", max_length=500), state: str = Query("")) -> Response:
        return await finish_log_in(request, code, state)

    @router.get("/style.css")
    def style() -> Response:
        return PlainTextResponse(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    @router.get("/health")
    def health() -> Response:
        with store.reading() as session:
            queue_length(session)
        return PlainTextResponse("ok")

    return router


async def _add_headers(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = await call(request)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _is_api(request: Request) -> bool:
    context: Context = request.app.state.context
    return request.url.path.startswith(f"{context.configuration.prefix}/api/")


def _answer(request: Request, status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    if _is_api(request):
        return JSONResponse({"detail": text}, status, headers)
    return show_problem(request, status, text, headers)


async def _answer_problem(request: Request, error: Exception) -> Response:
    if isinstance(error, NotLoggedInError) and not _is_api(request) and request.method in ("GET", "HEAD"):
        return begin_log_in(request)
    if isinstance(error, PortalError):
        challenge = {"WWW-Authenticate": "token"} if error.status == 401 else None
        return _answer(request, error.status, str(error), challenge)
    return _answer(request, 503, str(error), {"Retry-After": "5"})


async def _answer_invalid(request: Request, error: Exception) -> Response:
    problems: list[Any] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in problems]
    text = f"Cannot understand the request: {'; '.join(lines)[:500]}. Expected is what the API's description says."
    return _answer(request, 422 if _is_api(request) else 404, text)


async def _answer_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    told = {
        404: "There is no such page. The list of challenges leads to all that there are.",
        405: "This address does not take that method. Nothing was done.",
    }
    text = told.get(status, html.unescape(str(getattr(error, "detail", ""))))
    headers = dict(getattr(error, "headers", None) or {})
    if status == 405:
        headers["Allow"] = ", ".join(_allowed(request))
    return _answer(request, status, text, headers)


def _allowed(request: Request) -> list[str]:
    """Return the methods that an address takes; the framework names those of one route alone."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] != Match.NONE]
    return sorted({method for route in routes for method in getattr(route, "methods", None) or ()})
