"""The leaderboards: the newest, each version at its own address, and two side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from bioimagehub.challenges.boards import Board, compare_boards
from bioimagehub.challenges.errors import ChallengeError
from bioimagehub.hub.errors import ConflictError, NotFoundError
from bioimagehub.hub.portal.api.parameters import (  # noqa: TC001 (FastAPI reads the annotations)
    BoardNumber,
    ChallengeName,
    PhaseName,
)
from bioimagehub.hub.portal.pages.templates import show
from bioimagehub.hub.portal.people import BY_VISITOR, Visitor, context_of
from bioimagehub.hub.portal.store.boards import find_board, list_boards, newest_board

if TYPE_CHECKING:
    from bioimagehub.hub.portal.people import Person
    from bioimagehub.hub.portal.store.models import BoardRow, EditionRow

router = APIRouter()


@router.get("/challenge/{challenge}/{phase}/board")
def newest(request: Request, person: Visitor, challenge: ChallengeName, phase: PhaseName) -> Response:
    """Show the newest version of a board."""
    with context_of(request).store.reading() as session:
        found = newest_board(session, challenge, phase)
    if found is None:
        msg = f"The phase {phase!r} of {challenge!r} has no leaderboard yet: nothing was scored. Come back later."
        raise NotFoundError(msg)
    return _show(request, person, challenge, phase, *found)


@router.get("/challenge/{challenge}/{phase}/board/{number}")
def version(
    request: Request, person: Visitor, challenge: ChallengeName, phase: PhaseName, number: BoardNumber
) -> Response:
    """Show a version of a board."""
    with context_of(request).store.reading() as session:
        found = find_board(session, challenge, phase, number)
    return _show(request, person, challenge, phase, *found)


def _show(request: Request, person: Person, challenge: str, phase: str, row: BoardRow, edition: EditionRow) -> Response:
    with context_of(request).store.reading() as session:
        versions = list_boards(session, challenge, phase)
    board = Board.from_dict(row.board)
    return show(
        request, "board", person, challenge=challenge, phase=phase, title=board.title, board=board, row=row,
        edition=edition, versions=versions,
    )  # fmt: skip


@router.get("/challenge/{challenge}/{phase}/board/{number}/board.json", dependencies=BY_VISITOR)
def plain(request: Request, challenge: ChallengeName, phase: PhaseName, number: BoardNumber) -> Response:
    """Give a version of a board as JSON."""
    with context_of(request).store.reading() as session:
        row, _ = find_board(session, challenge, phase, number)
    return JSONResponse(row.board)


@router.get("/challenge/{challenge}/{phase}/compare/{old}/{new}")
def compare(
    request: Request, person: Visitor, challenge: ChallengeName, phase: PhaseName, old: BoardNumber, new: BoardNumber
) -> Response:
    """Show two versions of a board side by side."""
    with context_of(request).store.reading() as session:
        first, first_edition = find_board(session, challenge, phase, old)
        second, second_edition = find_board(session, challenge, phase, new)
    before, after = Board.from_dict(first.board), Board.from_dict(second.board)
    try:
        changes = compare_boards(before, after).changes
    except ChallengeError as error:
        raise ConflictError(str(error)) from error
    return show(
        request, "compare", person, challenge=challenge, phase=phase, title=after.title, old=first, new=second,
        old_edition=first_edition, new_edition=second_edition, changes=changes,
        step=after.columns[0].step,
    )  # fmt: skip
