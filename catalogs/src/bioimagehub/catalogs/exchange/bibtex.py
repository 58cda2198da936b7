"""BibTeX entries: the main article of a dataset with a note on the data, or the dataset itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.values import line

if TYPE_CHECKING:
    from bioimagehub.catalogs.parts import Author
    from bioimagehub.catalogs.records import Record

# BibTeX counts braces also behind a backslash, so a brace in the text has to become a command.
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
# Addresses and DOIs are read as they stand: what would end the field is percent-encoded instead.
_ENCODED = {"\\": "%5C", "{": "%7B", "}": "%7D"}


def dump(record: Record) -> str:
    """Write a record as a BibTeX entry for LaTeX in UTF-8.

    An ``@article`` where the main publication has a journal, else ``@misc``. Characters that LaTeX obeys are escaped,
    letters beyond ASCII are kept, and capitals in the title are protected.

    Parameters
    ----------
    record : Record

    Returns
    -------
    str
        The entry, without a newline at its end.

    Examples
    --------
    >>> from bioimagehub.catalogs import open_catalog
    >>> print(dump(open_catalog()["samples:nuclei-3d"]).splitlines()[1])
      author = {{Allen Institute for Cell Science}},
    """
    published = record.publications[0] if record.publications else None
    doi = (published.doi if published else None) or record.doi
    year = published.year if published else record.released and record.released.year
    fields = {
        "author": " and ".join(_name(author) for author in record.authors),
        # The second braces keep the capitals of names such as BBBC038.
        "title": f"{{{escape((published and published.title) or record.title)}}}",
        "journal": escape(published.journal) if published and published.journal else None,
        "publisher": None if published else escape(record.source),
        "year": str(year) if year else None,
        "volume": escape(published.volume) if published and published.volume else None,
        "pages": re.sub(r"-+", "--", escape(published.pages)) if published and published.pages else None,
        "doi": _as_it_stands(doi) if doi else None,
        "url": _as_it_stands(record.source_url),
        "note": escape(_note(record)),
    }
    kind = "article" if published and published.journal else "misc"
    lines = [f"  {field} = {{{value}}}," for field, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key(record)},", *lines, "}"])


def key(record: Record) -> str:
    """Give the key of the entry: the identifier, with only the characters that every BibTeX takes."""
    return re.sub(r"[^A-Za-z0-9:._-]", "-", record.identifier)


def escape(text: str) -> str:
    r"""Write text so that LaTeX prints it: one line, without control characters.

    >>> print(escape("50% of α-actinin & {x_1}"))
    50\% of α-actinin \& \textbraceleft{}x\_1\textbraceright{}
    """
    return "".join(_LATEX.get(character, character) for character in line(text) or "")


def _as_it_stands(text: str) -> str:
    return "".join(_ENCODED.get(character, character) for character in line(text) or "")


def _name(author: Author) -> str:
    """Give a name; braces keep together what BibTeX would divide: groups, and names with a comma or an 'and'."""
    family = escape(author.family)
    if author.given is None or re.search(r"\band\b|,", author.family):
        family = f"{{{family}}}"
    if author.given is None:
        return family
    given = escape(author.given)
    return f"{family}, {{{given}}}" if re.search(r"\band\b|,", author.given) else f"{family}, {given}"


def _note(record: Record) -> str:
    accession = f" {record.source_accession}" if record.source_accession else ""
    return f"Data: {record.source}{accession}, {record.licence or 'no licence stated'}"
