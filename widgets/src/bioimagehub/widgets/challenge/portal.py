"""The portal of the challenges of a hub, asked over its API."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from bioimagehub.challenges.submitting import ADDRESS_VARIABLE, LOOPBACK, TOKEN_VARIABLES
from bioimagehub.widgets.errors import PortalError

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
LARGEST = 64 * 2**20
"""Bytes of one answer, at most."""
_NOT_FOUND = 404


@dataclass(frozen=True)
class Portal:
    """A portal, and who asks it.

    Parameters
    ----------
    address : str
        Such as ``https://hub.example.org/services/challenges``.
    token : str
        Of the hub.
    """

    address: str
    token: str

    def names(self) -> list[str]:
        """List the names of the challenges."""
        return sorted(str(one["name"]) for one in self._ask("/challenges") or [])

    def challenge(self, name: str) -> dict[str, Any] | None:
        """Tell what a challenge is, its phases, and what of its limits was used; None if there is no such one."""
        found: dict[str, Any] | None = self._ask(f"/challenges/{quote(name, safe='')}")
        return found

    def definition(self, name: str) -> str | None:
        """Give the text of a challenge file; None where the portal does not give it."""
        found = self._ask(f"/challenges/{quote(name, safe='')}/definition")
        text = found.get("text") if isinstance(found, dict) else None
        return text if isinstance(text, str) else None

    def submissions(self, name: str) -> list[dict[str, Any]]:
        """List one's own submissions, the newest first."""
        return list(self._ask(f"/submissions?{urlencode({'challenge': name})}") or [])

    def result(self, submission: str) -> dict[str, Any] | None:
        """Give the result of a submission of one's own; None before there is one."""
        found: dict[str, Any] | None = self._ask(f"/submissions/{quote(submission, safe='')}/result")
        return found

    def withdraw(self, submission: str) -> None:
        """Take back a submission that waits."""
        if self._ask(f"/submissions/{quote(submission, safe='')}/withdraw", "POST") is None:
            msg = f"The portal at {self.address} has no submission {submission} of yours. Look at the list again."
            raise PortalError(msg)

    def boards(self, name: str, phase: str) -> list[dict[str, Any]]:
        """List the versions of a board, the newest first."""
        return list(self._ask(f"/challenges/{quote(name, safe='')}/phases/{quote(phase, safe='')}/boards") or [])

    def board(self, name: str, phase: str, number: int) -> dict[str, Any] | None:
        """Give a version of a board; None if there is no such one."""
        place = f"/challenges/{quote(name, safe='')}/phases/{quote(phase, safe='')}/boards/{number}"
        found: dict[str, Any] | None = self._ask(place)
        return found

    def _ask(self, path: str, method: str = "GET") -> Any:
        """Ask; None where there is no such thing.

        Raises
        ------
        PortalError
            If it is not reached, refuses, or answers something else than JSON.
        """
        import urllib3
        from urllib3.exceptions import HTTPError

        headers = {"Authorization": f"token {self.token}"}
        patience = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        try:
            with urllib3.PoolManager() as pool:
                # The token goes to nobody else: redirections are not followed.
                answer = pool.request(
                    method, f"{self.address}/api{path}", headers=headers, retries=False, redirect=False,
                    timeout=patience, preload_content=False,
                )  # fmt: skip
                said = answer.read(LARGEST + 1)
                answer.release_conn()
        except HTTPError as error:
            msg = f"The portal at {self.address} was not reached. It said: {error}. Ask again in a while."
            raise PortalError(msg) from error
        if answer.status == _NOT_FOUND:
            return None
        return self._parse(answer.status, said)

    def _parse(self, status: int, said: bytes) -> Any:
        try:
            values = json.loads(said) if len(said) <= LARGEST else None
        except ValueError:
            values = None
        if 200 <= status < 300 and values is not None:
            return values
        detail = values.get("detail") if isinstance(values, dict) else None
        reason = str(detail)[:500] if isinstance(detail, str) else "It gave no reason that can be read."
        msg = f"The portal at {self.address} did not answer as expected (status {status}). {reason}"
        raise PortalError(msg)


def find_portal() -> Portal | None:
    """Find the portal of the hub that the kernel runs on; None where there is none.

    Raises
    ------
    PortalError
        If its address is none, or would send the token unencrypted to another machine.
    """
    address = os.environ.get(ADDRESS_VARIABLE, "").rstrip("/")
    token = next((os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)), "")
    if not address or not token:
        return None
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname:
        msg = (
            f"{ADDRESS_VARIABLE} is {address[:200]}. Expected an address with https://, or one of this machine. "
            "Correct it, or unset it to work without a hub."
        )
        raise PortalError(msg)
    return Portal(address, token)
