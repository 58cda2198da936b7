"""EMDataResource challenges: maps, models and scores of three rounds, kept at Zenodo; their site has no interface."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.values import author, day, line, listed, make_file, make_record, mapping, number
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveError, InvalidEntryError, RecordNotFoundError
from bioimagehub.catalogs.parts import Fact, Publication, Term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_ZENODO = "https://zenodo.org"

ARCHIVE = Archive(
    name="emdataresource",
    title="EMDataResource challenges",
    home="https://challenges.emdataresource.org/",
    accession=r"map-2016|model-metrics-2019|ligand-2021",
    example="model-metrics-2019",
    gives="The data of the map (2016), model metrics (2019) and ligand (2021) challenges, with files at Zenodo.",
    limits="The site has no interface, and no round is open: three records are all. Maps of the targets are in EMDB.",
    licence="Per Zenodo record.",
    instead="Look for the maps of the targets in EMDB, https://www.ebi.ac.uk/emdb/.",
    interface=f"{_ZENODO}/api/records",
)

_CHALLENGES: dict[str, dict[str, Any]] = {
    "map-2016": {
        "zenodo": 1120379,
        "title": "2016 EMDataBank Map Challenge",
        "keywords": ("challenge", "map challenge", "reconstruction", "validation", "EMDataBank"),
        "methods": (Term(name="single-particle cryo-electron microscopy"),),
    },
    "model-metrics-2019": {
        "zenodo": 4148789,
        "title": "2019 EMDataResource Model Metrics Challenge Dataset",
        "keywords": ("challenge", "model challenge", "model metrics", "validation", "atomic models"),
        "methods": (Term(name="single-particle cryo-electron microscopy"),),
        "publications": (
            Publication(
                title="Cryo-EM model validation recommendations based on outcomes of the 2019 EMDataResource challenge",
                journal="Nature Methods",
                year=2021,
                volume="18",
                pages="156-164",
                doi="10.1038/s41592-020-01051-w",
            ),
        ),
    },
    "ligand-2021": {
        "zenodo": 10551958,
        "title": "2021 EMDataResource Ligand Model Challenge Dataset",
        "keywords": ("challenge", "ligand challenge", "ligands", "validation", "atomic models"),
        "methods": (Term(name="single-particle cryo-electron microscopy"),),
        "released": date(2024, 2, 1),
    },
}
_CHECKED = date(2026, 11, 1)


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find challenges by words of their titles and keywords; there is nothing to ask but the records kept here."""
    del client
    words = text.casefold().split()
    found = (known_record(accession) for accession in _CHALLENGES)
    return [
        record
        for record in found
        if all(word in f"{record.title} {' '.join(record.keywords)} {record.source}".casefold() for word in words)
    ][:limit]


def fetch_record(accession: str, client: Client) -> Record:
    """Read what Zenodo says of a challenge today: its authors, licence, files and sizes."""
    from bioimagehub.catalogs.archives.report import Report

    return parse_challenge(accession, _ask_zenodo(accession, client), Report())


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files at Zenodo, with sizes and checksums."""
    from bioimagehub.catalogs.archives.report import Report

    yield from parse_files(accession, _ask_zenodo(accession, client), Report())


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file.

    Raises
    ------
    RecordNotFoundError
        If the challenge has no file of that path.
    """
    files = {file.path: file.url for file in list_files(accession, client)}
    url = files.get(path)
    if url is None:
        msg = f"The challenge {accession} has no file {path[:200]!r}. Give one of: {', '.join(sorted(files))}."
        raise RecordNotFoundError(msg)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read the three challenges; one that Zenodo does not give now is kept with what is known of it here."""
    del since, cursor
    records = []
    for accession in _CHALLENGES:
        try:
            records.append(parse_challenge(accession, _ask_zenodo(accession, client), report))
        except (ArchiveError, InvalidEntryError) as error:
            report.defect(f"emdataresource:{accession}", "facts", f"Zenodo could not be read: {error}; kept without")
            records.append(known_record(accession))
    yield Page(tuple(records), None, len(_CHALLENGES))


def known_record(accession: str) -> Record:
    """Give the record of a challenge out of what is known of it here, asking nobody."""
    from bioimagehub.catalogs.archives.report import Report

    return make_record(_fields(accession), Report())


def parse_challenge(accession: str, document: Any, report: Report) -> Record:
    """Make the record of a challenge out of its document at Zenodo."""
    from bioimagehub.catalogs.vocabulary.licences import parse_licence

    stated = mapping(document, "metadata")
    people = (author(each.get("name")) for each in listed(stated.get("creators")) if isinstance(each, dict))
    spdx, url = parse_licence(line(mapping(stated, "license").get("id")) or line(stated.get("license")))
    files = parse_files(accession, document, report)
    sizes = [file.size for file in files]
    return make_record(
        _fields(accession)
        | {
            "title": line(stated.get("title")) or _CHALLENGES[accession]["title"],
            "version": line(stated.get("version")),
            "authors": tuple(person for person in people if person is not None),
            "licence": spdx,
            "licence_url": url,
            "released": day(stated.get("publication_date")),
            "modified": day(str(mapping(document).get("modified"))[:10]),
            "files": len(files),
            "size": sum(size for size in sizes if size is not None) if None not in sizes else None,
        },
        report,
    )


def parse_files(accession: str, document: Any, report: Report) -> tuple[File, ...]:
    """List the files in the document of a challenge at Zenodo."""
    home = f"{_ZENODO}/records/{_CHALLENGES[ARCHIVE.check(accession)]['zenodo']}/files"
    files = (
        make_file(
            f"emdataresource:{accession}",
            report,
            path=each.get("key"),
            size=number(each.get("size")),
            url=f"{home}/{quote(str(each.get('key')))}",
            checksum=line(each.get("checksum")),
        )
        for each in listed(mapping(document).get("files"))
        if isinstance(each, dict)
    )
    return tuple(file for file in files if file is not None)


def _fields(accession: str) -> dict[str, Any]:
    known = dict(_CHALLENGES[ARCHIVE.check(accession)])
    zenodo = known.pop("zenodo")
    return {
        "identifier": f"emdataresource:{accession}",
        "kind": "study",
        "source": ARCHIVE.title,
        "source_url": f"{_ZENODO}/records/{zenodo}",
        "source_accession": str(zenodo),
        "doi": f"10.5281/zenodo.{zenodo}",
        "reference": True,
        "technologies": ("single-particle cryo-electron microscopy",),
        "scales": ("molecular machines",),
        "data_types": ("benchmark",),
        "facts": (Fact(source=f"{_ZENODO}/records/{zenodo}", retrieved=_CHECKED),),
        **known,
    }


def _ask_zenodo(accession: str, client: Client) -> Any:
    known = _CHALLENGES[ARCHIVE.check(accession)]
    document = client.get_json(f"{_ZENODO}/api/records/{known['zenodo']}")
    if not mapping(document, "metadata"):
        msg = (
            f"Zenodo answered for {accession} (record {known['zenodo']}) without metadata; expected those of a record. "
            f"Look at {_ZENODO}/records/{known['zenodo']} and try again later."
        )
        raise ArchiveAnswerError(msg)
    return document
