"""What organisers do: create and replace challenges, and have them scored again."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from bioimagehub.hub.errors import ConflictError
from bioimagehub.hub.portal.api.models import EditionView, Rescore, answers
from bioimagehub.hub.portal.api.parameters import ChallengeName  # noqa: TC001 (FastAPI reads the annotations)
from bioimagehub.hub.portal.api.submissions import BODY
from bioimagehub.hub.portal.people import BY_CALLING_ORGANISER, CallingOrganiser, context_of
from bioimagehub.hub.portal.receive import keep_challenge
from bioimagehub.hub.portal.store.challenges import check_may_change, find_challenge, list_editions
from bioimagehub.hub.portal.store.queue import add_rescores, retry_failed
from bioimagehub.hub.portal.uploads import Upload, receive_body

router = APIRouter(tags=["organisers"])


@router.post("/editions", status_code=201, responses=answers(413, 429), openapi_extra=BODY)
async def create(request: Request, person: CallingOrganiser) -> EditionView:
    """Create a challenge, or a new edition of your own, from a challenge file or a zip of it and its truth.

    The workers check it. Once it is active, it is in force, and all that was scored is scored again by it.
    """
    context = context_of(request)
    with context.under_way.one_more(person.name):
        upload = Upload.begin(context.configuration.inbox, context.configuration.challenge_size)
        try:
            await receive_body(request, upload)
            name, edition = await run_in_threadpool(keep_challenge, context, upload, person)
        finally:
            upload.discard()
    return EditionView(
        challenge=name, edition=edition.number, state=edition.state, report=edition.report, digest=edition.digest,
        created=edition.created, created_by=edition.created_by,
    )  # fmt: skip


@router.get("/challenges/{challenge}/editions", dependencies=BY_CALLING_ORGANISER, responses=answers())
def editions(request: Request, challenge: ChallengeName) -> list[EditionView]:
    """List the editions of a challenge and what the check said of each, the newest first."""
    with context_of(request).store.reading() as session:
        return [
            EditionView(
                challenge=row.name, edition=edition.number, state=edition.state, report=edition.report,
                digest=edition.digest, created=edition.created, created_by=edition.created_by,
            )
            for row, edition in list_editions(session, challenge)
        ]  # fmt: skip


@router.post("/challenges/{challenge}/rescore", status_code=202, responses=answers(404, 409))
def rescore(request: Request, person: CallingOrganiser, challenge: ChallengeName) -> Rescore:
    """Score what the edition in force has not scored yet, and what the hub failed to score.

    What is unchanged is not computed again. What was ended since its time was over is tried again, too.
    """
    with context_of(request).store.writing() as session:
        row, edition = find_challenge(session, challenge)
        check_may_change(row, person.name, admin=person.admin)
        queued = retry_failed(session, edition) + add_rescores(session, row.id, edition)
    if not queued:
        msg = (
            f"All submissions to {challenge!r} are scored by its edition {edition.number}, or in the queue. Send a new "
            "edition to change the scores."
        )
        raise ConflictError(msg)
    return Rescore(queued=queued)
