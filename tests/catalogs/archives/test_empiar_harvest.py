"""Search, files and harvests of EMPIAR, and what was recorded of it."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.archives import empiar
from bioimagehub.catalogs.archives.empiar_entry import parse_record
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveUnreachableError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.tables import read_table
from servers.archives import Answer
from servers.empiar import API, DAY, ENTRY, FILES, RECORDED, SEARCH, make, play_entries

if TYPE_CHECKING:
    from pathlib import Path


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
