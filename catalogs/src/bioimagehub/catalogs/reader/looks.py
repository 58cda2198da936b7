"""Asking what a file is, without its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.reader.answers import parse_version
from bioimagehub.catalogs.reader.versions import check_version

if TYPE_CHECKING:
    from bioimagehub.catalogs.reader.answers import Answer
    from bioimagehub.catalogs.reader.versions import Version


class Look:
    """Asks for the version of a file without its bytes."""

    method = "HEAD"

    def __init__(self, url: str, expected: Version | None) -> None:
        self.url = url
        self.expected = expected
        self.version: Version | None = None
        self.requests = 0
        self.moved = 0
        self.at = 0
        self.deadline = float("inf")

    def headers(self) -> dict[str, str]:
        """Give no headers of its own."""
        return {}

    def receive(self, answer: Answer) -> None:
        """Take the head of an answer."""
        text = answer.headers.get("content-length", "")
        size = int(text) if text.isdecimal() and "content-encoding" not in answer.headers else None
        self.version = parse_version(answer.headers, size)
        check_version(self.url, self.version, self.expected)

    def pause(self) -> None:
        """Be ready for another try."""

    def restart(self) -> None:
        """Be ready for another server."""
