"""The users of the workshop log-in and their passwords.

Passwords are kept as scrypt hashes (RFC 7914) in a 0600 file. The file is read at every log-in,
so that a change is in force at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from typing import TYPE_CHECKING

from bioimagehub.hub.errors import AccountError
from bioimagehub.hub.settings import USER_NAME
from bioimagehub.hub.state import write_private

if TYPE_CHECKING:
    from pathlib import Path

MINIMUM_LENGTH = 8


def _hash(password: str, salt: bytes) -> str:
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    return f"{base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


class Accounts:
    """User names with password hashes in one file.

    Parameters
    ----------
    path : Path
        The file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def _read(self) -> dict[str, str]:
        try:
            accounts: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return accounts

    def names(self) -> list[str]:
        """Return the names of all users, sorted."""
        return sorted(self._read())

    def matches(self, name: str, password: str) -> bool:
        """Tell whether a password is the user's. Takes as long for a user who is not known."""
        stored = self._read().get(name) or _hash("", b"nobody")
        salt = base64.b64decode(stored.split("$")[0])
        return hmac.compare_digest(stored, _hash(password, salt)) and bool(password)

    def set_password(self, name: str, password: str) -> None:
        """Give a user a password; add the user where the name is new.

        Raises
        ------
        AccountError
            If the name or the password cannot be taken.
        """
        if not USER_NAME.fullmatch(name):
            msg = (
                f"Cannot add the user {name!r}: expected 1 to 31 of a-z, 0-9 and '-', beginning with a letter. "
                "Choose another name."
            )
            raise AccountError(msg)
        if len(password) < MINIMUM_LENGTH:
            msg = (
                f"Cannot set the password of {name!r}: it has {len(password)} characters, at least {MINIMUM_LENGTH} "
                "are expected. Choose a longer one."
            )
            raise AccountError(msg)
        accounts = self._read()
        accounts[name] = _hash(password, os.urandom(16))
        write_private(self._path, json.dumps(accounts, indent=1))

    def add(self, name: str) -> str:
        """Give a user a new random password and return it. It is kept nowhere else."""
        password = "-".join(secrets.token_hex(2) for _ in range(4))
        self.set_password(name, password)
        return password

    def remove(self, name: str) -> None:
        """Remove a user.

        Raises
        ------
        AccountError
            If there is no such user.
        """
        accounts = self._read()
        if accounts.pop(name, None) is None:
            known = ", ".join(sorted(accounts)) or "none"
            msg = f"Cannot remove the user {name!r}: no such user; known are {known}. Check the name."
            raise AccountError(msg)
        write_private(self._path, json.dumps(accounts, indent=1))
