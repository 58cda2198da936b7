"""Log-ins. Who reads the database cannot log in with it, and has nobody's token.

The secret is in the browser's cookie alone. The database has its hash, and the token of the hub encrypted with a key
that is derived from it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, select

from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import SessionRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _cipher(secret: str) -> Fernet:
    """Return what encrypts with the key of a secret; the prefix keeps the key apart from the hash in the database."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"token:" + secret.encode()).digest()))


def add_session(session: Session, user: str, token: str, hours: float) -> str:
    """Begin somebody's session and return the secret for the cookie; forget sessions that have ended."""
    session.execute(delete(SessionRow).where(SessionRow.expires < now()))
    secret = secrets.token_urlsafe(32)
    sealed = _cipher(secret).encrypt(token.encode()).decode("ascii")
    session.add(SessionRow(id=_hash(secret), user=user, token=sealed, expires=now() + timedelta(hours=hours)))
    return secret


def find_session(session: Session, secret: str) -> tuple[str, str] | None:
    """Return the user and the token of the session of a cookie; None if it has ended, or its token cannot be read."""
    found = session.scalars(
        select(SessionRow).where(SessionRow.id == _hash(secret), SessionRow.expires > now())
    ).one_or_none()
    if found is None:
        return None
    try:
        return found.user, _cipher(secret).decrypt(found.token).decode()
    except InvalidToken:
        return None


def end_session(session: Session, secret: str) -> None:
    """End the session of a cookie."""
    session.execute(delete(SessionRow).where(SessionRow.id == _hash(secret)))
