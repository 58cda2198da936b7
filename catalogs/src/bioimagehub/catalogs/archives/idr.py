"""Image Data Resource: reference studies with curated genes, phenotypes and compounds; MitoCheck is one of them.

A study is one or more projects or screens of an OMERO server. What they are about stands in the study's repository on
GitHub, in key-value pairs of the server, and in RO-Crates; sizes stand in IDR's own table of studies.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.challenge_lists import SAMPLES
from bioimagehub.catalogs.archives.folders import list_folder
from bioimagehub.catalogs.archives.idr_images import parse_challenge, parse_samples
from bioimagehub.catalogs.archives.idr_study import (
    HOME,
    OWN_NAMES,
    collect_terms,
    common_fields,
    licence_fields,
    limit_terms,
    newer_than,
    parse_info,
    parse_sizes,
    parse_study,
    parse_table,
)
from bioimagehub.catalogs.archives.omero import fetch_pairs, list_objects
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import line, listed, make_classified, mapping, number, unique
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveError,
    InvalidDocumentError,
    InvalidEntryError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.parts import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.parts import File, Term
    from bioimagehub.catalogs.records import Record

__all__ = [
    "ARCHIVE",
    "fetch_record",
    "fetch_terms",
    "harvest",
    "list_files",
    "list_images",
    "parse_study",
    "resolve",
    "search",
    "search_images",
]

_SEARCH = f"{HOME}/searchengine/api/v1/resources"
_FILES = "https://ftp.ebi.ac.uk/pub/databases/IDR"
_GITHUB = "https://raw.githubusercontent.com"
_CRATES = f"{_GITHUB}/German-BioImaging/idr_study_crates/main/ro-crates"
_SIZES = f"{_GITHUB}/IDR/idr.openmicroscopy.org/master/_data/studies.tsv"
_SAMPLES = f"{_GITHUB}/IDR/ome-ngff-samples/main/_data/table.csv"
_PAGE = 10
_INFO = "idr.openmicroscopy.org/study/info"
_TERMS = ("genes", "phenotypes", "compounds", "anatomy")
_NEAR = 0.12
"""By what part sizes of two sources may differ without being noted."""

ARCHIVE = Archive(
    name="idr",
    title="Image Data Resource",
    home=f"{HOME}/",
    accession="idr[0-9]{4}",
    example="idr0062",
    gives="Search; studies with genes, phenotypes, compounds and sizes; files; OME-Zarr images that can be opened.",
    limits="Sizes disagree between its own sources: its table of studies is taken. Files are listed without sizes.",
    licence="Per study: CC BY 4.0 mostly; some CC0, some forbid commercial use.",
    interface=f"{HOME}/api/v0/m/",
)


@dataclass(frozen=True)
class _Study:
    """A study as the server lists it: its containers as (kind, number, name, description)."""

    accession: str
    containers: tuple[tuple[str, int, str, str], ...]

    @property
    def name(self) -> str:
        """The name of its repository and of its folder of files, as ``idr0062-blin-nuclearsegmentation``."""
        return self.containers[0][2].partition("/")[0]


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find studies whose names, titles or descriptions hold all words, or whose images are annotated with the text.

    The records hold what the list of studies tells; `fetch_record` gives all.
    """
    report, words = Report(), text.casefold().split()
    studies = _list_studies(client)
    annotated = _search_annotations(text, client)
    found = [
        study
        for study in studies.values()
        if study.accession in annotated or all(word in _told(study).casefold() for word in words)
    ]
    # Studies that carry the words themselves come before those of which some image does.
    found.sort(key=lambda study: study.accession in annotated and any(w not in _told(study).casefold() for w in words))
    return [parse_container(study.accession, *study.containers[0][2:], report) for study in found[:limit]]


def search_images(key: str, value: str, client: Client, *, limit: int = 1000) -> Iterator[Record]:
    """Find images that are annotated with a value, as ``("Gene Symbol", "CDC20")``.

    Raises
    ------
    ArchiveAnswerError
        If the pages of the search engine do not hold the total that it declares.
    """
    report, bookmark, seen = Report(), None, 0
    asked: dict[str, str | int] = {"key": key, "value": value, "operator": "equals", "data_source": "idr"}
    while seen < limit:
        answer = client.get_json(f"{_SEARCH}/image/search/", asked | ({"bookmark": bookmark} if bookmark else {}))
        # Where nothing is found, there is an empty list in place of a page.
        page = mapping(answer, "results")
        rows, total = listed(page.get("results")), number(page.get("size")) or 0
        for row in rows[: limit - seen]:
            yield _parse_found(row, report)
        seen += len(rows)
        bookmark = number((listed(page.get("bookmark")) or [None])[0])
        if seen >= total:
            return
        if not rows or bookmark is None:
            msg = (
                f"The search engine of IDR gave {seen:,} images with {key} = {value!r} and declares {total:,}. "
                "The answer is not whole: try again later."
            )
            raise ArchiveAnswerError(msg)


