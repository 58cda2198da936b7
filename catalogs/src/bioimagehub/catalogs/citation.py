"""How to cite a record: one line of text, or a BibTeX entry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bioimagehub.catalogs.parts import Author, Publication
    from bioimagehub.catalogs.records import Record


def cite(record: Record, style: Literal["text", "bibtex"] = "text") -> str:
    """Give the reference of a record.

    Parameters
    ----------
    record : Record
        The record to cite.
    style : {"text", "bibtex"}
        One line of text, or a BibTeX entry.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no such style.

    Examples
    --------
    >>> from bioimagehub.catalogs import open_catalog
    >>> print(open_catalog()["samples:skimage-cell"].cite())  # doctest: +NORMALIZE_WHITESPACE
    Müller P, Schürmann M, Girardo S, Cojoc G, Guck J. Accurate evaluation of size and refractive index for
    spherical objects in quantitative phase imaging. Optics Express 2018;26:10729-10743.
    https://doi.org/10.1364/OE.26.010729. Data: scikit-image (cell), licence CC0-1.0.
    """
    if style == "text":
        return _text(record)
    if style == "bibtex":
        return _bibtex(record)
    msg = f"{record.identifier} cannot be cited in the style {style!r}. Valid styles are bibtex, text. Choose one."
    raise ValueError(msg)


def _text(record: Record) -> str:
    """Write authors, title, journal, DOI, and where the data are under which licence, as one line."""
    names = ", ".join(_short_name(author) for author in record.authors)
    published = record.publications[0] if record.publications else None
    parts = [names, (published and published.title) or record.title]
    if published:
        parts.append(_journal(published))
    doi = _doi(record)
    if doi:
        parts.append(f"https://doi.org/{doi}")
    accession = f" {record.source_accession}" if record.source_accession else ""
    licence = f"licence {record.licence}" if record.licence else "no licence stated"
    parts.append(f"Data: {record.source}{accession}, {licence}")
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _doi(record: Record) -> str | None:
    """Give the DOI of the main publication, or else of the dataset."""
    return (record.publications[0].doi if record.publications else None) or record.doi


def _journal(published: Publication) -> str:
    place = " ".join(str(part) for part in (published.journal, published.year) if part)
    if published.volume:
        place += f";{published.volume}"
    return f"{place}:{published.pages}" if published.pages else place


def _short_name(author: Author) -> str:
    return f"{author.family} {re.sub(r'[^A-Z]', '', author.given)}" if author.given else author.family


def _bibtex(record: Record) -> str:
    published = record.publications[0] if record.publications else None
    fields = {
        "author": " and ".join(
            f"{author.family}, {author.given}" if author.given else f"{{{author.family}}}" for author in record.authors
        ),
        # Braces keep the capitals of names such as BBBC038.
        "title": f"{{{(published and published.title) or record.title}}}",
        "journal": published.journal if published else None,
        "year": str(published.year) if published and published.year else None,
        "volume": published.volume if published else None,
        "pages": published.pages.replace("-", "--") if published and published.pages else None,
        "doi": _doi(record),
        "url": record.source_url,
        "note": _note(record),
    }
    kind = "article" if published and published.journal else "misc"
    lines = [f"  {field} = {{{value}}}," for field, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{record.identifier},", *lines, "}"])


def _note(record: Record) -> str:
    accession = f" {record.source_accession}" if record.source_accession else ""
    return f"Data: {record.source}{accession}, {record.licence or 'no licence stated'}".replace("&", r"\&")
