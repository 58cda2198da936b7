"""Image Data Resource: reference studies with curated genes, phenotypes and compounds; MitoCheck is one of them.

A study is one or more projects or screens of an OMERO server. What they are about stands in the study's repository on
GitHub, in key-value pairs of the server, and in RO-Crates; sizes stand in IDR's own table of studies.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.attempts import Attempts
from bioimagehub.catalogs.archives.challenge_lists import SAMPLES
from bioimagehub.catalogs.archives.folders import list_folder
from bioimagehub.catalogs.archives.idr_images import parse_challenge, parse_samples
from bioimagehub.catalogs.archives.idr_sources import (
    ACCESSION,
    Study,
    list_studies,
    parse_container,
    read_sizes,
    read_study,
    try_text,
)
from bioimagehub.catalogs.archives.idr_study import (
    HOME,
    OWN_NAMES,
    collect_terms,
    common_fields,
    newer_than,
    parse_study,
)
from bioimagehub.catalogs.archives.omero import fetch_pairs
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import inside, line, listed, make_classified, mapping, number
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
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
_SAMPLES = "https://raw.githubusercontent.com/IDR/ome-ngff-samples/main/_data/table.csv"
_PAGE = 10

ARCHIVE = Archive(
    name="idr",
    title="Image Data Resource",
    home=f"{HOME}/",
    accession=ACCESSION,
    example="idr0062",
    gives="Search; studies with genes, phenotypes, compounds and sizes; files; OME-Zarr images that can be opened.",
    limits="Sizes disagree between its own sources: its table of studies is taken. Files are listed without sizes.",
    licence="Per study: CC BY 4.0 mostly; some CC0, some forbid commercial use.",
    interface=f"{HOME}/api/v0/m/",
)


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find studies whose names, titles or descriptions hold all words, or whose images are annotated with the text.

    The records hold what the list of studies tells; `fetch_record` gives all. Where the search engine does not answer,
    the log says so, and annotations are left out.
    """
    report, words = Report(), text.casefold().split()
    studies = list_studies(client)
    annotated: set[str] = set()
    try:
        annotated = _search_annotations(text, client) if words else annotated
    except ArchiveError as error:
        report.defect("idr", "search", f"annotations of images were left out: {error}")
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
    return read_study(study, read_sizes(client, report), client, report)


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
    study = _find_study(accession, client)
    url = inside(f"idr:{accession}", path, f"{_FILES}/{quote(study.name)}/{quote(path)}")
    client.head(url)
    return url


def list_images(accession: str, client: Client) -> list[Record]:
    """List the images of a study that are kept as OME-Zarr too, with axes and shape where they are known.

    A plate is one image, over its wells and fields of view.
    """
    _find_study(accession, client)
    report = Report()
    records = parse_samples(client.get_text(_SAMPLES), report, accession=accession)
    text = try_text(f"{SAMPLES}/{accession}_samples.csv", client)
    known = {record.identifier for record in records}
    further = parse_challenge(text, accession, report) if text else []
    return [*records, *(record for record in further if record.identifier not in known)]


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read all studies in the order of their accessions; `cursor` is the last accession that was read.

    IDR does not say when it changed a study: `since` means the day of its release.
    """
    studies = list_studies(client)
    sizes, attempts = read_sizes(client, report), Attempts("idr", report)
    accessions = [accession for accession in studies if cursor is None or accession > cursor]
    for start in range(0, len(accessions), _PAGE):
        part = accessions[start : start + _PAGE]
        made = (attempts.make(each, partial(read_study, studies[each], sizes, client, report)) for each in part)
        kept = tuple(record for record in made if record is not None and newer_than(record, since))
        yield Page(kept, part[-1], len(studies), len(part))


def _told(study: Study) -> str:
    """Give all words by which a study is found."""
    own = OWN_NAMES.get(study.accession, "")
    return " ".join([own, *(f"{name} {description}" for _, _, name, description in study.containers)])


def _find_study(accession: str, client: Client) -> Study:
    ARCHIVE.check(accession)
    studies = list_studies(client)
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