def fetch_record(accession: str, client: Client) -> Record:
    """Read a study: study file, key-value pairs, crate, annotation tables and sizes."""
    report, study = Report(), _find_study(accession, client)
    return _read_study(study, _read_sizes(client, report), client, report)


def fetch_terms(kind: str, number_: int, client: Client) -> dict[str, tuple[Term, ...]]:
    """Read what an image, well or plate is annotated with, as ``fetch_terms("image", 179706, client)``.

    Returns
    -------
    dict
        ``genes``, ``phenotypes``, ``compounds`` and ``anatomy``, each a tuple of `Term` with identifiers.
    """
    return collect_terms(pairs for _, pairs in fetch_pairs(HOME, kind, number_, client))


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files of a study, folder by folder; a screen may have millions, so that one takes what one needs."""
    study = _find_study(accession, client)
    yield from list_folder(f"{_FILES}/{quote(study.name)}/", f"idr:{accession}", client, Report())


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file, as `list_files` names it, after asking whether it is there."""
    url = f"{_FILES}/{quote(_find_study(accession, client).name)}/{quote(path)}"
    client.head(url)
    return url


def list_images(accession: str, client: Client) -> list[Record]:
    """List the images of a study that are kept as OME-Zarr too, with driver, axes and shape where they are known."""
    ARCHIVE.check(accession)
    report = Report()
    records = parse_samples(client.get_text(_SAMPLES), report, accession=accession)
    text = _try_text(f"{SAMPLES}/{accession}_samples.csv", client)
    known = {record.identifier for record in records}
    further = parse_challenge(text, accession, report) if text else []
    return [*records, *(record for record in further if record.identifier not in known)]


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read all studies in the order of their accessions; `cursor` is the last accession that was read.

    IDR does not say when it changed a study: `since` means the day of its release.
    """
    studies = _list_studies(client)
    sizes = _read_sizes(client, report)
    accessions = [accession for accession in studies if cursor is None or accession > cursor]
    for start in range(0, len(accessions), _PAGE):
        part = accessions[start : start + _PAGE]
        records = []
        for accession in part:
            try:
                records.append(_read_study(studies[accession], sizes, client, report))
            except (RecordNotFoundError, ArchiveAnswerError, InvalidEntryError) as error:
                report.lost(f"idr:{accession}", error)
        kept = tuple(record for record in records if newer_than(record, since))
        yield Page(kept, part[-1], len(studies), len(part))


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


def _told(study: _Study) -> str:
    """Give all words by which a study is found."""
    own = OWN_NAMES.get(study.accession, "")
    return " ".join([own, *(f"{name} {description}" for _, _, name, description in study.containers)])


def _list_studies(client: Client) -> dict[str, _Study]:
    """List all studies by accession; containers whose name begins with none belong to no study."""
    containers = [
        (kind.removesuffix("s"), int(each["@id"]), name, str(each.get("Description") or ""))
        for kind in ("projects", "screens")
        for each in list_objects(HOME, kind, client)
        if (name := line(each.get("Name"))) and number(each["@id"]) is not None
    ]
    containers = [each for each in containers if re.match(ARCHIVE.accession, each[2])]
    containers.sort(key=lambda each: (each[2][:7], len(each[2]), each[2]))
    return {
        accession: _Study(accession, tuple(group)) for accession, group in groupby(containers, lambda each: each[2][:7])
    }


def _find_study(accession: str, client: Client) -> _Study:
    ARCHIVE.check(accession)
    studies = _list_studies(client)
    if accession not in studies:
        msg = f"IDR lists no study {accession}, and {len(studies)} others. Look at {HOME} for what there is."
        raise RecordNotFoundError(msg)
    return studies[accession]


def _search_annotations(text: str, client: Client) -> set[str]:
    """Give the studies that have images annotated with a value that holds the text."""
    asked: dict[str, str | int] = {"value": text, "operator": "contains", "return_containers": "true"}
    answer = client.get_json(f"{_SEARCH}/image/searchbyvalue/", asked | {"data_source": "idr"})
    names = (line(mapping(each).get("name")) or "" for each in listed(mapping(answer, "results").get("results")))
    return {name[:7] for name in names if re.match(ARCHIVE.accession, name)}


def _read_study(study: _Study, sizes: Mapping[str, Mapping[str, int]], client: Client, report: Report) -> Record:
    """Read all sources of a study and put them together: what the study file says weighs most, the crate least."""
    identifier, name = f"idr:{study.accession}", study.name
    kind, number_, title, description = study.containers[0]
    annotations = fetch_pairs(HOME, kind, number_, client)
    pairs = [pair for space, each in annotations if space == _INFO for pair in each]
    listed_record = parse_container(study.accession, title, description, report)
    sources = [parse_info(study.accession, listed_record.title, pairs, report)]
    today, reading = datetime.now(UTC).date(), f"{_GITHUB}/IDR/{quote(name)}/HEAD"
    study_file, crate = f"{reading}/{study.accession}-study.txt", f"{_CRATES}/{study.accession}-ro-crate-metadata.json"
    if (text := _try_text(study_file, client)) is not None:
        sources = [*_try(lambda: parse_study(text, report), identifier, report), *sources]
    if (document := _try_text(crate, client)) is not None:
        sources += _try(lambda: _parse_crate(document, crate, today, report), identifier, report)
    for missing, found in ((study_file, text), (crate, document)):
        if found is None:
            report.defect(identifier, "facts", f"{missing} is not there; made without it")
    page = _try_text(f"{HOME}/study/{study.accession}/json/", client) if text is None and document is None else None
    if page is not None:
        sources += _try(lambda: parse_page(json.loads(page), study.accession, report), identifier, report)
    fields = _merge(sources)
    fields |= _read_terms(study, reading, fields, client, report)
    fields["facts"] = (Fact(source=f"{HOME}/study/{study.accession}/", retrieved=today), *fields.get("facts", ()))
    return make_classified(
        fields | _take_sizes(sizes.get(study.accession, {}), fields.get("size"), identifier, report), report
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
    study: _Study, reading: str, fields: Mapping[str, Any], client: Client, report: Report
) -> dict[str, tuple[Term, ...]]:
    """Read genes, phenotypes, compounds and cell lines out of the annotation tables of a study."""
    collected: dict[str, list[Term]] = {name: list(fields.get(name, ())) for name in _TERMS}
    for _, _, name, _ in study.containers:
        part = name.partition("/")[2]
        if not part:
            continue
        url = f"{reading}/{quote(part)}/{study.accession}-{quote(part)}-annotation.csv"
        if (text := _try_text(url, client)) is None:
            report.defect(f"idr:{study.accession}", "genes", f"{url} is not there; made without its annotations")
            continue
        for field, terms in parse_table(text).items():
            collected[field] += terms
    return limit_terms({name: unique(each) for name, each in collected.items()}, f"idr:{study.accession}", report)


def _take_sizes(
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


def _read_sizes(client: Client, report: Report) -> dict[str, dict[str, int]]:
    try:
        return parse_sizes(client.get_text(_SIZES))
    except ArchiveError as error:
        report.defect("idr", "size", f"the table of studies could not be read: {error}; all sizes left out")
        return {}


def _try_text(url: str, client: Client) -> str | None:
    """Read a text that need not be there, or that may be larger than is read at once."""
    try:
        return client.get_text(url)
    except (RecordNotFoundError, ArchiveAnswerError):
        return None


def _parse_found(row: Any, report: Report) -> Record:
    """Make a record of an image as the search engine gives it, with the terms of its key-value pairs."""
    pairs = [
        (key, value)
        for each in listed(mapping(row).get("key_values"))
        if (key := line(mapping(each).get("name"))) and (value := line(mapping(each).get("value")))
    ]
    image = number(mapping(row).get("id"))
    container = line(mapping(row).get("screen_name")) or line(mapping(row).get("project_name")) or ""
    accession = container[:7]
    if image is None or not re.fullmatch(ARCHIVE.accession, accession):
        msg = f"The search engine of IDR gave an image {image} in {container!r}; expected a number "
        msg += "and a study. Try again later, then report it."
        raise ArchiveAnswerError(msg)
    return make_classified(
        common_fields(accession, line(mapping(row).get("name")) or f"Image {image}")
        | collect_terms([pairs])
        | {
            "identifier": f"idr:{accession}/{image}",
            "kind": "image",
            "part_of": f"idr:{accession}",
            "source_url": f"{HOME}/webclient/?show=image-{image}",
            "thumbnail": f"{HOME}/webgateway/render_thumbnail/{image}/",
        },
        report,
    )
