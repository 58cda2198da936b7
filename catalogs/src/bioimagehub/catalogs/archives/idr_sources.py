"""A study of the Image Data Resource as it is on its server, and all its sources put together into a record."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bioimagehub.catalogs.archives.idr_study import (
    HOME,
    common_fields,
    licence_fields,
    limit_terms,
    parse_info,
    parse_sizes,
    parse_study,
    parse_table,
)
from bioimagehub.catalogs.archives.omero import fetch_pairs, list_objects
from bioimagehub.catalogs.archives.values import line, make_classified, mapping, number, unique
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveError,
    InvalidDocumentError,
    InvalidEntryError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.parts import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import Term
    from bioimagehub.catalogs.records import Record

ACCESSION = "idr[0-9]{4}"
_GITHUB = "https://raw.githubusercontent.com"
_CRATES = f"{_GITHUB}/German-BioImaging/idr_study_crates/main/ro-crates"
_SIZES = f"{_GITHUB}/IDR/idr.openmicroscopy.org/master/_data/studies.tsv"
_INFO = "idr.openmicroscopy.org/study/info"
_TERMS = ("genes", "phenotypes", "compounds", "anatomy")
_NEAR = 0.12
"""By what part sizes of two sources may differ without being noted."""


@dataclass(frozen=True)
class Study:
    """A study as the server lists it: its containers as (kind, number, name, description)."""

    accession: str
    containers: tuple[tuple[str, int, str, str], ...]

    @property
    def name(self) -> str:
        """The name of its repository and of its folder of files, as ``idr0062-blin-nuclearsegmentation``."""
        return self.containers[0][2].partition("/")[0]


def list_studies(client: Client) -> dict[str, Study]:
    """List all studies by accession; containers whose name begins with none belong to no study."""
    containers = [
        (kind.removesuffix("s"), identity, name, str(each.get("Description") or ""))
        for kind in ("projects", "screens")
        for each in list_objects(HOME, kind, client)
        if (name := line(each.get("Name"))) and (identity := number(each["@id"])) is not None
    ]
    containers = [each for each in containers if re.match(ACCESSION, each[2])]
    containers.sort(key=lambda each: (each[2][:7], len(each[2]), each[2]))
    return {
        accession: Study(accession, tuple(group)) for accession, group in groupby(containers, lambda each: each[2][:7])
    }


def read_study(study: Study, sizes: Mapping[str, Mapping[str, int]], client: Client, report: Report) -> Record:
    """Read all sources of a study and put them together: what the study file says weighs most, the crate least."""
    identifier, name = f"idr:{study.accession}", study.name
    kind, number_, title, description = study.containers[0]
    annotations = fetch_pairs(HOME, kind, number_, client)
    pairs = [pair for space, each in annotations if space == _INFO for pair in each]
    listed_record = parse_container(study.accession, title, description, report)
    sources = [parse_info(study.accession, listed_record.title, pairs, report)]
    today, reading = datetime.now(UTC).date(), f"{_GITHUB}/IDR/{quote(name)}/HEAD"
    study_file, crate = f"{reading}/{study.accession}-study.txt", f"{_CRATES}/{study.accession}-ro-crate-metadata.json"
    if (text := try_text(study_file, client)) is not None:
        sources = [*_try(lambda: parse_study(text, report), identifier, report), *sources]
    if (document := try_text(crate, client)) is not None:
        sources += _try(lambda: _parse_crate(document, crate, today, report), identifier, report)
    for missing, found in ((study_file, text), (crate, document)):
        if found is None:
            report.defect(identifier, "facts", f"{missing} is not there; made without it")
    page = try_text(f"{HOME}/study/{study.accession}/json/", client) if text is None and document is None else None
    if page is not None:
        sources += _try(lambda: parse_page(json.loads(page), study.accession, report), identifier, report)
    fields = _merge(sources)
    fields |= _read_terms(study, reading, fields, client, report)
    fields["facts"] = (Fact(source=f"{HOME}/study/{study.accession}/", retrieved=today), *fields.get("facts", ()))
    return make_classified(
        fields | take_sizes(sizes.get(study.accession, {}), fields.get("size"), identifier, report), report
    )


def _parse_crate(text: str, url: str, today: date, report: Report) -> Record:
    from bioimagehub.catalogs.exchange import ro_crate

    return ro_crate.parse(json.loads(text), archive="idr", report=report, retrieved=today, source=url)


def _try(make: Callable[[], Record], identifier: str, report: Report) -> list[Record]:
    """Give the record that one source makes; none, and a note, where that source cannot be understood."""
    try:
        return [make()]
    except (ArchiveAnswerError, InvalidDocumentError, InvalidEntryError, ValueError) as error:
        report.defect(identifier, "facts", f"one source could not be understood: {error}; made without it")
        return []


def _merge(records: list[Record]) -> dict[str, Any]:
    """Give each field as the first record states it that states it at all; words and terms of all of them."""
    fields: dict[str, Any] = {}
    for record in records:
        for name in record.model_fields_set:
            value = getattr(record, name)
            if name in {"keywords", "related", "facts"}:
                fields[name] = tuple(dict.fromkeys((*fields.get(name, ()), *value)))
            elif value and not fields.get(name):
                fields[name] = value
    return fields


def _read_terms(
    study: Study, reading: str, fields: Mapping[str, Any], client: Client, report: Report
) -> dict[str, tuple[Term, ...]]:
    """Read genes, phenotypes, compounds and cell lines out of the annotation tables of a study."""
    collected: dict[str, list[Term]] = {name: list(fields.get(name, ())) for name in _TERMS}
    for _, _, name, _ in study.containers:
        part = name.partition("/")[2]
        if not part:
            continue
        url = f"{reading}/{quote(part)}/{study.accession}-{quote(part)}-annotation.csv"
        if (text := try_text(url, client)) is None:
            report.defect(f"idr:{study.accession}", "genes", f"{url} is not there; made without its annotations")
            continue
        for field, terms in parse_table(text).items():
            collected[field] += terms
    return limit_terms({name: unique(each) for name, each in collected.items()}, f"idr:{study.accession}", report)


def take_sizes(
    counted: Mapping[str, int], stated: int | None, identifier: str, report: Report
) -> dict[str, int | None]:
    """Give bytes, files and images of IDR's table of studies; what others state is noted where it differs."""
    size = counted.get("size")
    if size is None:
        report.defect(identifier, "size", "is not in IDR's table of studies; as the study file states it")
    elif stated is not None and abs(stated - size) > _NEAR * size:
        report.defect(
            identifier, "size", f"{stated:,} bytes in the study file, {size:,} in studies.tsv; the latter taken"
        )
    return {"size": stated, **counted}


def read_sizes(client: Client, report: Report) -> dict[str, dict[str, int]]:
    """Read IDR's table of studies; none, and a note, where it is not there."""
    try:
        return parse_sizes(client.get_text(_SIZES))
    except ArchiveError as error:
        report.defect("idr", "size", f"the table of studies could not be read: {error}; all sizes left out")
        return {}


def try_text(url: str, client: Client) -> str | None:
    """Read a text that need not be there, or that may be larger than is read at once."""
    try:
        return client.get_text(url)
    except (RecordNotFoundError, ArchiveAnswerError):
        return None


def parse_container(accession: str, name: str, description: str, report: Report) -> Record:
    """Make a record of a project or screen as the server lists it; its description begins with the title."""
    lines = [found for each in description.splitlines() if (found := line(each))]
    titled = [title for key, title in pairwise(lines) if key in {"Study Title", "Publication Title"}]
    return make_classified(common_fields(accession, titled[0] if titled else line(name)), report)


def parse_page(document: Any, accession: str, report: Report) -> Record:
    """Make a record of a study's page as data (schema.org): its title and licence."""
    page = mapping(document)
    return make_classified(
        common_fields(accession, line(page.get("name")) or accession) | licence_fields(line(page.get("license"))),
        report,
    )
