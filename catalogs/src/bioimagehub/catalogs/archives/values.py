"""Lenient in, strict out: the values that archives write, and the record that is made of them.

Archives write one thing where they mean a list of one, dates in several forms, and text with line ends and control
characters. What cannot be understood is left out and noted in the report; it never costs the record.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import ArchiveAnswerError, InvalidEntryError
from bioimagehub.catalogs.parts import Author, File, Term
from bioimagehub.catalogs.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 2000
_MOST = 2**63 - 1
"""The largest number that a record holds."""
_REQUIRED = frozenset({"identifier", "title", "source", "source_url"})
_FORMS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d-%m-%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y%m%d")


def listed(value: Any) -> list[Any]:
    """Give a list of what is a list, one thing alone, or nothing.

    >>> listed({"id": 1}), listed([1, 2]), listed(None)
    ([{'id': 1}], [1, 2], [])
    """
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def mapping(value: Any, *keys: str) -> dict[str, Any]:
    """Go down keys of nested objects; of a list the first is taken, and whatever is missing is an empty one.

    >>> mapping({"a": [{"b": {"c": 1}}]}, "a", "b")
    {'c': 1}
    """
    for key in ("", *keys):
        if key:
            value = value.get(key)
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict):
            return {}
    return dict(value)


def line(value: Any) -> str | None:
    r"""Give text as one line without control characters, cut where a record would not hold it; None where empty.

    >>> line("  two\n lines\x1b[31m ")
    'two lines [31m'
    """
    if value is None or isinstance(value, bool | dict | list):
        return None
    text = str(value)[: 4 * _LONGEST]
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text[:_LONGEST] or None


def day(value: Any) -> date | None:
    """Give the day of a date or time in one of the forms that the archives use, or of milliseconds since 1970.

    >>> day("2019-06-17T00:00:00Z"), day(1670889600000), day("soon")
    (datetime.date(2019, 6, 17), datetime.date(2022, 12, 13), None)
    """
    text = line(value) or ""
    if isinstance(value, int | float) or re.fullmatch(r"[0-9]{12,13}", text):
        try:
            return None if isinstance(value, bool) else datetime.fromtimestamp(float(value) / 1000, UTC).date()
        except (OverflowError, OSError, ValueError):
            return None
    for form in _FORMS:
        try:
            return datetime.strptime(text[:19].removesuffix("Z"), form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def number(value: Any) -> int | None:
    """Give a count that is written as a number or as text; None where it is neither, negative, or beyond 64 bits.

    >>> number("1,152"), number(36.0), number("many"), number(-1), number(10**20)
    (1152, 36, None, None, None)
    """
    if isinstance(value, bool):
        return None
    try:
        text = str(value).replace(",", "").strip()
        found = int(text) if text.isdecimal() else float(text)
    except ValueError:
        return None
    return int(found) if 0 <= found <= _MOST else None


def curie(value: Any) -> str | None:
    """Give a CURIE of an ontology identifier in the spellings of the archives; None where it is none.

    >>> curie("CMPO_0000329"), curie("http://purl.obolibrary.org/obo/FBbi_00000246"), curie("GO:0005829"), curie("x")
    ('CMPO:0000329', 'FBbi:00000246', 'GO:0005829', None)
    """
    text = (line(value) or "").rstrip("/").rpartition("/")[2].removeprefix("obo:")
    found = re.fullmatch(r"([A-Za-z][A-Za-z0-9.]*)[_:]([A-Za-z0-9_.:-]+)", text)
    return f"{found[1]}:{found[2]}"[:100] if found else None


def doi(value: Any) -> str | None:
    """Give a DOI without its address, in whichever of the usual ways it is written; None where it is none.

    >>> doi("http://dx.doi.org/10.1091/mbc.E13-04-0221"), doi("doi:10.7295/W9CIL2."), doi("in press")
    ('10.1091/mbc.E13-04-0221', '10.7295/W9CIL2', None)
    """
    # What ends a sentence around it is not part of it.
    found = re.search(r"10\.[0-9]{4,9}/\S*[^\s.,;:'\"]", line(value) or "")
    return found[0][:300] if found else None


def author(value: Any) -> Author | None:
    """Give a person whose name is written in one of the usual ways; a name that is not understood stays whole.

    >>> author("Heriche JK"), author("Cassidy-Amstutz, C"), author("The Cell Atlas team")
    ... # doctest: +NORMALIZE_WHITESPACE
    (Author(family='Heriche', given='JK', orcid=None), Author(family='Cassidy-Amstutz', given='C', orcid=None),
     Author(family='The Cell Atlas team', given=None, orcid=None))
    """
    text = (line(value) or "").strip(" .,;")
    family, comma, given = text.partition(",")
    if not comma:
        found = re.fullmatch(r"(.+?) ((?:[A-Z][.-]? ?){1,4})", text)
        family, given = (found[1], found[2]) if found else (text, "")
    return Author(family=family.strip(), given=given.strip() or None) if family.strip() else None


def slug(name: str) -> str:
    """Give a name of only the characters that an identifier may have.

    >>> slug("Plate 1/a.ome.zarr")
    'Plate-1-a.ome.zarr'
    """
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", name).strip("-._+")[:120] or "unnamed"


def unique(terms: list[Term]) -> tuple[Term, ...]:
    """Give each term once, in order; one without identifier gives way to one of the same name that has it."""
    named = {term.name.casefold() for term in terms if term.id is not None}
    return tuple(dict.fromkeys(term for term in terms if term.id is not None or term.name.casefold() not in named))


def term(name: Any, identifier: Any = None) -> Term | None:
    """Make a term of a name and of an identifier in any spelling; None where there is no name."""
    text = line(name)
    return None if text is None else Term(name=text, id=curie(identifier))


def read_cells(text: str, *, delimiter: str = ",") -> list[list[str]]:
    r"""Read a table that is written as text, whatever its line ends; rows without any cell are left out.

    Raises
    ------
    ArchiveAnswerError
        If it is no such table.

    Examples
    --------
    >>> read_cells('name,note\rCDC20,"a, b"')
    [['name', 'note'], ['CDC20', 'a, b']]
    """
    lines = re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff"))
    try:
        return [row for row in csv.reader(io.StringIO(lines), delimiter=delimiter) if row]
    except csv.Error as error:
        msg = f"A table that begins {text[:60]!r} cannot be read: {error}. Try again later, then report it."
        raise ArchiveAnswerError(msg) from error


def read_rows(text: str, *, delimiter: str = ",") -> list[dict[str, str]]:
    """Read a table with a line of headings: each row by its headings, without cells that have none."""
    header, *rows = read_cells(text, delimiter=delimiter) or [[]]
    return [dict(zip(header, row, strict=False)) for row in rows]


def make_file(identifier: str, report: Report, **fields: Any) -> File | None:
    """Make a file of a study, without what is not valid of it; None where its path would lead out of the study."""
    while True:
        try:
            return File(**fields)
        except ValidationError as error:
            fault = error.errors()[0]
            name = str(fault["loc"][0]) if fault["loc"] else "path"
            report.defect(identifier, "files", f"{fields.get('path')!r}: {name}: {fault['msg']}; left out")
            if name == "path" or fields.pop(name, None) is None:
                return None


def inside(identifier: str, path: str, url: str) -> str:
    """Give the address of a file of a study back if its path is one in the study.

    Raises
    ------
    ArchiveAnswerError
        If the path leads out of it.
    """
    found = make_file(identifier, Report(quiet=True), path=path, url=url)
    if found is None or found.url is None:
        msg = f"{path[:200]!r} is no path in {identifier}; expected a relative one, as list_files gives. Correct it."
        raise ArchiveAnswerError(msg)
    return found.url


def make_record(fields: dict[str, Any], report: Report) -> Record:
    """Make a record; what is not valid is left out and noted, unless a record cannot be without it.

    Raises
    ------
    InvalidEntryError
        If the identifier, the title, the source or its address is missing or not valid.
    """
    fields = dict(fields)
    while True:
        try:
            return Record(**fields)
        except ValidationError as error:
            _leave_out(fields, error, report)


def make_classified(fields: dict[str, Any], report: Report) -> Record:
    """Make a record as `make_record`, with technology, scale and data type derived where they are not stated."""
    from bioimagehub.catalogs.vocabulary.classification import complete

    return complete(make_record(fields, report))


def _leave_out(fields: dict[str, Any], error: ValidationError, report: Report) -> None:
    """Take out what the first fault is about: one item of a list, one field, or the axes that contradict."""
    fault = error.errors()[0]
    identifier = line(fields.get("identifier")) or "(without identifier)"
    where = [part for part in fault["loc"] if isinstance(part, str | int)]
    name = str(where[0]) if where else ""
    text = f"{fault['msg']}; left out"
    if name in _REQUIRED or (name and name not in fields):
        msg = (
            f"{identifier[:200]} does not make a record: {name}: {fault['msg']}. "
            "The archive's answer lacks what each record needs; look at the record on its own page."
        )
        raise InvalidEntryError(msg) from error
    report.defect(identifier, name or "axes", text)
    if not name:
        # The axes contradict one another, or the driver what it reads: neither is needed to find the image.
        known = [each for each in ("axes", "shape", "chunks", "shards", "spacing", "channels") if fields.pop(each, ())]
        if not known and not any(fields.pop(each, None) for each in ("driver", "part_of")):
            msg = f"{identifier[:200]} does not make a record: {fault['msg']}. Correct the fields that it names."
            raise InvalidEntryError(msg) from error
    elif len(where) > 1 and isinstance(where[1], int) and isinstance(fields[name], tuple):
        fields[name] = tuple(item for place, item in enumerate(fields[name]) if place != where[1])
    else:
        del fields[name]


def try_record(make: Callable[[], Record], identifier: str, report: Report) -> Record | None:
    """Make a record; None, and a loss in the report, where what the archive says makes none."""
    try:
        return make()
    except InvalidEntryError as error:
        report.lost(identifier, error)
        return None
