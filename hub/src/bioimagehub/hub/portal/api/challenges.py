"""Challenges and their boards."""

from __future__ import annotations

from fastapi import APIRouter, Request

from bioimagehub.hub.portal.api.models import BoardVersion, BoardView, Definition, answers
from bioimagehub.hub.portal.api.parameters import BoardNumber, ChallengeName, PhaseName  # noqa: TC001 (FastAPI reads the annotations)
from bioimagehub.hub.portal.people import BY_CALLER, Caller, context_of
from bioimagehub.hub.portal.store.boards import find_board, list_boards
from bioimagehub.hub.portal.store.challenges import find_challenge, list_challenges
from bioimagehub.hub.portal.views import ChallengeView, view_challenge

router = APIRouter(tags=["challenges"])


@router.get("/challenges", responses=answers())
def list_all(request: Request, person: Caller) -> list[ChallengeView]:
    """List the challenges."""
    with context_of(request).store.reading() as session:
        return [view_challenge(session, row, edition, person.name) for row, edition in list_challenges(session)]


@router.get("/challenges/{challenge}", responses=answers(404))
def show(request: Request, person: Caller, challenge: ChallengeName) -> ChallengeView:
    """Show a challenge, its phases, and how much of its limits you have used."""
    with context_of(request).store.reading() as session:
        return view_challenge(session, *find_challenge(session, challenge), person.name)


@router.get("/challenges/{challenge}/definition", dependencies=BY_CALLER, responses=answers(404))
def definition(request: Request, challenge: ChallengeName) -> Definition:
    """Give the challenge file of the edition in force."""
    with context_of(request).store.reading() as session:
        _, edition = find_challenge(session, challenge)
    return Definition(text=edition.definition)


@router.get("/challenges/{challenge}/phases/{phase}/boards", dependencies=BY_CALLER, responses=answers(404))
def list_versions(request: Request, challenge: ChallengeName, phase: PhaseName) -> list[BoardVersion]:
    """List the versions of a board, the newest first."""
    with context_of(request).store.reading() as session:
        find_challenge(session, challenge)
        return [
            BoardVersion(number=row.number, edition=edition.number, cause=row.cause, created=row.created)
            for row, edition in list_boards(session, challenge, phase)
        ]


@router.get("/challenges/{challenge}/phases/{phase}/boards/{number}", dependencies=BY_CALLER, responses=answers(404))
def show_version(request: Request, challenge: ChallengeName, phase: PhaseName, number: BoardNumber) -> BoardView:
    """Show a version of a board. It never changes."""
    with context_of(request).store.reading() as session:
        row, edition = find_board(session, challenge, phase, number)
        return BoardView(
            number=row.number, edition=edition.number, cause=row.cause, created=row.created, board=row.board
        )
