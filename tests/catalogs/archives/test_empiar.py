"""EMPIAR, played from answers in its shape; the facts are of EMPIAR-10934 (CC0, doi:10.6019/EMPIAR-10934)."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bioimagehub.catalogs.archives import empiar
from bioimagehub.catalogs.archives.empiar_entry import parse_record, parse_size
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveUnreachableError,
    InvalidEntryError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.tables import read_table
from servers.archives import Answer

API = "https://www.ebi.ac.uk/empiar/api/entry"
FILES = "https://ftp.ebi.ac.uk/empiar/world_availability/10934"
SEARCH = "https://www.ebi.ac.uk/biostudies/api/v1/BioImages-EMPIAR/search"
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "empiar"
DAY = date(2026, 11, 22)

ENTRY: dict[str, Any] = {
    "title": "Cryo-EM multiframe micrographs of human Pol kappa complexed with DNA and monoubiquitylated PCNA",
    "status": "REL",
    "deposition_date": "2021-12-31",
    "release_date": "2022-02-07",
    "update_date": "2022-02-07",
    "obsolete_date": None,
    "dataset_size": "1.9 TB",
    "experiment_type": "EMDB",
    "scale": "molecule",
    "entry_doi": "10.6019/EMPIAR-10934",
    "cross_references": [{"name": "EMD-12602"}],
    "biostudies_references": [{"name": "S-BIAD599"}],
    "idr_references": [],
    "empiar_references": [{"name": "EMPIAR-10934"}, {"name": "none"}],
    "related_pdb_entries": [],
    "imagesets": [
        {
            "name": "Multiframe micrographs of human Pol κ complexed with monoubiquitylated PCNA and DNA",
            "directory": "/data/CL44-1_20201106_111915",
            "category": "micrographs - multiframe",
            "header_format": "TIFF",
            "data_format": "TIFF",
            "num_images_or_tilt_series": 3889,
            "frames_per_image": 45,
            "voxel_type": "UNSIGNED BYTE",
            "pixel_width": 0.543,
            "pixel_height": 0.543,
            "image_width": "11520",
            "image_height": "8184",
        }
    ],
    "citation": [
        {
            "title": "Cryo-EM structure of human Pol κ bound to DNA and mono-ubiquitylated PCNA",
            "journal": "Nature communications",
            "volume": "12",
            "year": "2021",
            "doi": "10.1038/s41467-021-26251-6",
            "pubmedid": "34667155",
            "published": True,
            "j_or_nj_citation": True,
        }
    ],
    "authors": [
        {"author": {"name": "Lancey C", "author_orcid": "0000-0001-9064-4085"}},
        {"author": {"name": "Sobhy MA", "author_orcid": None}},
    ],
    "corresponding_author": {
        "author": {
            "first_name": "Claudia",
            "last_name": "Lancey",
            "email": "c@example.org",
            "street": "University Road",
        }
    },
    "principal_investigator": [{"author": {"first_name": "Alfredo", "telephone": "+44 555 1234"}}],
}


def make(**changes: Any) -> dict[str, Any]:
    return deepcopy(ENTRY) | changes


def play_entries(server: Any, entries: dict[str, dict[str, Any]]) -> None:
    """GET gives one entry; POST those of a range or a list, and nothing for numbers without one."""
    for accession, entry in entries.items():
        server.add(f"{API}/{accession}/", json={accession: entry})

    def answer(request: Any) -> Answer:
        first, dash, last = request.body.decode().partition("-")
        asked = range(int(first), int(last) + 1) if dash else map(int, request.body.decode().split(","))
        found = {key: entries[key] for number in asked if (key := f"EMPIAR-{number}") in entries}
        return Answer(200, json.dumps(found).encode()) if request.method == "POST" else Answer(405)

    server.add(f"{API}/", answer=answer)


def folder(*rows: str) -> bytes:
    """An index page of Apache."""
    return (
        "<html><head><title>Index of /empiar/world_availability</title></head><body><pre>"
        '<a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a><hr>'
        '<a href="/empiar/world_availability/">Parent Directory</a>   -\n' + "\n".join(rows) + "</pre></body></html>"
    ).encode()


def play_files(server: Any) -> None:
    server.add(
        f"{FILES}/",
        body=folder('<a href="10934.xml">10934.xml</a> 2022-02-07 10:00  5.1K', '<a href="data/">data/</a>'),
    )
    server.add(
        f"{FILES}/data/",
        body=folder(
            '<a href="Grid%20%231_fractions.tiff">Grid #1_fractions.tiff</a>  2021-12-30 10:33  1.2G',
            '<a href="../../">up</a>',
            '<a href="https://example.org/x">elsewhere</a>',
        ),
    )
    server.add(f"{FILES}/data/Grid%20%231_fractions.tiff", body=b"II*\x00 frames")


def test_the_whole_way(server: Any, client: Any) -> None:
    server.add(SEARCH, json={"totalHits": 1, "hits": [{"accession": "EMPIAR-10934", "title": "Cryo-EM"}]})
    play_entries(server, {"EMPIAR-10934": ENTRY})
    play_files(server)
    (found,) = empiar.search("pol kappa", client)
    assert server.requests[0].query["query"] == "pol AND kappa"
    record = empiar.fetch_record(found.source_accession, client)
    assert record == found
    files = list(empiar.list_files("EMPIAR-10934", client))
    assert [file.path for file in files] == ["10934.xml", "data/Grid #1_fractions.tiff"]
    assert files[1].modified == date(2021, 12, 30)
    url = empiar.resolve("EMPIAR-10934", files[1].path, client)
    assert url == files[1].url
    assert client.get_bytes(url, length=4) == b"II*\x00"
    entry = Catalog([record])["empiar:EMPIAR-10934"]
    assert "10.1038/s41467-021-26251-6" in entry.cite()
    assert "EMPIAR-10934" in entry.cite()


def test_what_a_record_holds(report: Any) -> None:
    record = parse_record("EMPIAR-10934", ENTRY, report, retrieved=DAY)
    assert record.licence == "CC0-1.0"
    assert record.size == 1_900_000_000_000
    assert record.images == 3889
    assert record.formats == ("tiff",)
    assert (record.axes, record.shape, record.dtype) == (("y", "x"), (8184, 11520), "uint8")
    assert record.spacing == pytest.approx((0.543e-4, 0.543e-4))
    assert record.related == ("emdb:EMD-12602", "bia:S-BIAD599")
    assert record.scales == ("molecular",)
    assert record.authors[0].family == "Lancey"
    assert record.authors[0].orcid == "0000-0001-9064-4085"
    assert record.publications[0].pubmed == 34667155
    assert (record.released, record.version) == (date(2022, 2, 7), "2022-02-07")
    assert not report.defects


def test_addresses_of_people_are_dropped(report: Any) -> None:
    text = parse_record("EMPIAR-10934", ENTRY, report, retrieved=DAY).model_dump_json()
    assert not any(private in text for private in ("@", "University Road", "555 1234", "Claudia"))


@pytest.mark.parametrize(
    ("kind", "category", "technology"),
    [
        ("EMDB", "tilt series", "cryo-electron tomography"),
        ("EMDB", "picked particles - multiframe - processed", "single-particle cryo-electron microscopy"),
        ("SBF-SEM", "micrographs - single frame", "volume electron microscopy"),
        ("FIB-SEM", "micrographs - single frame", "volume electron microscopy"),
        ("FIB SEM", "micrographs - single frame", "volume electron microscopy"),
        ("ATUM-SEM", "micrographs - single frame", "volume electron microscopy"),
        ("SXT", "reconstructed volumes", "X-ray imaging"),
        ("MicroED", "diffraction images", "electron diffraction"),
    ],
)
def test_the_technology_follows_from_type_and_category(report: Any, kind: str, category: str, technology: str) -> None:
    entry = make(title="x", experiment_type=kind, imagesets=[ENTRY["imagesets"][0] | {"category": category}])
    assert technology in parse_record("EMPIAR-10934", entry, report, retrieved=DAY).technologies


@pytest.mark.parametrize("kind", ["INSILICO", None, "something new"])
def test_what_is_no_imaging_has_no_method(report: Any, kind: str | None) -> None:
    assert parse_record("EMPIAR-10934", make(experiment_type=kind), report, retrieved=DAY).methods == ()


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1.9 TB", 1_900_000_000_000),
        ("165.4 GB", 165_400_000_000),
        ("1,024 MB", 1_024_000_000),
        ("16 KB", 16_000),
        (5361, 5361),
        ("2.5GiB", 2_500_000_000),
        (None, None),
    ],
)
def test_sizes_are_text(report: Any, text: Any, size: int | None) -> None:
    assert parse_size(text, "empiar:EMPIAR-10934", report) == size
    assert not report.defects


@pytest.mark.parametrize("text", ["1,9 TB", "large", "TB", "1.9 XB", "-1 GB"])
def test_what_is_no_size_is_told(report: Any, text: str) -> None:
    assert parse_size(text, "empiar:EMPIAR-10934", report) is None
    assert report.defects[0].field == "size"
    assert text in report.defects[0].text


def test_sets_that_differ_have_no_common_shape(report: Any) -> None:
    first = ENTRY["imagesets"][0]
    other = first | {"image_width": "100", "voxel_type": "32 BIT FLOAT", "data_format": "MRC"}
    record = parse_record("EMPIAR-10934", make(imagesets=[first, other]), report, retrieved=DAY)
    assert (record.axes, record.shape, record.dtype, record.images) == ((), (), None, 7778)
    assert record.formats == ("tiff", "mrc")


def test_a_pixel_without_height_and_one_set_alone(report: Any) -> None:
    """Only the width is stated, and the set stands alone instead of in a list."""
    entry = make(imagesets=ENTRY["imagesets"][0] | {"pixel_height": None})
    assert parse_record("EMPIAR-10934", entry, report, retrieved=DAY).spacing == (None, pytest.approx(0.543e-4))


def test_references_may_be_names_alone(report: Any) -> None:
    entry = make(cross_references=["EMD-12602", "12602", 5])
    assert "emdb:EMD-12602" in parse_record("EMPIAR-10934", entry, report, retrieved=DAY).related


def test_a_working_title_is_no_publication(report: Any) -> None:
    entry = make(citation=[{"title": "To be published", "published": False}, "text"])
    assert parse_record("EMPIAR-10934", entry, report, retrieved=DAY).publications == ()


def test_an_obsolete_entry_says_so(report: Any) -> None:
    record = parse_record("EMPIAR-10934", make(status="OBS", obsolete_date="2024-05-01"), report, retrieved=DAY)
    assert record.access.kind == "none"
    assert "is obsolete since 2024-05-01" in (record.access.how or "")
    assert record.access.url == "https://www.ebi.ac.uk/empiar/EMPIAR-10934/"


def test_an_entry_on_hold_says_whom_to_ask(report: Any) -> None:
    record = parse_record("EMPIAR-10934", make(status="HPUB"), report, retrieved=DAY)
    assert record.access.kind == "controlled"
    assert "ask its authors" in (record.access.how or "")


@pytest.mark.parametrize("answer", [{}, {"EMPIAR-10935": ENTRY}, {"EMPIAR-10934": None}, []])
def test_an_answer_without_the_entry_is_told(server: Any, client: Any, answer: Any) -> None:
    server.add(f"{API}/EMPIAR-10934/", body=json.dumps(answer).encode())
    with pytest.raises(RecordNotFoundError, match="no public entry EMPIAR-10934"):
        empiar.fetch_record("EMPIAR-10934", client)


def test_an_unknown_entry_is_told(server: Any, client: Any) -> None:
    with pytest.raises(RecordNotFoundError, match="answered 404"):
        empiar.fetch_record("EMPIAR-99999", client)


@pytest.mark.parametrize("accession", ["10934", "empiar-10934", "EMPIAR-10934/../1", "EMPIAR-109"])
def test_what_is_no_accession_is_never_asked(server: Any, client: Any, accession: str) -> None:
    with pytest.raises(RecordNotFoundError, match="look like EMPIAR-10310"):
        empiar.fetch_record(accession, client)
    assert not server.requests


def test_an_entry_without_title_is_no_record(report: Any) -> None:
    with pytest.raises(InvalidEntryError, match="title"):
        parse_record("EMPIAR-10934", make(title=None), report, retrieved=DAY)


def test_requests_that_hang_are_made_again(server: Any, client: Any) -> None:
    """About 3% of them do."""
    play_entries(server, {"EMPIAR-10934": ENTRY})
    server.delay(f"{API}/EMPIAR-10934/", 30)
    assert empiar.fetch_record("EMPIAR-10934", client).source_accession == "EMPIAR-10934"
    assert len(server.requests) == 2


def test_hits_name_entries_in_their_accession_or_in_their_text(
    server: Any, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    hits = [
        {"accession": "S-EMPR1", "title": "Pol kappa", "content": "raw images EMPIAR-10934 of"},
        {"accession": "EMPIAR-10934"},
        {"accession": "EMPIAR-10935"},
        {"accession": "S-EMPR2"},
        "hit",
    ]
    server.add(SEARCH, json={"totalHits": 5, "hits": hits})
    play_entries(server, {"EMPIAR-10934": ENTRY})
    assert [record.identifier for record in empiar.search("kappa", client)] == ["empiar:EMPIAR-10934"]
    assert "EMPIAR-10935: identifier: BioStudies lists it and EMPIAR does not" in caplog.text


def test_a_search_without_hits_asks_nothing_more(server: Any, client: Any) -> None:
    server.add(SEARCH, json={"totalHits": 0, "hits": []})
    assert empiar.search("nothing", client) == []
    assert len(server.requests) == 1


def test_fewer_hits_than_declared_are_told(server: Any, client: Any) -> None:
    server.add(SEARCH, json={"totalHits": 3003, "hits": [{"accession": "EMPIAR-10934"}]})
    with pytest.raises(ArchiveAnswerError, match="gave 1 rows from row 0 on; expected 25"):
        empiar.search("kappa", client)


def test_a_file_that_is_not_there_or_not_inside(server: Any, client: Any) -> None:
    with pytest.raises(RecordNotFoundError):
        empiar.resolve("EMPIAR-10934", "data/none.tiff", client)
    with pytest.raises(ArchiveAnswerError, match="expected a relative one"):
        empiar.resolve("EMPIAR-10934", "../10935/10935.xml", client)


def test_a_page_that_lists_no_folder_is_told(server: Any, client: Any) -> None:
    server.add(f"{FILES}/", body=b"<html><h1>Maintenance</h1></html>")
    with pytest.raises(ArchiveAnswerError, match="no index page of a folder"):
        list(empiar.list_files("EMPIAR-10934", client))


def test_a_harvest_asks_for_ranges_until_numbers_end(server: Any, client: Any, tmp_path: Path) -> None:
    play_entries(
        server,
        {
            "EMPIAR-10001": make(),
            "EMPIAR-10934": make(),
            # One without title, which costs the others nothing; and one that the range only outlines.
            "EMPIAR-10935": make(title=""),
            "EMPIAR-11900": {"title": "outline"},
        },
    )
    server.add(f"{API}/EMPIAR-11900/", json={"EMPIAR-11900": make(title="whole")})
    report = harvest_archive("empiar", tmp_path, client)
    rows = {fields["identifier"]: fields for fields in read_table(tmp_path / "empiar.parquet")}
    assert list(rows) == ["empiar:EMPIAR-10001", "empiar:EMPIAR-10934", "empiar:EMPIAR-11900"]
    assert rows["empiar:EMPIAR-11900"]["title"] == "whole"
    assert [loss.identifier for loss in report.losses] == ["empiar:EMPIAR-10935"]
    asked = [request.body.decode() for request in server.requests if request.method == "POST"]
    assert asked[0] == "10000-10099"
    assert asked[-1] == "12900-12999"


def test_a_harvest_since_a_day(server: Any, client: Any) -> None:
    play_entries(server, {"EMPIAR-10001": make(), "EMPIAR-10002": make(update_date="2026-01-01")})
    pages = list(empiar.harvest(client, Report(), since=date(2025, 1, 1)))
    assert [record.identifier for page in pages for record in page.records] == ["empiar:EMPIAR-10002"]
    assert pages[-1].cursor is None


def test_a_harvest_goes_on_at_its_cursor(server: Any, client: Any, tmp_path: Path) -> None:
    play_entries(server, {"EMPIAR-10001": make(), "EMPIAR-10101": make()})
    played = server._answer
    broken = {"on": True}

    def breaks(request: Any) -> Answer:
        if broken["on"] and request.body == b"10100-10199":
            return Answer(503)
        return played(request)

    server._answer = breaks
    with pytest.raises(ArchiveUnreachableError, match="answered 503"):
        harvest_archive("empiar", tmp_path, client)
    broken["on"] = False
    server.requests.clear()
    harvest_archive("empiar", tmp_path, client)
    assert server.requests[0].body == b"10100-10199"
    assert len(list(read_table(tmp_path / "empiar.parquet"))) == 2


def test_an_archive_without_entries_is_no_harvest(server: Any, client: Any, tmp_path: Path) -> None:
    play_entries(server, {})
    for since in (None, date(2026, 1, 1)):
        with pytest.raises(ArchiveAnswerError, match="gave no entry from 10000 on; expected thousands"):
            harvest_archive("empiar", tmp_path, client, since=since)


def test_a_range_that_is_no_object_is_told(server: Any, client: Any) -> None:
    server.add(f"{API}/", json=[1])
    with pytest.raises(ArchiveAnswerError, match="no object of entries"):
        list(empiar.harvest(client, Report()))


# ---- recorded documents, where they are at hand


@pytest.mark.parametrize("file", sorted(RECORDED.glob("empiarreader/fixtures/10934.xml")), ids=lambda file: file.name)
def test_the_facts_are_those_of_the_recorded_entry(file: Path, report: Any) -> None:
    from defusedxml.ElementTree import parse

    root = parse(file).getroot()
    told = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root.iter()}
    record = parse_record("EMPIAR-10934", ENTRY, report, retrieved=DAY)
    assert record.title == told["title"] or record.title in file.read_text()
    assert record.doi == told["entryDOI"]
    assert record.released is not None
    assert record.released.isoformat() == told["releaseDate"]
    assert record.images == int(told["numImagesOrTiltSeries"])
    assert record.shape == (int(told["imageHeight"]), int(told["imageWidth"]))
    assert f"emdb:{told['emdbEntry']}" in record.related


@pytest.mark.parametrize(
    "file",
    sorted(RECORDED.glob("bia_proposals/ro-crate-ingest/override_data/empiar/*/*.json")),
    ids=lambda file: file.stem,
)
def test_recorded_entries(file: Path) -> None:
    report = Report(quiet=True)
    for entry in json.loads(file.read_text()).values():
        record = parse_record("EMPIAR-10988", entry, report, retrieved=DAY)
        assert record.size
        assert record.images
        assert record.formats
        assert record.technologies
        assert record.doi
        assert record.doi.startswith("10.6019/EMPIAR-")
    assert not report.defects
