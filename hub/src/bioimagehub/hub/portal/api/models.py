"""What the API says beside what `bioimagehub.hub.portal.views` describes."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import Any

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """Why something was not done, and what to do."""

    detail: str


class Acknowledgement(BaseModel):
    """A submission that was taken: it is on the disk and in the queue."""

    id: str
    sha256: str
    ahead: int | None = Field(description="Submissions before it in the queue.")


class EditionView(BaseModel):
    """A version of a challenge, as organisers see it."""

    challenge: str
    edition: int
    state: str = Field(description="waiting, active or refused.")
    report: list[str] = Field(description="What the check found.")
    digest: str
    created: datetime
    created_by: str


class Definition(BaseModel):
    """A challenge file. It says where the truth is, and has none."""

    text: str


class BoardVersion(BaseModel):
    """One version of a board."""

    number: int
    edition: int
    cause: str
    created: datetime


class BoardView(BoardVersion):
    """One version of a board with its rows."""

    board: dict[str, Any] = Field(description="As bioimagehub.challenges.boards.Board.as_dict() gives it.")


class Rescore(BaseModel):
    """What a rescore has begun."""

    queued: int


ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not understood."},
    401: {"model": Problem, "description": "No token, or one that the hub does not know."},
    403: {"model": Problem, "description": "Not allowed."},
    404: {"model": Problem, "description": "Not there, or somebody else's."},
    409: {"model": Problem, "description": "Too early, too late, or done before."},
    413: {"model": Problem, "description": "Too large."},
    422: {"model": Problem, "description": "A value that is not as described."},
    429: {"model": Problem, "description": "The limit is used up."},
    503: {"model": Problem, "description": "Hub or database do not answer; try again."},
}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the descriptions of the answers that an operation gives beside its good one."""
    return {status: ANSWERS[status] for status in (400, 401, 403, 422, *statuses, 503)}
