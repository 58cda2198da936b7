"""Log-ins. The database has the hash of what the cookie holds: who reads it cannot log in with it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import SessionRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def add_session(session: Session, user: str, token: str, hours: float) -> str:
    """Begin somebody's session and return the secret for the cookie; forget sessions that have ended."""
    session.execute(delete(SessionRow).where(SessionRow.expires < now()))
    secret = secrets.token_urlsafe(32)
    session.add(SessionRow(id=_hash(secret), user=user, token=token, expires=now() + timedelta(hours=hours)))
    return secret


def find_session(session: Session, secret: str) -> SessionRow | None:
    """Return the session of a cookie, if it has not ended."""
    return session.scalars(
        select(SessionRow).where(SessionRow.id == _hash(secret), SessionRow.expires > now())
    ).one_or_none()


def end_session(session: Session, secret: str) -> None:
    """End the session of a cookie."""
    session.execute(delete(SessionRow).where(SessionRow.id == _hash(secret)))
