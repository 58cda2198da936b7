"""The list of challenges, one challenge, and the end of a log-in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import PlainTextResponse

from bioimagehub.hub.portal.api.parameters import ChallengeName  # noqa: TC001 (FastAPI reads the annotations)
from bioimagehub.hub.portal.pages.templates import show
from bioimagehub.hub.portal.people import BY_VISITOR, Visitor, check_form, context_of, log_out
from bioimagehub.hub.portal.store.challenges import find_challenge, list_challenges
from bioimagehub.hub.portal.views import view_challenge

router = APIRouter()


@router.get("/")
def list_all(request: Request, person: Visitor) -> Response:
    """Show the list of challenges."""
    with context_of(request).store.reading() as session:
        views = [view_challenge(session, row, edition, person.name) for row, edition in list_challenges(session)]
    return show(request, "challenges", person, challenges=views)


@router.get("/challenge/{challenge}")
def show_one(request: Request, person: Visitor, challenge: ChallengeName) -> Response:
    """Show a challenge: its phases, rules and data."""
    with context_of(request).store.reading() as session:
        view = view_challenge(session, *find_challenge(session, challenge), person.name)
    return show(request, "challenge", person, challenge=view)


@router.get("/challenge/{challenge}/challenge.yaml", dependencies=BY_VISITOR)
def definition(request: Request, challenge: ChallengeName) -> Response:
    """Give the challenge file. It says where the truth is, and has none."""
    with context_of(request).store.reading() as session:
        _, edition = find_challenge(session, challenge)
    name = f"{challenge}.yaml"
    return PlainTextResponse(edition.definition, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.post("/logout")
def leave(request: Request, person: Visitor, form_token: Annotated[str, Form()] = "") -> Response:
    """End a log-in."""
    check_form(person, form_token)
    return log_out(request)
