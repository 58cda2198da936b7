"""The BioImage Archive, played from answers in its shape; the facts are of S-BIAD599 and S-BIAD1135.

S-BIAD599: Hartmann et al., CC BY 4.0, doi:10.7554/eLife.55913. S-BIAD1135: Hinderling et al., CC BY 4.0.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bioimagehub.catalogs.archives import bia
from bioimagehub.catalogs.archives.bia_study import parse_record
from bioimagehub.catalogs.archives.biostudies import walk_links, walk_sections
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.s3 import parse_listing
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import (
    AccessDeniedError,
    ArchiveAnswerError,
    ArchiveUnreachableError,
    IncompleteHarvestError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.tables import read_table
from servers.archives import Answer

API = "https://www.ebi.ac.uk/biostudies/api/v1"
FOLDER = "https://ftp.ebi.ac.uk/biostudies/fire/S-BIAD/599/S-BIAD599"
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "bia"
STUDIES = sorted(RECORDED.glob("biostudies_responses/S-*/S-*_original.json")) + sorted(
    RECORDED.glob("biostudies_responses/S-BIAD1492/S-BIAD1492.json")
)
DAY = date(2026, 11, 22)

INFO = {
    "files": 2,
    "httpLink": FOLDER,
    "ftpLink": "ftp://ftp.ebi.ac.uk/biostudies/fire/S-BIAD/599/S-BIAD599",
    "isPublic": True,
    "relPath": "S-BIAD/599/S-BIAD599",
    "hasZippedFolders": True,
    "released": 1670889600000,
    "modified": 1732185335259,
}
# No template; the title stands on the envelope and on the study.
S_BIAD599 = {
    "accno": "S-BIAD599",
    "attributes": [
        {
            "name": "Title",
            "value": "An image-based data-driven analysis of cellular architecture in a developing tissue",
        },
        {"name": "ReleaseDate", "value": "2022-12-13"},
        {"name": "RootPath", "value": "idr0079"},
        {"name": "AttachTo", "value": "BioImages"},
    ],
    "section": {
        "type": "Study",
        "attributes": [
            {"name": "License", "value": "CC BY 4.0"},
            {"name": "Keyword", "value": "lateral line primordium"},
        ],
        "links": {"url": "https://idr.openmicroscopy.org/webclient/?show=project-1105", "attributes": []},
        "subsections": [
            {
                "type": "Author",
                "attributes": [
                    {"name": "Name", "value": "Jonas Hartmann"},
                    {"name": "Email", "value": "someone@example.org"},
                    {"name": "ORCID", "value": "https://orcid.org/0000-0002-5600-8285"},
                ],
            },
            {"type": "organization", "attributes": [{"name": "Address", "value": "Meyerhofstrasse 1, Heidelberg"}]},
            {
                "type": "Publication",
                "attributes": [
                    {"name": "DOI", "value": "https://doi.org/10.7554/eLife.55913"},
                    {"name": "Year", "value": "2020"},
                ],
            },
            # One deeper, as tables are.
            [
                {
                    "type": "Biosample",
                    "attributes": [{"name": "Biological entity", "value": "Posterior lateral line primordium"}],
                    "subsections": {
                        "type": "Organism",
                        "attributes": [
                            {"name": "Scientific name", "value": "Danio rerio"},
                            {"name": "NCBI taxon ID", "value": "NCBI:txid7955"},
                        ],
                    },
                }
            ],
            {
                "type": "Image Acquisition",
                "subsections": [
                    {
                        "type": "Imaging Method",
                        "attributes": [
                            {"name": "Ontology Value", "value": "array-scan confocal microscopy"},
                            {"name": "Ontology Term ID", "value": "http://purl.obolibrary.org/obo/FBbi_00000393"},
                        ],
                    }
                ],
            },
        ],
    },
    "type": "submission",
}
# Template BioImages.v4: the title stands on the study alone, and the archive has minted a DOI.
S_BIAD1135 = {
    "accno": "S-BIAD1135",
    "attributes": [
        {"name": "Template", "value": "BioImages.v4"},
        {"name": "DOI", "value": "10.6019/S-BIAD1135"},
        {"name": "ReleaseDate", "value": "2024-04-30"},
    ],
    "section": {
        "type": "Study",
        "attributes": [
            {"name": "Title", "value": "Calcium waves in MDCK epithelium"},
            {
                "name": "License",
                "value": "as stated there",
                "valqual": [{"name": "URL", "value": "https://creativecommons.org/licenses/by/4.0/legalcode"}],
            },
        ],
        "links": [[{"url": "EMPIAR-11380", "attributes": [{"name": "Type", "value": "empiar"}]}]],
        "subsections": [
            {"type": "Biosample", "attributes": [{"name": "Organism", "value": "Danio rerio (zebrafish)"}]},
            {
                "type": "Image acquisition",
                "attributes": [{"name": "Imaging method", "value": "fluorescence microscopy"}],
            },
            {
                "type": "Annotations",
                "attributes": [
                    {"name": "Title", "value": "Nuclei"},
                    {"name": "Annotation Overview", "value": "Instance masks of nuclei"},
                    {"name": "Annotation Type", "value": "segmentation_mask, tracks"},
                ],
            },
        ],
    },
    "type": "submission",
}
ROWS = [
    {"path": "20200220/experimentK/a.tif", "Size": 149622587, "type": "file", "isDirectory": "false"},
    {"path": "#1_Raw_Images/Zelle ä.tif", "Size": 7, "type": "file", "isDirectory": "false"},
]


def play_study(server: Any, accession: str, document: dict[str, Any], info: dict[str, Any] = INFO) -> None:
    server.add(f"{API}/studies/{accession}/info", json=info)
    server.add(f"{API}/studies/{accession}", json=document)


def play_files(server: Any, rows: list[dict[str, Any]], *, cap: int = 1000, default: int = 25) -> None:
    """The new list: over the cap nothing, the offset floored to the limit, past the end the last page again."""

    def answer(request: Any) -> Answer:
        limit = int(request.query.get("limit", default))
        if limit > cap:
            return Answer(200, json.dumps({"items": [], "pagination": {"total": 0}}).encode())
        start = int(request.query.get("offset", 0)) // limit * limit
        start = min(start, (len(rows) - 1) // limit * limit)
        return Answer(
            200, json.dumps({"items": rows[start : start + limit], "pagination": {"total": len(rows)}}).encode()
        )

    server.add(f"{API}/studies/S-BIAD599/files", answer=answer)


def play_search(server: Any, hits: list[dict[str, Any]], *, collection: str = "BioImages", cap: int = 100) -> None:
    def answer(request: Any) -> Answer:
        size, page = int(request.query["pageSize"]), int(request.query["page"])
        found = hits[(page - 1) * size : page * size] if size <= cap else []
        told = {"page": page, "pageSize": size, "totalHits": len(hits), "isTotalHitsExact": True, "hits": found}
        return Answer(200, json.dumps(told).encode())

    server.add(f"{API}/{collection}/search", answer=answer)


def hit(accession: str, **more: Any) -> dict[str, Any]:
    return {"accession": accession, "type": "study", "title": f"Title of {accession}", "files": 3, **more}


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


def test_a_study_that_is_not_public_has_no_files_to_read(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD7/info", json=INFO | {"isPublic": False})
    with pytest.raises(AccessDeniedError, match="not public"):
        list(bia.list_files("S-BIAD7", client))


def test_an_embargo_has_an_end(report: Any) -> None:
    record = parse_record(S_BIAD599, report, info=INFO | {"isPublic": False}, retrieved=DAY)
    assert (record.access.kind, record.access.until) == ("embargoed", date(2022, 12, 13))


def test_a_large_study_lies_beside_its_files(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    server.add(f"{API}/studies/S-BIAD599", json={"ftpHttp_link": f"{FOLDER}/"})
    server.add(f"{FOLDER}/S-BIAD599.json", json=S_BIAD599)
    assert bia.fetch_record("S-BIAD599", client).licence == "CC-BY-4.0"


@pytest.mark.parametrize("answer", [[], {}, {"accno": "S-BIAD599"}, {"ftpHttp_link": 5}, "text"])
def test_a_document_of_another_shape_is_told(server: Any, client: Any, answer: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    server.add(f"{API}/studies/S-BIAD599", body=json.dumps(answer).encode())
    with pytest.raises(ArchiveAnswerError, match="expected a study with a section"):
        bia.fetch_record("S-BIAD599", client)


def test_all_files_come_though_the_default_page_is_25(server: Any, client: Any) -> None:
    rows = [{"path": f"{number:04}.tif", "Size": 1, "isDirectory": "false"} for number in range(2345)]
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO | {"files": 2345})
    play_files(server, rows)
    assert len(list(bia.list_files("S-BIAD599", client))) == 2345
    pages = [request.query for request in server.requests if request.url.split("?")[0].endswith("/files")]
    assert pages == [{"limit": "1000", "offset": str(start)} for start in (0, 1000, 2000)]


def test_the_older_list_is_asked_where_there_is_no_new_one(server: Any, client: Any) -> None:
    rows = [{"path": f"{number}.tif", "Size": 1, "isDirectory": "false"} for number in range(1200)]

    def answer(request: Any) -> Answer:
        length = int(request.query.get("length", 5))
        found = rows[int(request.query.get("start", 0)) :][:length] if length <= 1000 else []
        return Answer(
            200, json.dumps({"recordsFiltered": len(rows), "recordsTotal": len(rows), "data": found}).encode()
        )

    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    server.add(f"{API}/files/S-BIAD599", answer=answer)
    assert len(list(bia.list_files("S-BIAD599", client))) == 1200


def test_an_empty_list_beside_a_count_is_told(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO | {"files": 584})
    server.add(f"{API}/studies/S-BIAD599/files", json={"items": [], "pagination": {"total": 0}})
    with pytest.raises(ArchiveAnswerError, match="has 584 files and lists none"):
        list(bia.list_files("S-BIAD599", client))


def test_a_page_that_is_cut_short_is_told(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    server.add(f"{API}/studies/S-BIAD599/files", json={"items": ROWS, "pagination": {"total": 584}})
    with pytest.raises(ArchiveAnswerError, match="files of S-BIAD599 gave 2 rows from row 0 on; expected 584"):
        list(bia.list_files("S-BIAD599", client))


def test_rows_are_not_distinct_and_folders_are_no_files(report: Any) -> None:
    rows = [
        *ROWS,
        ROWS[0] | {"file_position": "2"},
        {"path": "folder", "isDirectory": "true"},
        {"path": "folder2", "type": "directory"},
        {"path": "../../etc/passwd", "Size": 1},
        {"path": "/etc/passwd", "Size": 1},
        {"Size": 1},
        "row",
    ]
    files = list(bia.parse_files(rows, f"{FOLDER}/Files", report, identifier="bia:S-BIAD599"))
    assert [file.path for file in files] == [row["path"] for row in ROWS]
    assert len(report.defects) == 4


def test_files_come_page_by_page(server: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bia, "BIOSTUDIES_ROWS", 2)
    play_study(server, "S-BIAD599", S_BIAD599)
    rows = [{"path": f"{number}.tif", "Size": 1, "type": "file", "isDirectory": "false"} for number in range(3)]
    url = f"{API}/studies/S-BIAD599/files"
    server.add(f"{url}?offset=0", json={"items": rows[:2], "pagination": {"total": 3}})
    server.add(f"{url}?offset=2", json={"items": [], "pagination": {"total": 3}})
    files = bia.list_files("S-BIAD599", client)
    assert [next(files).path, next(files).path] == ["0.tif", "1.tif"]
    assert sum(request.url.startswith(f"{url}?") for request in server.requests) == 1
    # A list that is not whole is told at its end.
    with pytest.raises(ArchiveAnswerError, match="gave 0 rows from row 2 on; expected 1"):
        next(files)


def test_paths_are_encoded_by_segment(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    play_files(server, ROWS)
    url = list(bia.list_files("S-BIAD599", client))[1].url
    assert url == f"{FOLDER}/Files/%231_Raw_Images/Zelle%20{quote('ä')}.tif"
    server.add(url, body=b"pixels")
    assert client.get_bytes(bia.resolve("S-BIAD599", ROWS[1]["path"], client)) == b"pixels"


def test_the_folder_of_the_files_is_asked_for_and_never_derived(server: Any, client: Any) -> None:
    elsewhere = "https://ftp.ebi.ac.uk/biostudies/nfs/S-BIAD/S-BIAD0-99/S-BIAD1"
    server.add(f"{API}/studies/S-BIAD1/info", json=INFO | {"httpLink": elsewhere})
    server.add(f"{elsewhere}/Files/a.tif", body=b"pixels")
    assert bia.resolve("S-BIAD1", "a.tif", client) == f"{elsewhere}/Files/a.tif"
    server.add(f"{API}/studies/S-BIAD2/info", json={"files": 1, "isPublic": True})
    with pytest.raises(ArchiveAnswerError, match="expected httpLink"):
        bia.resolve("S-BIAD2", "a.tif", client)


def test_a_file_that_is_not_there_or_not_inside(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    with pytest.raises(RecordNotFoundError):
        bia.resolve("S-BIAD599", "none.tif", client)
    with pytest.raises(ArchiveAnswerError, match="expected a relative one"):
        bia.resolve("S-BIAD599", "../S-BIAD600/a.tif", client)


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


# ---- images that the archive made

BUCKET = "https://livingobjects.ebi.ac.uk/bia-integrator-data"
NEXT = "https://livingobjects.ebi.ac.uk/bioimaging-integrator-data"
UUID = "01776a3a-16a5-4c48-a104-fefcc83cc2ee"
SIBLING = "01776a3a-16a5-4c48-a104-fefcc83cc2ef"


def listing(prefix: str, folders: list[str], keys: list[str] = [], token: str | None = None) -> bytes:  # noqa: B006
    parts = [f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in folders]
    parts += [
        f"<Contents><Key>{key}</Key><LastModified>2023-10-04T14:51:09.050Z</LastModified>"
        f"<ETag>&quot;a84906a7545b1d47386e7d72ee807c41&quot;</ETag><Size>12234</Size></Contents>"
        for key in keys
    ]
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Prefix>{prefix}</Prefix><Delimiter>/</Delimiter><IsTruncated>{str(bool(token)).lower()}</IsTruncated>"
        f"{''.join(parts)}{more}<KeyCount>{len(folders) + len(keys)}</KeyCount></ListBucketResult>"
    ).encode()


def play_images(server: Any, bucket: str) -> None:
    study, image, other = "S-BIAD599/", f"S-BIAD599/{UUID}/", f"S-BIAD599/{SIBLING}/"
    server.add(f"{bucket}/?prefix={study}&delimiter=/", body=listing(study, [image], token="next"))
    server.add(f"{bucket}/?prefix={study}&delimiter=/&continuation-token=next", body=listing(study, [other]))
    picture = f"{image}{UUID}-thumbnail-128-128.png"
    server.add(f"{bucket}/?prefix={image}&delimiter=/", body=listing(image, [f"{image}{UUID}.zarr/"], [picture]))
    # Only a sibling whose name begins alike: the listing has something, and the image is not there.
    server.add(f"{bucket}/?prefix={other}&delimiter=/", body=listing(other, [f"{other}{SIBLING}.zarr.old/"]))
    server.add(f"{bucket}/{image}{UUID}.zarr/.zattrs", json={"multiscales": []})


@pytest.mark.parametrize("bucket", [BUCKET, NEXT, "https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data"])
def test_images_are_found_in_whichever_bucket_they_are(server: Any, client: Any, bucket: str) -> None:
    play_study(server, "S-BIAD599", S_BIAD599)
    play_images(server, bucket)
    (image,) = bia.list_images("S-BIAD599", client)
    assert image.identifier == f"bia:S-BIAD599/{UUID}"
    assert (image.kind, image.part_of, image.driver) == ("image", "bia:S-BIAD599", "ome_zarr")
    assert image.licence == "CC-BY-4.0"
    assert image.organisms[0].name == "Danio rerio"
    assert image.thumbnail is not None
    assert image.thumbnail.endswith("-thumbnail-128-128.png")
    assert client.get_json(f"{image.url}/.zattrs") == {"multiscales": []}
    assert all(request.query["delimiter"] == "/" for request in server.requests if "prefix" in request.query)


def test_images_come_as_they_are_asked_for(server: Any, client: Any) -> None:
    play_study(server, "S-BIAD599", S_BIAD599)
    play_images(server, BUCKET)
    next(bia.list_images("S-BIAD599", client))
    assert sum("prefix" in request.query for request in server.requests) == 2


def test_not_every_study_has_images(server: Any, client: Any) -> None:
    play_study(server, "S-BIAD1", S_BIAD599 | {"accno": "S-BIAD1"})
    for bucket in (BUCKET, NEXT):
        server.add(f"{bucket}/?prefix=S-BIAD1/", body=listing("S-BIAD1/", []))
    assert list(bia.list_images("S-BIAD1", client)) == []


# ---- recorded answers, where they are at hand


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


@pytest.mark.parametrize("file", sorted(RECORDED.glob("archivefs/bia_S-BIAD599_files.json")))
def test_recorded_files(file: Path, report: Any) -> None:
    answer = json.loads(file.read_text())
    files = list(bia.parse_files(answer["data"], f"{FOLDER}/Files", report, identifier="bia:S-BIAD599"))
    assert files[0].path == "20200220-ftp/experimentK/17A1DC6394/17A1DC6394_8bit_lynEGFP.tif"
    assert files[0].size == 149622587
    assert len(files) == len(answer["data"])


@pytest.mark.parametrize("file", sorted(RECORDED.glob("archivefs/bia_S-BIAD599_info.json")))
def test_recorded_info(file: Path, report: Any) -> None:
    record = parse_record(S_BIAD599, report, info=json.loads(file.read_text()), retrieved=DAY)
    assert (record.files, record.released, record.modified) == (584, date(2022, 12, 13), date(2024, 11, 21))


@pytest.mark.parametrize("file", sorted(RECORDED.glob("archivefs/bia_s3_*.xml")), ids=lambda file: file.stem)
def test_recorded_listings(file: Path) -> None:
    found = parse_listing(file.read_text(), BUCKET)
    assert found.folders
    assert all(folder.startswith("S-BIAD599/") and folder.endswith("/") for folder in found.folders)
