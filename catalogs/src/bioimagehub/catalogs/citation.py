"""How to cite a record: one line of text, or a document that a reference manager or a repository reads."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from bioimagehub.catalogs.parts import Author, Publication
    from bioimagehub.catalogs.records import Record

Style = Literal["bibtex", "csl", "datacite", "ro-crate", "text"]
STYLES: tuple[str, ...] = get_args(Style)


def cite(record: Record, style: Style = "text") -> str:
    """Give the reference of a record.

    Parameters
    ----------
    record : Record
        The record to cite.
    style : {"text", "bibtex", "csl", "datacite", "ro-crate"}
        One line of text; a BibTeX entry; a list of one item in CSL JSON; DataCite metadata in JSON; or the content of
        ``ro-crate-metadata.json``.

    Returns
    -------
    str
        Text or JSON, without a newline at its end.

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
    if style not in STYLES:
        msg = (
            f"{record.identifier} cannot be cited in the style {style!r:.60}. "
            f"Valid styles are {', '.join(STYLES)}. Choose one."
        )
        raise ValueError(msg)
    if style == "text":
        return _text(record)
    if style == "bibtex":
        from bioimagehub.catalogs.exchange import bibtex

        return bibtex.dump(record)
    return json.dumps(_document(record, style), indent=2, ensure_ascii=False)


def _document(record: Record, style: Style) -> object:
    if style == "csl":
        from bioimagehub.catalogs.exchange import csl

        return [csl.dump(record)]
    if style == "datacite":
        from bioimagehub.catalogs.exchange import datacite

        return datacite.dump(record)
    from bioimagehub.catalogs.exchange import ro_crate

    return ro_crate.dump(record)


def _text(record: Record) -> str:
    """Write authors, title, journal, DOI, and where the data are under which licence, as one line."""
    names = ", ".join(_short_name(author) for author in record.authors)
    published = record.publications[0] if record.publications else None
    parts = [names, (published and published.title) or record.title]
    if published:
        parts.append(_journal(published))
    doi = (published.doi if published else None) or record.doi
    if doi:
        parts.append(f"https://doi.org/{doi}")
    accession = f" {record.source_accession}" if record.source_accession else ""
    if record.doi and record.doi != doi:
        accession += f", https://doi.org/{record.doi}"
    licence = f"licence {record.licence}" if record.licence else "no licence stated"
    parts.append(f"Data: {record.source}{accession}, {licence}")
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _journal(published: Publication) -> str:
    place = " ".join(str(part) for part in (published.journal, published.year) if part)
    if published.volume:
        place += f";{published.volume}"
    return f"{place}:{published.pages}" if published.pages else place


def _short_name(author: Author) -> str:
    """Give the family name and the initials; given names without capitals as they are."""
    if not author.given:
        return author.family
    initials = "".join(re.findall(r"[^\W\d_]", "".join(c for c in author.given if c.isupper())))
    return f"{author.family} {initials or author.given}"
