"""Challenges and their editions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from bioimagehub.hub.errors import NotAllowedError, NotFoundError
from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import (
    EDITION_ACTIVE,
    EDITION_REFUSED,
    EDITION_WAITING,
    INSTALL,
    ChallengeRow,
    EditionRow,
)
from bioimagehub.hub.portal.store.queue import new_job

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def list_challenges(session: Session) -> list[tuple[ChallengeRow, EditionRow]]:
    """Return the challenges that have an edition in force, with it, by name."""
    latest = (
        select(EditionRow.challenge_id, func.max(EditionRow.number).label("number"))
        .where(EditionRow.state == EDITION_ACTIVE)
        .group_by(EditionRow.challenge_id)
        .subquery()
    )
    found = session.execute(
        select(ChallengeRow, EditionRow)
        .join(latest, latest.c.challenge_id == ChallengeRow.id)
        .join(EditionRow, (EditionRow.challenge_id == ChallengeRow.id) & (EditionRow.number == latest.c.number))
        .order_by(ChallengeRow.name)
    )
    return [(row[0], row[1]) for row in found]


def find_challenge(session: Session, name: str) -> tuple[ChallengeRow, EditionRow]:
    """Return a challenge and its edition in force.

    Raises
    ------
    NotFoundError
        If there is no such challenge, or none of its editions was active yet.
    """
    found = session.execute(
        select(ChallengeRow, EditionRow)
        .join(EditionRow, EditionRow.challenge_id == ChallengeRow.id)
        .where(ChallengeRow.name == name, EditionRow.state == EDITION_ACTIVE)
        .order_by(EditionRow.number.desc())
        .limit(1)
    ).first()
    if found is None:
        msg = f"There is no challenge {name!r}. Expected one of the list of challenges. Look there for its name."
        raise NotFoundError(msg)
    return found[0], found[1]


def list_editions(session: Session, name: str | None = None) -> list[tuple[ChallengeRow, EditionRow]]:
    """Return all editions, or those of one challenge; the newest first."""
    wanted = select(ChallengeRow, EditionRow).join(EditionRow, EditionRow.challenge_id == ChallengeRow.id)
    if name is not None:
        wanted = wanted.where(ChallengeRow.name == name)
    return [(row[0], row[1]) for row in session.execute(wanted.order_by(EditionRow.id.desc()))]


def check_may_change(challenge: ChallengeRow, user: str, *, admin: bool) -> None:
    """Check that a challenge is somebody's own, or that they are an admin.

    Raises
    ------
    NotAllowedError
        If it is another organiser's.
    """
    if challenge.created_by != user and not admin:
        msg = (
            f"Cannot change the challenge {challenge.name!r}: it is {challenge.created_by}'s, and expected is its own "
            "organiser or an admin of the hub. Give yours another name, or ask one of them."
        )
        raise NotAllowedError(msg)


def add_edition(
    session: Session, name: str, definition: str, digest: str, user: str, *, admin: bool = False
) -> EditionRow:  # fmt: skip
    """Add an edition, and the job that checks and installs it; return it.

    Parameters
    ----------
    session : Session
        One that writes.
    name : str
        The challenge; made if there is none of this name.
    definition : str
        The challenge file.
    digest : str
        SHA-256 of what was uploaded.
    user : str
        Who did it.
    admin : bool
        Whether that is an admin.

    Raises
    ------
    NotAllowedError
        See `check_may_change`.
    """
    challenge = session.scalars(select(ChallengeRow).where(ChallengeRow.name == name)).one_or_none()
    if challenge is None:
        challenge = ChallengeRow(name=name, created=now(), created_by=user)
        session.add(challenge)
        session.flush()
    check_may_change(challenge, user, admin=admin)
    last = session.scalar(select(func.max(EditionRow.number)).where(EditionRow.challenge_id == challenge.id)) or 0
    edition = EditionRow(
        challenge_id=challenge.id, number=last + 1, state=EDITION_WAITING, definition=definition, digest=digest,
        report=[], controls=None, created=now(), created_by=user,
    )  # fmt: skip
    session.add(edition)
    session.flush()
    session.add(new_job(INSTALL, edition.id, turn=f"install {challenge.id}"))
    return edition


def settle_edition(session: Session, edition_id: int, report: list[str], controls: dict[str, Any] | None) -> bool:
    """Make a waiting edition active, or refused where controls is None; tell whether it was waiting."""
    state = EDITION_REFUSED if controls is None else EDITION_ACTIVE
    changed = session.execute(
        update(EditionRow)
        .where(EditionRow.id == edition_id, EditionRow.state == EDITION_WAITING)
        .values(state=state, report=report, controls=controls)
        .returning(EditionRow.id)
    )
    return changed.first() is not None
