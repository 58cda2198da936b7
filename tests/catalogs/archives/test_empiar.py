"""Records of EMPIAR, made of entries played over HTTP, with each of its traps."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from bioimagehub.catalogs.archives import empiar
from bioimagehub.catalogs.archives.empiar_entry import parse_record, parse_size
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import (
    InvalidEntryError,
    RecordNotFoundError,
)
from servers.empiar import API, DAY, ENTRY, SEARCH, make, play_entries, play_files


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
