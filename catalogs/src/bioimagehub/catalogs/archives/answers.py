"""Answers over HTTP: what a status means, reading a body whole, and telling JSON from what only looks like it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import DecodeError, HTTPError, InvalidHeader, LocationValueError, SSLError
from urllib3.util import Retry

from bioimagehub.catalogs.errors import (
    AccessDeniedError,
    ArchiveAnswerError,
    ArchiveError,
    ArchiveUnreachableError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from datetime import date

    from urllib3 import BaseHTTPResponse

_PIECE = 2**16
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Head:
    """What a host says of a file without sending it; None where it does not say.

    Attributes
    ----------
    status : int
    url : str
        Where the file was found, after redirects.
    size : int or None
        Bytes.
    etag : str or None
        Without quotation marks.
    modified : date or None
    type : str or None
        Media type.
    """

    status: int
    url: str
    size: int | None
    etag: str | None
    modified: date | None
    type: str | None


class TryAgain(Exception):  # noqa: N818 - it is caught in the client and never leaves it
    """A try failed in a way that another one may not.

    Attributes
    ----------
    error : ArchiveUnreachableError
        What to raise if it was the last.
    wait : float or None
        Seconds that the host asks to wait; None where it does not say.
    answered : bool
        Whether the host answered at all.
    """

    def __init__(self, error: ArchiveUnreachableError, *, wait: float | None = None, answered: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait
        self.answered = answered


def check_status(response: BaseHTTPResponse, url: str) -> None:
    """Raise what a status means; return where there is a body to read.

    Raises
    ------
    TryAgain
        If it may be another one later: 408, 425, 429, and all errors of the host itself.
    RecordNotFoundError, AccessDeniedError, ArchiveAnswerError
    """
    status, shown = response.status, hide_secrets(url)
    if status < 300:
        return
    if status in {404, 410}:
        msg = f"Nothing is at {shown}: the archive answered {status}. Check the accession; it may have been withdrawn."
        raise RecordNotFoundError(msg)
    if status in {401, 403}:
        msg = (
            f"The archive does not let everybody read {shown}: it answered {status}. The record is private, "
            "under embargo or needs an account; see its page at the archive."
        )
        raise AccessDeniedError(msg)
    if status in _LATER or status >= 500:
        msg = f"{shown} answered {status} at every try; expected 200. The archive is busy or down: try again later."
        raise TryAgain(ArchiveUnreachableError(msg), wait=_asked_to_wait(response), answered=True)
    msg = f"{shown} answered {status}; expected 200. The archive's interface may have changed: report it."
    raise ArchiveAnswerError(msg)


def _asked_to_wait(response: BaseHTTPResponse) -> float | None:
    try:
        return Retry().get_retry_after(response)
    except InvalidHeader:
        return None


def explain_failure(error: HTTPError, url: str) -> ArchiveError | TryAgain:
    """Give what a failed connection means: a certificate stays wrong, all else may be right at the next try."""
    shown, reason = hide_secrets(url), hide_secrets(str(error))
    if isinstance(error, SSLError) and isinstance(error.args[0], SSLCertVerificationError):
        msg = (
            f"{shown} was not read: the certificate of its host cannot be checked ({reason}). Expected one that a "
            "known authority signed. Report it to the archive; it stays checked: the answer could be forged."
        )
        return ArchiveUnreachableError(msg)
    if isinstance(error, LocationValueError):
        msg = f"{shown} is not an address ({reason}). Correct it, or report the redirect that led there."
        return ArchiveAnswerError(msg)
    if isinstance(error, DecodeError):
        msg = f"The answer of {shown} is not compressed as it says ({reason}). Expected a whole body; report it."
        return ArchiveAnswerError(msg)
    msg = (
        f"{shown} could not be read at any try: {type(error).__name__}: {reason}. Expected a whole answer. "
        "Check the network of this machine, and whether the archive is up; then try again."
    )
    return TryAgain(ArchiveUnreachableError(msg))


def read_body(response: BaseHTTPResponse, url: str, *, most: int | None, largest: int, deadline: float) -> bytes:
    """Read a body to its end, or its first `most` bytes.

    Raises
    ------
    ArchiveAnswerError
        If it has more than `largest` bytes after decompression.
    TryAgain
        If it is not there at `deadline`, in seconds of the monotonic clock.
    urllib3.exceptions.HTTPError
        If it breaks off.
    """
    pieces, size = [], 0
    # A piece is what has come: waiting until it is full, a host that drips would hold this for hours.
    while piece := response.read1(_PIECE):
        size += len(piece)
        if size > largest:
            msg = (
                f"The answer of {hide_secrets(url)} has more than {largest:,} bytes, the most that is read at once. "
                "Ask for a part of it (start, length), or download it as a file."
            )
            raise ArchiveAnswerError(msg)
        if time.monotonic() > deadline:
            msg = (
                f"The answer of {hide_secrets(url)} was not whole in time: {size:,} bytes came. "
                "The archive is slow now: try again later, or give the client more patience."
            )
            raise TryAgain(ArchiveUnreachableError(msg), answered=True)
        pieces.append(piece)
        if most is not None and size >= most:
            break
    return b"".join(pieces)[:most]


def parse_json(body: bytes, url: str) -> Any:
    """Parse a body that is to be JSON.

    Raises
    ------
    ArchiveAnswerError
        If it is empty, a web page, malformed, or nested deeper than any record.
    """
    shown = hide_secrets(url)
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        msg = f"The answer of {shown} is empty; expected JSON. The archive may be in trouble: try again later."
        raise ArchiveAnswerError(msg)
    if start.startswith(b"<"):
        msg = (
            f"{shown} answered with a web page or XML that begins {start[:60]!r}; expected JSON. "
            "The archive may be under maintenance or have changed its interface: try again later, then report it."
        )
        raise ArchiveAnswerError(msg)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        msg = f"The answer of {shown} is not JSON: {error}; it begins {start[:60]!r}. Try again later, then report it."
        raise ArchiveAnswerError(msg) from error


def parse_text(body: bytes, response: BaseHTTPResponse) -> str:
    """Decode a text by the character set that its header names, or as UTF-8; what does not fit is replaced."""
    _, _, charset = response.headers.get("Content-Type", "").partition("charset=")
    try:
        return body.decode(charset.split(";")[0].strip("\"' ") or "utf-8", errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def parse_head(response: BaseHTTPResponse, url: str) -> Head:
    """Read what the headers of an answer say of a file."""
    headers = response.headers
    size = headers.get("Content-Length", "")
    try:
        modified = parsedate_to_datetime(headers.get("Last-Modified", "")).date()
    except (TypeError, ValueError):
        modified = None
    return Head(
        status=response.status,
        url=url,
        size=int(size) if size.isascii() and size.isdigit() else None,
        etag=headers.get("ETag", "").removeprefix("W/").strip('"') or None,
        modified=modified,
        type=headers.get("Content-Type", "").partition(";")[0].strip() or None,
    )
