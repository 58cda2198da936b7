"""Submissions: sending them, and what became of them. Everybody sees their own alone."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from bioimagehub.hub.errors import NotFoundError
from bioimagehub.hub.portal.api.models import Acknowledgement, answers
from bioimagehub.hub.portal.api.parameters import ChallengeName, PhaseName, SubmissionId  # noqa: TC001 (FastAPI reads the annotations)
from bioimagehub.hub.portal.people import Caller, context_of
from bioimagehub.hub.portal.receive import (
    begin_submission,
    choose_kind,
    clean_entry,
    clean_filename,
    discard_bytes,
    keep_submission,
    payload,
)
from bioimagehub.hub.portal.store.submissions import find_own, list_own, withdraw
from bioimagehub.hub.portal.uploads import receive_body
from bioimagehub.hub.portal.views import ResultView, SubmissionView, view_result, view_submission

router = APIRouter(tags=["submissions"])

BODY = {
    "requestBody": {
        "required": True,
        "description": "The bytes of the file.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/challenges/{challenge}/phases/{phase}/submissions",
    status_code=201,
    responses=answers(404, 409, 413, 429),
    openapi_extra=BODY,
)
async def submit(
    request: Request,
    person: Caller,
    challenge: ChallengeName,
    phase: PhaseName,
    filename: Annotated[str, Query(description="Name of the file; its ending tells the format.", max_length=200)],
    entry: Annotated[
        str | None, Query(description="Name on the board beside yours, of letters that can be seen.", max_length=60)
    ] = None,
    kind: Annotated[
        Literal["predictions", "method"] | None,
        Query(description="What it is; else .py and .ipynb are methods, and all else predictions."),
    ] = None,
) -> Acknowledgement:
    """Send a submission. The answer means that it is kept and will be scored once."""
    context = context_of(request)
    named = clean_entry(entry, person.name)
    chosen = choose_kind(kind, filename)
    with context.under_way.one_more(person.name):
        upload = await run_in_threadpool(begin_submission, context, challenge, phase, person.name, chosen)
        try:
            await receive_body(request, upload)
            identifier = await run_in_threadpool(
                keep_submission, context, upload, challenge, phase, person.name, named, clean_filename(filename), chosen
            )
        finally:
            upload.discard()
    view = await run_in_threadpool(_view, request, identifier, person.name)
    return Acknowledgement(id=identifier, sha256=view.sha256, ahead=view.ahead)


def _view(request: Request, identifier: str, user: str) -> SubmissionView:
    with context_of(request).store.reading() as session:
        return view_submission(session, *find_own(session, identifier, user))


@router.get("/submissions", responses=answers())
def list_mine(
    request: Request,
    person: Caller,
    challenge: Annotated[str | None, Query(description="Only those to this challenge.", max_length=64)] = None,
) -> list[SubmissionView]:
    """List your submissions, the newest first."""
    with context_of(request).store.reading() as session:
        return [view_submission(session, row, of) for row, of in list_own(session, person.name, challenge)]


@router.get("/submissions/{submission}", responses=answers(404))
def show(request: Request, person: Caller, submission: SubmissionId) -> SubmissionView:
    """Show a submission of yours: its place in the queue, its stage, and what the validator said."""
    return _view(request, submission, person.name)


@router.post("/submissions/{submission}/withdraw", responses=answers(404, 409))
def take_back(request: Request, person: Caller, submission: SubmissionId) -> SubmissionView:
    """Withdraw a submission of yours that still waits. It counts no more, and its file is removed."""
    context = context_of(request)
    with context.store.writing() as session:
        withdraw(session, submission, person.name)
    discard_bytes(context.configuration.submissions, submission)
    return _view(request, submission, person.name)


@router.get("/submissions/{submission}/result", responses=answers(404))
def result(request: Request, person: Caller, submission: SubmissionId) -> ResultView:
    """Show the result of a submission of yours."""
    with context_of(request).store.reading() as session:
        found = view_result(session, *find_own(session, submission, person.name))
    if found is None:
        msg = f"The submission {submission} has no result. Its state tells whether there will be one."
        raise NotFoundError(msg)
    return found


@router.get("/submissions/{submission}/file", responses=answers(404), response_class=FileResponse)
def download(request: Request, person: Caller, submission: SubmissionId) -> FileResponse:
    """Download the file of a submission of yours, byte by byte as it was sent."""
    context = context_of(request)
    with context.store.reading() as session:
        row, _ = find_own(session, submission, person.name)
    path = payload(context.configuration.submissions, row)
    if not path.is_file():
        msg = f"The file of the submission {submission} was not kept, since it was {row.state}. Its checksum is."
        raise NotFoundError(msg)
    return FileResponse(path, media_type="application/octet-stream", filename=row.filename)
