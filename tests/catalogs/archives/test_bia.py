"""The BioImage Archive, played over HTTP in the shape that it documents, with each of its traps."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.archives import bia
from bioimagehub.catalogs.archives.bia_study import parse_record
from bioimagehub.catalogs.archives.biostudies import walk_links, walk_sections
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import (
    AccessDeniedError,
    ArchiveAnswerError,
    ArchiveUnreachableError,
    IncompleteHarvestError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.tables import read_table
from servers.bia import (
    API,
    DAY,
    FOLDER,
    INFO,
    RECORDED,
    ROWS,
    S_BIAD599,
    S_BIAD1135,
    STUDIES,
    hit,
    play_files,
    play_search,
    play_study,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_the_whole_way(server: Any, client: Any) -> None:
    play_search(server, [hit("S-BIAD599", release_date="2022-12-13")])
    play_study(server, "S-BIAD599", S_BIAD599)
    play_files(server, ROWS)
    server.add(f"{FOLDER}/Files/20200220/experimentK/a.tif", body=b"II*\x00 pixels")

    (found,) = bia.search("lateral line", client)
    assert found.identifier == "bia:S-BIAD599"
    assert found.released == date(2022, 12, 13)
    record = bia.fetch_record(found.source_accession, client)
    files = list(bia.list_files("S-BIAD599", client))
    assert [file.path for file in files] == [row["path"] for row in ROWS]
    assert files[0].size == 149622587
    assert client.get_bytes(bia.resolve("S-BIAD599", files[0].path, client), length=4) == b"II*\x00"
    entry = Catalog([record])["bia:S-BIAD599"]
    assert entry.title == "An image-based data-driven analysis of cellular architecture in a developing tissue"
    assert "10.7554/eLife.55913" in entry.cite()


def test_what_a_record_holds(server: Any, client: Any) -> None:
    play_study(server, "S-BIAD599", S_BIAD599)
    record = bia.fetch_record("S-BIAD599", client)
    assert record.kind == "study"
    assert record.licence == "CC-BY-4.0"
    assert [(each.name, each.taxon) for each in record.organisms] == [("Danio rerio", 7955)]
    assert [(each.name, each.id) for each in record.methods] == [("array-scan confocal microscopy", "FBbi:00000393")]
    assert record.technologies == ("confocal microscopy",)
    assert record.files == 2
    assert record.released == date(2022, 12, 13)
    assert record.version == "2024-11-21"
    assert record.related == ("idr:idr0079",)
    assert record.authors[0].orcid == "0000-0002-5600-8285"
    assert record.publications[0].doi == "10.7554/eLife.55913"
    assert record.facts[0].source == f"{API}/studies/S-BIAD599"


def test_mails_and_addresses_are_dropped(report: Any) -> None:
    text = parse_record(S_BIAD599, report, retrieved=DAY).model_dump_json()
    assert "@" not in text
    assert "Meyerhofstrasse" not in text


def test_the_doi_is_that_of_the_document_and_never_made_up(report: Any) -> None:
    assert parse_record(S_BIAD1135, report, retrieved=DAY).doi == "10.6019/S-BIAD1135"
    assert parse_record(S_BIAD599, report, retrieved=DAY).doi is None
    foreign = S_BIAD599 | {
        "attributes": [*S_BIAD599["attributes"], {"name": "DOI", "value": "10.1101/2023.12.07.570699"}]
    }
    record = parse_record(foreign, report, retrieved=DAY)
    assert record.doi is None
    assert record.publications[-1].doi == "10.1101/2023.12.07.570699"
    assert "not one that the archive mints" in report.summary()


def test_the_title_stands_on_the_envelope_or_on_the_study(report: Any) -> None:
    assert parse_record(S_BIAD1135, report, retrieved=DAY).title == "Calcium waves in MDCK epithelium"
    assert parse_record(S_BIAD599, report, retrieved=DAY).title.startswith("An image-based")


def test_what_templates_say_elsewhere(report: Any) -> None:
    record = parse_record(S_BIAD1135, report, retrieved=DAY)
    assert [(each.name, each.taxon) for each in record.organisms] == [("Danio rerio", 7955)]
    assert record.licence == "CC-BY-4.0"
    assert record.related == ("empiar:EMPIAR-11380",)
    assert record.ground_truth == ("instance masks", "tracks")
    assert not report.defects


def test_what_is_no_organism_and_no_licence_is_told(report: Any) -> None:
    study = {
        "type": "Study",
        "attributes": [
            {"name": "Title", "value": "Beads"},
            {"name": "License", "value": "ask us"},
            {"name": "Organism", "value": "Beads"},
            {"name": "Organism", "value": "Fabulosa imaginaria (fable)"},
        ],
    }
    record = parse_record({"accno": "S-BSST1", "section": study}, report, retrieved=DAY)
    assert record.licence == "LicenseRef-other"
    assert [(each.name, each.taxon) for each in record.organisms] == [("Fabulosa imaginaria", None)]
    assert [defect.field for defect in report.defects] == ["licence", "organisms", "organisms"]


def test_sections_and_links_are_objects_or_lists_one_deeper() -> None:
    section = {"type": "a", "links": [[{"url": "u1"}], {"url": "u2"}], "subsections": [{"type": "b"}, [{"type": "c"}]]}
    assert [each["type"] for each in walk_sections(section)] == ["a", "b", "c"]
    assert list(walk_links(section)) == ["u1", "u2"]
    # Reading takes nothing out of the document.
    assert list(walk_links(section)) == ["u1", "u2"]
    assert list(walk_links({"links": {"url": "u"}})) == ["u"]


def test_an_unknown_accession_is_an_empty_answer_with_200(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD999999/info", json={})
    server.add(f"{API}/studies/S-BIAD999999/files", json={"items": [], "pagination": {"total": 0}})
    for ask in (
        bia.fetch_record,
        lambda *given: list(bia.list_files(*given)),
        lambda *given: list(bia.list_images(*given)),
    ):
        with pytest.raises(RecordNotFoundError, match=r"no public study S-BIAD999999.*case-sensitive"):
            ask("S-BIAD999999", client)


@pytest.mark.parametrize("accession", ["s-biad599", "S-BIAD599/../x", "EMPIAR-10310", "S-BIAD599#"])
def test_accessions_are_case_sensitive_and_whole(server: Any, client: Any, accession: str) -> None:
    with pytest.raises(RecordNotFoundError, match="look like S-BIAD1002"):
        bia.fetch_record(accession, client)
    assert not server.requests


def test_a_suppressed_study_is_denied(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD7/info", json=INFO)
    server.add(f"{API}/studies/S-BIAD7", status=403)
    with pytest.raises(AccessDeniedError, match="private, under embargo"):
        bia.fetch_record("S-BIAD7", client)


def test_an_embargo_has_an_end(report: Any) -> None:
    record = parse_record(S_BIAD599, report, info=INFO | {"isPublic": False}, retrieved=DAY)
    assert (record.access.kind, record.access.until) == ("embargoed", date(2022, 12, 13))


@pytest.mark.parametrize("answer", [[], {}, {"accno": "S-BIAD599"}, {"ftpHttp_link": 5}, "text"])
def test_a_document_of_another_shape_is_told(server: Any, client: Any, answer: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    server.add(f"{API}/studies/S-BIAD599", body=json.dumps(answer).encode())
    with pytest.raises(ArchiveAnswerError, match="expected a study with a section"):
        bia.fetch_record("S-BIAD599", client)


def test_a_search_means_all_words_and_nothing_else(server: Any, client: Any) -> None:
    play_search(server, [hit("S-BIAD1"), hit("S-EPMC5"), hit("EMPIAR-10310")])
    assert [record.identifier for record in bia.search('Cell OR "cycle" *:*', client)] == ["bia:S-BIAD1"]
    assert server.requests[0].query["query"] == 'cell AND or AND \\"cycle\\" AND \\*\\:\\*'


@pytest.mark.parametrize("limit", [0, 1, 100, 101, 250, 300])
def test_a_search_gives_as_many_as_there_are(server: Any, client: Any, limit: int) -> None:
    play_search(server, [hit(f"S-BIAD{number}") for number in range(1, 251)])
    found = bia.search("cell", client, limit=limit)
    assert [record.source_accession for record in found] == [
        f"S-BIAD{number}" for number in range(1, min(limit, 250) + 1)
    ]


def test_fewer_hits_than_declared_are_told(server: Any, client: Any) -> None:
    server.add(f"{API}/BioImages/search", json={"totalHits": 584, "hits": [hit("S-BIAD1")]})
    with pytest.raises(ArchiveAnswerError, match=r"gave 1 rows from row 0 on; expected 25"):
        bia.search("cell", client)


def test_a_total_that_is_not_exact_declares_nothing(server: Any, client: Any) -> None:
    server.add(f"{API}/BioImages/search", json={"totalHits": 1000, "isTotalHitsExact": False, "hits": [hit("S-BIAD1")]})
    assert len(bia.search("cell", client)) == 1


@pytest.mark.parametrize("answer", [[], {"hits": []}, {"totalHits": 1, "hits": "x"}, {"totalHits": "many"}])
def test_an_answer_without_hits_is_told(server: Any, client: Any, answer: Any) -> None:
    server.add(f"{API}/BioImages/search", body=json.dumps(answer).encode())
    with pytest.raises(ArchiveAnswerError, match="expected totalHits and a list of hits"):
        bia.search("cell", client)


def test_a_harvest_reads_all_studies_and_leaves_empiar_to_empiar(server: Any, client: Any, tmp_path: Path) -> None:
    numbers = range(1, 131)
    play_search(server, [hit("EMPIAR-10310"), *(hit(f"S-BIAD{number}") for number in numbers), hit("S-JCBD4")])
    for accession in ["S-JCBD4", *(f"S-BIAD{number}" for number in numbers)]:
        play_study(server, accession, S_BIAD599 | {"accno": accession})
    # One is malformed, one is suppressed: neither costs the others.
    server.add(f"{API}/studies/S-BIAD5", json={"accno": "S-BIAD5", "section": {"type": "Study", "attributes": []}})
    server.add(f"{API}/studies/S-BIAD6", status=403)
    report = harvest_archive("bia", tmp_path, client)
    assert len(list(read_table(tmp_path / "bia.parquet"))) == 129
    assert [loss.identifier for loss in report.losses] == ["bia:S-BIAD5", "bia:S-BIAD6"]
    assert "title" in report.losses[0].reason
    searches = [request.query for request in server.requests if "/search" in request.url]
    assert [(each["page"], each["sortBy"], each["sortOrder"]) for each in searches] == [
        ("1", "release_date", "ascending"),
        ("2", "release_date", "ascending"),
    ]


def test_a_harvest_since_a_day_reads_what_was_released_since(server: Any, client: Any) -> None:
    play_search(server, [hit("S-BIAD1", release_date="2020-01-01"), hit("S-BIAD2", release_date="2026-01-01")])
    play_study(server, "S-BIAD2", S_BIAD599 | {"accno": "S-BIAD2"})
    (page,) = bia.harvest(client, Report(), since=date(2025, 1, 1))
    assert [record.identifier for record in page.records] == ["bia:S-BIAD2"]
    assert (page.rows, page.total, page.cursor) == (2, 2, None)


def test_an_unknown_collection_has_no_hits_and_is_no_harvest(server: Any, client: Any) -> None:
    play_search(server, [])
    with pytest.raises(ArchiveAnswerError, match="BioImages has 0 hits, as one that BioStudies does not know"):
        list(bia.harvest(client, Report()))


def test_an_archive_that_is_down_stops_the_harvest_and_loses_nothing(server: Any, client: Any, tmp_path: Path) -> None:
    play_search(server, [hit(f"S-BIAD{number}") for number in range(1, 10)])
    for number in range(1, 10):
        play_study(server, f"S-BIAD{number}", S_BIAD599 | {"accno": f"S-BIAD{number}"})
        server.fail(f"{API}/studies/S-BIAD{number}", times=3, status=500)
    with pytest.raises(ArchiveUnreachableError, match="answered 500"):
        harvest_archive("bia", tmp_path, client)
    for number in range(4, 10):
        server.add(f"{API}/studies/S-BIAD{number}?", json=S_BIAD599 | {"accno": f"S-BIAD{number}"})
    with pytest.raises(ArchiveUnreachableError):
        harvest_archive("bia", tmp_path, client)
    with pytest.raises(ArchiveUnreachableError):
        harvest_archive("bia", tmp_path, client)
    report = harvest_archive("bia", tmp_path, client)
    assert not report.losses
    assert len(list(read_table(tmp_path / "bia.parquet"))) == 9


def test_one_study_that_always_fails_does_not_cost_the_others(server: Any, client: Any, tmp_path: Path) -> None:
    play_search(server, [hit("S-BIAD1"), hit("S-BIAD2"), hit("S-BIAD3")])
    for number in (1, 2, 3):
        play_study(server, f"S-BIAD{number}", S_BIAD599 | {"accno": f"S-BIAD{number}"})
    server.fail(f"{API}/studies/S-BIAD2", times=99, status=500)
    report = harvest_archive("bia", tmp_path, client)
    assert [loss.identifier for loss in report.losses] == ["bia:S-BIAD2"]


def test_a_harvest_with_fewer_hits_than_declared_is_refused(server: Any, client: Any, tmp_path: Path) -> None:
    server.add(f"{API}/BioImages/search", json={"totalHits": 150, "hits": [hit("S-BIAD1")]})
    with pytest.raises((ArchiveAnswerError, IncompleteHarvestError), match="expected 100"):
        harvest_archive("bia", tmp_path, client)


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.parent.name)
def test_recorded_studies(file: Path) -> None:
    report = Report(quiet=True)
    document = json.loads(file.read_text())
    record = parse_record(document, report, retrieved=DAY)
    assert record.identifier == f"bia:{document['accno']}"
    assert record.released is not None
    assert record.authors or document["accno"] == "S-BIAD1261"
    assert record.doi is None or record.doi == f"10.6019/{document['accno']}"
    assert record.organisms or document["accno"] == "S-BIAD1492"
    assert "@" not in record.model_dump_json()
    assert Catalog([record])[record.identifier].cite()
    assert not report.losses


def test_recorded_studies_keep_their_licences() -> None:
    licences = [
        parse_record(json.loads(file.read_text()), Report(quiet=True), retrieved=DAY).licence for file in STUDIES
    ]
    stated = sum('"License"' in file.read_text() for file in STUDIES)
    assert sum(licence is not None for licence in licences) == stated


@pytest.mark.parametrize("file", sorted(RECORDED.glob("archivefs/bia_S-BIAD599_info.json")))
def test_recorded_info(file: Path, report: Any) -> None:
    record = parse_record(S_BIAD599, report, info=json.loads(file.read_text()), retrieved=DAY)
    assert (record.files, record.released, record.modified) == (584, date(2022, 12, 13), date(2024, 11, 21))
