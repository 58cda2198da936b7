"""The pages of organisers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Form as Field
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from bioimagehub.hub.portal.api.organisers import rescore as begin_rescore
from bioimagehub.hub.portal.api.parameters import ChallengeName  # noqa: TC001 (FastAPI reads the annotations)
from bioimagehub.hub.portal.pages.submissions import require_file
from bioimagehub.hub.portal.pages.templates import show
from bioimagehub.hub.portal.people import VisitingOrganiser, check_form, context_of
from bioimagehub.hub.portal.receive import keep_challenge
from bioimagehub.hub.portal.store.challenges import list_editions
from bioimagehub.hub.portal.store.queue import queue_length
from bioimagehub.hub.portal.uploads import Form, Upload, receive_form

router = APIRouter()


@router.get("/organise")
def overview(request: Request, person: VisitingOrganiser) -> Response:
    """Show all editions, and the form to send another one."""
    with context_of(request).store.reading() as session:
        editions, waiting = list_editions(session), queue_length(session)
    return show(request, "organise", person, editions=editions, waiting=waiting)


@router.post("/organise")
async def create(request: Request, person: VisitingOrganiser) -> Response:
    """Take a challenge, or a new edition of one."""
    context = context_of(request)

    async def accept(sent: Form) -> Upload:
        check_form(person, sent.fields.get("form_token"))
        return Upload.begin(context.configuration.inbox, context.configuration.challenge_size)

    with context.under_way.one_more(person.name):
        upload = require_file(await receive_form(request, accept, context.configuration.challenge_size))
        try:
            await run_in_threadpool(keep_challenge, context, upload, person)
        finally:
            upload.discard()
    return RedirectResponse(f"{context.configuration.prefix}/organise", 303)


@router.post("/challenge/{challenge}/rescore")
def rescore(
    request: Request, person: VisitingOrganiser, challenge: ChallengeName, form_token: Annotated[str, Field()] = ""
) -> Response:
    """Have submissions scored that the edition in force has not scored."""
    check_form(person, form_token)
    begin_rescore(request, person, challenge)
    return RedirectResponse(f"{context_of(request).configuration.prefix}/organise", 303)
