"""Who asks: by the cookie of the pages, or by the token of the API.

The two never mix. A page takes no token and the API no cookie, so no foreign page can make a browser use the API.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.responses import RedirectResponse
from fastapi.security import APIKeyHeader
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.concurrency import run_in_threadpool

from bioimagehub.hub.errors import NotAllowedError, NotLoggedInError
from bioimagehub.hub.portal.store.sessions import add_session, end_session, find_session

if TYPE_CHECKING:
    from bioimagehub.hub.portal.context import Context

SESSION_COOKIE = "portal-session"
STATE_COOKIE = "portal-state"
STATE_SECONDS = 600
AUTHORIZATION = re.compile(r"(?:token|bearer)\s+(\S+)", re.IGNORECASE)

_token_header = APIKeyHeader(
    name="Authorization", auto_error=False, scheme_name="hub token", description="`token <a token of the hub>`"
)


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in.

    Attributes
    ----------
    name : str
        The user's name in the hub.
    form_token : str
        What every form of this log-in must send back; empty for the API, which has no forms.
    organiser, admin : bool
        See `bioimagehub.hub.portal.hub.Rights`. Known on pages; the API asks when it matters.
    """

    name: str
    form_token: str = ""
    organiser: bool = False
    admin: bool = False


def context_of(request: Request) -> Context:
    """Return what the application holds."""
    context: Context = request.app.state.context
    return context


async def person_of_cookie(request: Request) -> Person:
    """Return whose session it is; `NotLoggedInError` where there is none in force."""
    context = context_of(request)
    secret = request.cookies.get(SESSION_COOKIE, "")
    session = await run_in_threadpool(_look_up, context, secret) if secret else None
    if session is None:
        msg = "You are not logged in, or no longer. Log in to the hub, then open this page again."
        raise NotLoggedInError(msg)
    # The hub is asked again and again: whoever was deleted or logged out there is logged out here.
    if await context.hub.find_user(session[1]) != session[0]:
        msg = "Your log-in is not in force any more. Log in to the hub, then open this page again."
        raise NotLoggedInError(msg)
    key = context.configuration.cookie_secret.encode()
    token = hmac.new(key, b"form:" + secret.encode("utf-8", "replace"), sha256).hexdigest()
    rights = await context.hub.find_rights(session[0])
    return Person(session[0], token, rights.organiser, rights.admin)


def _look_up(context: Context, secret: str) -> tuple[str, str] | None:
    with context.store.reading() as session:
        return find_session(session, secret)


async def person_of_token(request: Request, authorization: Annotated[str | None, Security(_token_header)]) -> Person:
    """Return whose token it is; `NotLoggedInError` without one that the hub knows."""
    found = AUTHORIZATION.fullmatch(authorization or "")
    if found is None:
        msg = (
            "The API wants a token of the hub: expected was the header `Authorization: token …`. The variable "
            "JUPYTERHUB_API_TOKEN of a notebook has one."
        )
        raise NotLoggedInError(msg)
    return Person(await context_of(request).hub.find_user(found[1]))


Visitor = Annotated[Person, Depends(person_of_cookie)]
Caller = Annotated[Person, Depends(person_of_token)]


async def organiser_of_cookie(person: Visitor) -> Person:
    """Return the visitor, if an organiser; `NotAllowedError` if not."""
    if not person.organiser:
        raise _not_an_organiser()
    return person


async def organiser_of_token(request: Request, person: Caller) -> Person:
    """Return the caller, if an organiser; `NotAllowedError` if not."""
    rights = await context_of(request).hub.find_rights(person.name)
    if not rights.organiser:
        raise _not_an_organiser()
    return Person(person.name, organiser=True, admin=rights.admin)


# For what is the same for everybody who is logged in.
BY_CALLER = [Depends(person_of_token)]
BY_VISITOR = [Depends(person_of_cookie)]

VisitingOrganiser = Annotated[Person, Depends(organiser_of_cookie)]
CallingOrganiser = Annotated[Person, Depends(organiser_of_token)]
BY_CALLING_ORGANISER = [Depends(organiser_of_token)]


def _not_an_organiser() -> NotAllowedError:
    msg = (
        "This is for organisers of challenges. Expected is an admin of the hub, or a member of the group that its "
        "setting portal.organisers names. Ask the hub's operator."
    )
    return NotAllowedError(msg)


def check_form(person: Person, sent: str | None) -> None:
    """Check that a form came from a page of this log-in, and not from a foreign one.

    Raises
    ------
    NotAllowedError
        If its token is missing or wrong.
    """
    if not person.form_token or not hmac.compare_digest(person.form_token.encode(), (sent or "").encode()):
        msg = (
            "This form was not sent from a page of your log-in, so nothing was done. Open the page of the form again "
            "and send it from there."
        )
        raise NotAllowedError(msg)


def begin_log_in(request: Request) -> Response:
    """Send a browser to the hub, which sends it back to `finish_log_in` and from there to the page it asked for."""
    context = context_of(request)
    state = secrets.token_urlsafe(24)
    address, verifier = context.hub.begin_log_in(state)
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    answer = RedirectResponse(address, status_code=302)
    # Signed and never sent to the hub: only the browser that began can finish.
    value = _signer(context).dumps(json.dumps({"state": state, "next": path, "verifier": verifier}))
    answer.set_cookie(
        STATE_COOKIE, str(value), max_age=STATE_SECONDS, path=f"{context.configuration.prefix}/oauth_callback",
        httponly=True, samesite="lax", secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


def _signer(context: Context) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(context.configuration.cookie_secret, salt="portal-state")


async def finish_log_in(request: Request, code: str, state: str) -> Response:
    """Begin a session for a browser that comes back from the hub.

    Raises
    ------
    NotAllowedError
        If this browser did not begin the log-in that it finishes, or the hub does not know the code.
    """
    context = context_of(request)
    prefix = context.configuration.prefix
    try:
        begun = json.loads(_signer(context).loads(request.cookies.get(STATE_COOKIE, ""), max_age=STATE_SECONDS))
    except BadData as error:
        raise _not_begun_here() from error
    if not hmac.compare_digest(begun["state"].encode(), state.encode("utf-8", "replace")):
        raise _not_begun_here()
    token = await context.hub.trade_code(code, begun["verifier"])
    user = await context.hub.find_user(token)
    hours = context.configuration.session_hours
    secret = await run_in_threadpool(_begin_session, context, user, token, hours)
    answer = RedirectResponse(begun["next"], status_code=302)
    answer.delete_cookie(STATE_COOKIE, path=f"{prefix}/oauth_callback", httponly=True, samesite="lax")
    answer.set_cookie(
        SESSION_COOKIE, secret, max_age=int(hours * 3600), path=prefix, httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


def _begin_session(context: Context, user: str, token: str, hours: float) -> str:
    with context.store.writing() as session:
        return add_session(session, user, token, hours)


def _not_begun_here() -> NotAllowedError:
    msg = (
        "This log-in did not begin in this browser, or more than ten minutes ago, so nobody was logged in. Open the "
        "page that you want again."
    )
    return NotAllowedError(msg)


def log_out(request: Request) -> Response:
    """End the session of a browser."""
    context = context_of(request)
    with context.store.writing() as session:
        end_session(session, request.cookies.get(SESSION_COOKIE, ""))
    answer = RedirectResponse(f"{context.configuration.hub_public}home", status_code=303)
    answer.delete_cookie(SESSION_COOKIE, path=context.configuration.prefix, httponly=True, samesite="lax")
    return answer
