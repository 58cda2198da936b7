"""The journal of a harvest: each page is on the disk before the next is asked for, so a killed harvest goes on."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from bioimagehub.catalogs.archives.archive import Page

_LAYOUT = 1
_OLDEST = 7 * 86_400
"""Seconds after which a journal is not gone on with: the archive's list has changed below it."""


@dataclass
class Journal:
    """Pages of a harvest that is under way, one a line of JSON.

    Attributes
    ----------
    path : Path
    head : dict
        What is harvested: a journal of something else is not gone on with.
    pages : list of dict
        ``records`` as plain fields, ``cursor``, ``total``, ``rows``, and ``report`` with the defects and losses.
    finished : bool
        Whether the last page is among them.
    """

    path: Path
    head: dict[str, Any]
    pages: list[dict[str, Any]] = field(default_factory=list)
    finished: bool = False

    @property
    def cursor(self) -> str | None:
        """Where the harvest goes on; None at its beginning."""
        return self.pages[-1]["cursor"] if self.pages else None

    def add(self, page: Page, report: dict[str, Any]) -> None:
        """Write a page, with what the report says of it."""
        records = [record.model_dump(mode="json", exclude_defaults=True) for record in page.records]
        rows = len(records) + len(report["losses"]) if page.rows is None else page.rows
        entry = {"records": records, "cursor": page.cursor, "total": page.total, "rows": rows, "report": report}
        self._write(entry)
        self.pages.append(entry)

    def finish(self) -> None:
        """Write that all pages are there."""
        self._write({"finished": True})
        self.finished = True

    def restart(self) -> None:
        """Forget all pages."""
        self.pages, self.finished = [], False
        self.path.write_bytes(b"")
        self._write(self.head)

    def set_aside(self) -> Path:
        """Keep the pages under another name, where no harvest goes on with them; give that name."""
        refused = self.path.with_suffix(".refused.jsonl")
        self.path.replace(refused)
        return refused

    def _write(self, entry: dict[str, Any]) -> None:
        with self.path.open("ab") as file:
            file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def open_journal(path: Path, archive: str, since: date | None) -> Journal:
    """Open the journal of a harvest that was broken off, or begin a new one.

    What was half written at the end is cut off. A journal of another question, one that nobody wrote to for a week, a
    damaged one, and one that tells of no place to go on from are begun anew.
    """
    head = {"layout": _LAYOUT, "archive": archive, "since": since.isoformat() if since else None}
    journal = Journal(path, head)
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    whole = [line for line in lines if line.endswith(b"\n")]
    try:
        entries = [json.loads(line) for line in whole]
    except ValueError:
        entries = []
    if not entries or entries[0] != head or time.time() - path.stat().st_mtime > _OLDEST:
        journal.restart()
        return journal
    journal.finished = entries[-1] == {"finished": True}
    journal.pages = [entry for entry in entries[1:] if "records" in entry]
    if journal.pages and not journal.finished and journal.cursor is None:
        journal.restart()
    elif len(whole) < len(lines):
        os.truncate(path, sum(map(len, whole)))
    return journal
