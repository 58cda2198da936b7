"""What the index takes from a record: its name, its values, its numbers.

A record is text in three classes. Its *name* is identifier, accession and title; its *subject* is what the images
tell about; the *rest* is how they were made, by whom and where they lie. A word in the name counts most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

from bioimagehub.catalogs.index.words import fold

NAME, SUBJECT, REST = range(3)
LONGEST_LINE = 2000
LONGEST_TEXT = 20_000


class Field(NamedTuple):
    """A field of the index: its number there, its class of text, and whether it is counted and filtered by."""

    number: int
    kind: int
    facet: bool


_SUBJECTS = (
    "organism", "gene", "protein", "phenotype", "compound", "process", "anatomy", "keyword", "scale", "data_type",
    "ground_truth",
)  # fmt: skip
_TEXTS = ("keyword", "author", "source", "text")
_FACETS = (
    "archive", "kind", "part_of", "organism", "scale", "technology", "method", "data_type", "licence", "use",
    "access", "reference", "format", "ground_truth", "gene", "protein", "phenotype", "compound", "process", "anatomy",
    "year", "readable", "part",
)  # fmt: skip
# Their values say nothing as words: "yes", "study", "open", a year, an identifier that is in the name already.
_SILENT = {"kind", "part_of", "use", "access", "reference", "year", "readable", "part"}

FIELDS: dict[str, Field] = {
    name: Field(number, SUBJECT if name in _SUBJECTS else REST, name not in _TEXTS)
    for number, name in enumerate((*_FACETS, *_TEXTS))
}
FACETS: tuple[str, ...] = _FACETS
"""What records can be counted and filtered by."""
NUMBERS: tuple[str, ...] = ("size", "released", "modified", "files", "images")
RANGES: tuple[str, ...] = NUMBERS
"""What records can be cut by: bytes, ISO dates, ISO dates, number of files, number of images."""
SORTS: tuple[str, ...] = (
    "relevance",
    *(f"{sign}{name}" for name in (*NUMBERS, "title", "identifier") for sign in ("", "-")),
)
"""What results can be sorted by; a minus before it turns the order round."""
DATES = ("released", "modified")
SPOKEN = tuple(field.number for name, field in FIELDS.items() if name not in _SILENT)

_PLURALS = {
    "technology": "technologies", "scale": "scales", "data_type": "data_types", "ground_truth": "ground_truth",
    "format": "formats", "keyword": "keywords",
}  # fmt: skip
_TERMS = {
    "organism": "organisms", "method": "methods", "gene": "genes", "protein": "proteins", "phenotype": "phenotypes",
    "compound": "compounds", "process": "processes", "anatomy": "anatomy",
}  # fmt: skip
_USES = {"commercial": "commercial use", "derivatives": "derivatives", "redistribution": "redistribution"}


class Value(NamedTuple):
    """A value of a record: the number of its field, its text, and its identifier elsewhere or an empty string."""

    field: int
    text: str
    alias: str


def clean(text: object, longest: int = LONGEST_LINE) -> str:
    """Cut a text to one line that every part of SQLite takes: no control characters, no halves of characters."""
    if not isinstance(text, str):
        return ""
    text = text[:longest]
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text


def name_text(record: Mapping[str, Any]) -> str:
    """Give the text that the record is called by."""
    parts = [record["identifier"], record.get("source_accession"), record.get("title"), record.get("doi")]
    return "\n".join(folded for part in parts if (folded := fold(clean(part))))


def list_values(record: Mapping[str, Any]) -> Iterator[Value]:
    """List the values of a record; one may come twice."""
    yield _value("archive", record["identifier"].partition(":")[0])
    yield _value("kind", record.get("kind") or "image")
    for name, key in (("part_of", "part_of"), ("licence", "licence")):
        if record.get(key):
            yield _value(name, record[key])
    if record.get("part_of"):
        yield _value("part", "yes")
    for name, key in _PLURALS.items():
        for text in _listed(record.get(key)):
            yield _value(name, text)
    for name, key in _TERMS.items():
        for term in _listed(record.get(key)):
            if isinstance(term, Mapping):
                yield _value(name, term.get("name"), _alias(term))
    for organism in _listed(record.get("organisms")):
        if isinstance(organism, Mapping):
            yield from _species(organism.get("name"), organism.get("taxon"))
    access = record.get("access")
    yield _value("access", (access.get("kind") if isinstance(access, Mapping) else None) or "open")
    licence = record.get("licence")
    yield from (_value("use", use) for use in _uses(licence if isinstance(licence, str) else None))
    if record.get("reference") is True:
        yield _value("reference", "yes")
    if record.get("driver"):
        yield _value("readable", "yes")
    released = _day(record.get("released"))
    if released is not None:
        yield _value("year", str(date.fromordinal(released).year))
    yield from _texts(record)


def list_numbers(record: Mapping[str, Any]) -> tuple[int | None, ...]:
    """Give the numbers in the order of `NUMBERS`; days count from the first of January of the year 1."""
    return tuple(_day(record.get(name)) if name in DATES else _count(record.get(name)) for name in NUMBERS)


def _texts(record: Mapping[str, Any]) -> Iterator[Value]:
    for author in _listed(record.get("authors")):
        if isinstance(author, Mapping):
            yield _value("author", f"{author.get('given') or ''} {author.get('family') or ''}", author.get("orcid"))
    yield _value("source", record.get("source"))
    for publication in _listed(record.get("publications")):
        if isinstance(publication, Mapping):
            yield _value("text", publication.get("title"), publication.get("doi"))
    if record.get("description"):
        yield Value(FIELDS["text"].number, clean(record["description"], LONGEST_TEXT), "")
    for channel in _listed(record.get("channels")):
        if isinstance(channel, Mapping):
            yield _value("text", channel.get("name"))
    for key in ("labels", "tables"):
        for text in _listed(record.get(key)):
            yield _value("text", text)
    yield _value("text", record.get("package"))


def _value(name: str, text: object, alias: object = None) -> Value:
    text = text[:LONGEST_LINE] if isinstance(text, str) else ""
    return _make_value(name, text, alias[:LONGEST_LINE] if isinstance(alias, str) else "")


@lru_cache(maxsize=1 << 14)
def _make_value(name: str, text: str, alias: str) -> Value:
    return Value(FIELDS[name].number, clean(text), clean(alias))


def _alias(term: Mapping[str, Any]) -> str | None:
    taxon = term.get("taxon")
    return f"NCBITaxon:{taxon}" if isinstance(taxon, int) else term.get("id")


def _listed(values: object) -> Iterable[Any]:
    return values if isinstance(values, list | tuple) else ()


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 2**63 else None


def _day(value: object) -> int | None:
    with suppress(ValueError, TypeError):
        return date.fromisoformat(value).toordinal()  # type: ignore[arg-type]
    return None


@lru_cache(maxsize=10_000)
def _species(name: object, taxon: object) -> tuple[Value, ...]:
    """Give the species of a strain or subspecies, so that who asks for the species finds it; else nothing."""
    from bioimagehub.catalogs.vocabulary.organisms import species_of

    line = clean(name)
    if not line:
        return ()
    from bioimagehub.catalogs.parts import Organism

    number = taxon if isinstance(taxon, int) and 0 < taxon < 2**63 else None
    species = species_of(Organism(name=line, taxon=number))
    if fold(species.name) == fold(line):
        return ()
    return (_value("organism", species.name, f"NCBITaxon:{species.taxon}" if species.taxon else None),)


@cache
def _uses(licence: str | None) -> tuple[str, ...]:
    """Tell what a licence does not forbid; nothing where none is stated or its terms are not known."""
    from bioimagehub.catalogs.vocabulary.licences import forbids

    forbidden = forbids(licence)
    return tuple(use for use, told in _USES.items() if told not in forbidden)
