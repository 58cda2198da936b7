"""Where recorded data came from: the note that stands in each of their folders."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import InvalidDocumentError
from bioimagehub.catalogs.parts import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTE = "SOURCES.txt"


@dataclass(frozen=True)
class Source:
    """A repository or package at one version.

    Attributes
    ----------
    name : str
        Repository or package.
    version : str
        Commit or release.
    retrieved : date
        Date of that version, or the month in which the data were collected.
    licence : str
        What the note says of the terms.
    """

    name: str
    version: str
    retrieved: date
    licence: str

    def fact(self, path: str, *fields: str) -> Fact:
        """Say that some fields were read in a file of it, or, with no fields, all that nothing else is said of."""
        return Fact(source=f"{self.name}@{self.version[:12]}:{path}", retrieved=self.retrieved, fields=fields)


def read_source(folder: Path) -> Source:
    """Read the note of a folder: repository or package, version, date, licence.

    Raises
    ------
    InvalidDocumentError
        If the note is missing, or lacks one of these.
    """
    note = folder / NOTE
    text = note.read_text(encoding="utf-8") if note.is_file() else ""
    origin = re.search(r"(github\.com/[\w./-]+\w),?\s+commit:?\s+([0-9a-f]{7,40})|(PyPI) \w+ (\S+) (\d[\w.]*)", text)
    when = _find_date(text) or read_date(folder)
    if origin is None or when is None:
        msg = (
            f"The note {note} does not say where the data came from; expected a repository with its commit, or a "
            "package with its version, and a date. Write them into the note before the data go into the catalog."
        )
        raise InvalidDocumentError(msg)
    licence = re.search(r"\blicence: (.+)|(No LICENSE file.+)", text)
    return Source(
        origin[1] or f"pypi.org/project/{origin[4]}",
        origin[2] or origin[5],
        when,
        re.sub(r" \(see report\)", "", licence[1] or licence[2]).strip() if licence else "no licence stated",
    )


def read_date(folder: Path) -> date | None:
    """Read when the whole collection was made: from its page, in the folder or the nearest one above that has one."""
    pages = (above / "README.md" for above in (folder, *folder.parents))
    return next((_find_date(page.read_text(encoding="utf-8")) for page in pages if page.is_file()), None)


def _find_date(text: str) -> date | None:
    found = re.search(r"\((\d{4})-(\d{2})(?:-(\d{2}))?[),]", text)
    return date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None


def read_rows(file: Path) -> Iterator[dict[str, str]]:
    """Read a table with a head line, by commas or, in a ``.tsv``, by tabs; what a row has too much is left out."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t" if file.suffix == ".tsv" else ",", restkey="", restval=""):
            yield {name: value.strip() for name, value in row.items() if name}
