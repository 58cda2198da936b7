"""The form of a submission, and what became of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Form as Field
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from bioimagehub.hub.errors import PortalError
from bioimagehub.hub.portal.api.parameters import (  # noqa: TC001 (FastAPI reads the annotations)
    ChallengeName,
    PhaseName,
    SubmissionId,
)
from bioimagehub.hub.portal.context import challenge_of
from bioimagehub.hub.portal.pages.templates import show
from bioimagehub.hub.portal.people import Visitor, check_form, context_of
from bioimagehub.hub.portal.receive import (
    begin_submission,
    choose_kind,
    clean_entry,
    clean_filename,
    discard_bytes,
    find_phase,
    keep_submission,
    takes_methods,
)
from bioimagehub.hub.portal.store.challenges import find_challenge
from bioimagehub.hub.portal.store.submissions import find_own, list_own, withdraw
from bioimagehub.hub.portal.uploads import Form, Upload, receive_form
from bioimagehub.hub.portal.views import view_challenge, view_phase, view_result, view_submission

router = APIRouter()


@router.get("/challenge/{challenge}/{phase}/submit")
def form(request: Request, person: Visitor, challenge: ChallengeName, phase: PhaseName) -> Response:
    """Show the form of a submission."""
    with context_of(request).store.reading() as session:
        row, edition = find_challenge(session, challenge)
        wanted = find_phase(challenge_of(edition), phase)
        shown = view_phase(session, row, edition, wanted, person.name)
        view = view_challenge(session, row, edition, person.name)
    methods = takes_methods(context_of(request).configuration)
    return show(request, "submit", person, challenge=view, phase=shown, methods=methods)


@router.post("/challenge/{challenge}/{phase}/submit")
async def submit(request: Request, person: Visitor, challenge: ChallengeName, phase: PhaseName) -> Response:
    """Take a submission."""
    context = context_of(request)

    async def accept(sent: Form) -> Upload:
        check_form(person, sent.fields.get("form_token"))
        clean_entry(sent.fields.get("entry"), person.name)
        kind = choose_kind(sent.fields.get("kind"), sent.filename or "")
        return await run_in_threadpool(begin_submission, context, challenge, phase, person.name, kind)

    with context.under_way.one_more(person.name):
        sent = await receive_form(request, accept, context.configuration.submission_size)
        upload = require_file(sent)
        try:
            identifier = await run_in_threadpool(
                keep_submission, context, upload, challenge, phase, person.name,
                clean_entry(sent.fields.get("entry"), person.name), clean_filename(sent.filename),
                choose_kind(sent.fields.get("kind"), sent.filename or ""),
            )  # fmt: skip
        finally:
            upload.discard()
    return RedirectResponse(f"{context.configuration.prefix}/submission/{identifier}", 303)


def require_file(sent: Form) -> Upload:
    """Return the file of a form; PortalError if none was chosen."""
    if sent.upload is None:
        msg = "The form came without a file, so nothing was done. Expected was one. Choose it and send the form again."
        raise PortalError(msg)
    return sent.upload


@router.get("/submissions")
def list_mine(request: Request, person: Visitor) -> Response:
    """Show somebody's own submissions."""
    with context_of(request).store.reading() as session:
        views = [view_submission(session, row, of) for row, of in list_own(session, person.name)]
    return show(request, "submissions", person, submissions=views)


@router.get("/submission/{submission}")
def show_one(request: Request, person: Visitor, submission: SubmissionId) -> Response:
    """Show a submission: its state, what was found, its result."""
    with context_of(request).store.reading() as session:
        row, challenge = find_own(session, submission, person.name)
        view = view_submission(session, row, challenge)
        result = view_result(session, row, challenge)
    return show(request, "submission", person, one=view, result=result)


@router.post("/submission/{submission}/withdraw")
def take_back(
    request: Request, person: Visitor, submission: SubmissionId, form_token: Annotated[str, Field()] = ""
) -> Response:
    """Withdraw a submission that waits."""
    check_form(person, form_token)
    context = context_of(request)
    with context.store.writing() as session:
        withdraw(session, submission, person.name)
    discard_bytes(context.configuration.submissions, submission)
    return RedirectResponse(f"{context.configuration.prefix}/submission/{submission}", 303)
