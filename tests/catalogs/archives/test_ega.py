"""EGA, played from answers in the shape of its public metadata; the files are of its test dataset EGAD00001009826."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import ega
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import (
    AccessDeniedError,
    ArchiveAnswerError,
    ArchiveUnreachableError,
    CatalogError,
    InvalidEntryError,
    NotOfferedError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.tables import read_table
from servers.archives import Answer
from servers.damage import damaged

API = "https://metadata.ega-archive.org"
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "ega"
DATASET = {
    "accession_id": "EGAD00001009826",
    "title": "Test dataset with files of the 1000 Genomes Project",
    "description": "Write to someone@example.org",
    "num_samples": 1,
    "dataset_types": ["Whole genome sequencing"],
    "technologies": ["Illumina"],
    "access_type": "controlled",
    "policy_accession_id": "EGAP00001002447",
    "released_date": "2022-11-07T15:26:19+00:00",
}
STUDY = {"accession_id": "EGAS00001006727", "title": "A study of that dataset", "released_date": "2022-11-07"}
FILE = {
    "accession_id": "EGAF00007243783",
    "unencrypted_checksum": "C43FCB885EBA78B62EFB4BF5D1CC51BF",
    "unencrypted_checksum_type": "MD5",
    "filesize": 83,
    "extension": "crai",
}


def paged(rows):
    """Answer as EGA does: 10 rows where no limit is given, 206 while there are more."""

    def answer(request):
        start, size = int(request.query.get("offset", 0)), int(request.query.get("limit", 10))
        status = 206 if start + size < len(rows) else 200
        return Answer(status, json.dumps(rows[start : start + size]).encode(), {"Content-Type": "application/json"})

    return answer


def test_the_whole_way_ends_at_the_application(server, client):
    server.add(f"{API}/datasets/EGAD00001009826", json=DATASET)
    server.add(f"{API}/datasets/EGAD00001009826/files", answer=paged([FILE]))

    record = ega.fetch_record("EGAD00001009826", client)
    (file,) = ega.list_files("EGAD00001009826", client)

    assert record.access.kind == "controlled"
    assert "Data Access Committee" in record.access.how
    assert "takes no EGA credentials" in record.access.how
    assert record.licence == "LicenseRef-EGA-data-access-agreement"
    assert record.released == date(2022, 11, 7)
    assert (record.url, record.driver) == (None, None)
    assert "@" not in record.model_dump_json()
    assert (file.path, file.size, file.url) == ("EGAF00007243783.crai", 83, None)
    assert file.checksum == "md5:c43fcb885eba78b62efb4bf5d1cc51bf"
    assert Catalog([record])["ega:EGAD00001009826"] == record
    assert "EGAD00001009826" in record.cite()
    asked = len(server.requests)
    with pytest.raises(AccessDeniedError, match="expected an approved request") as denied:
        ega.resolve("EGAD00001009826", file.path, client)
    assert "https://ega-archive.org/datasets/EGAD00001009826" in str(denied.value)
    # No file is ever asked for, and nothing that could be a credential was sent.
    assert len(server.requests) == asked
    assert all("Authorization" not in request.headers for request in server.requests)


def test_a_search_by_words_is_not_offered(server, client):
    with pytest.raises(NotOfferedError, match=r"Search on https://ega-archive\.org/search"):
        ega.search("breast cancer histology", client)
    assert server.requests == []


def test_the_files_of_a_study_are_those_of_its_datasets_on_all_pages(server, client):
    server.add(f"{API}/studies/EGAS00001006727", json=STUDY)
    server.add(f"{API}/studies/EGAS00001006727/datasets", answer=paged([DATASET]))
    files = [{**FILE, "accession_id": f"EGAF{number:011d}"} for number in range(230)]
    server.add(f"{API}/datasets/EGAD00001009826/files", answer=paged(files))
    paths = [file.path for file in ega.list_files("EGAS00001006727", client)]
    assert len(paths) == len(set(paths)) == 230


@pytest.mark.parametrize("body", [b"", b"  ", b"null", b"[]"])
def test_an_answer_of_200_with_nothing_is_no_record(server, client, body):
    server.add(f"{API}/datasets/EGAD00001009826", body=body)
    with pytest.raises(RecordNotFoundError, match="its answer is empty"):
        ega.fetch_record("EGAD00001009826", client)


def test_unknown_entries_are_told(server, client):
    with pytest.raises(RecordNotFoundError, match="EGAD00000000404"):
        ega.fetch_record("EGAD00000000404", client)


@pytest.mark.parametrize("accession", ["EGAD1", "EGAF00007243783", "egad00001009826", "EGAD00001009826/files"])
def test_what_is_no_accession_is_never_asked(server, client, accession):
    for function in (ega.fetch_record, lambda name, asked: ega.resolve(name, "x", asked)):
        with pytest.raises(RecordNotFoundError, match="look like EGAD00001009826"):
            function(accession, client)
    assert server.requests == []


def test_a_harvest_reads_all_datasets_and_names_what_is_lost(server, client, tmp_path):
    rows = [{**DATASET, "accession_id": f"EGAD{number:011d}"} for number in range(1, 206)]
    rows[3] = {**rows[3], "title": ""}
    server.add(f"{API}/datasets", answer=paged(rows))
    report = harvest_archive("ega", tmp_path, client)
    assert len(list(read_table(tmp_path / "ega.parquet"))) == 204
    assert [loss.identifier for loss in report.losses] == ["ega:EGAD00000000004"]


def test_a_harvest_goes_on_at_its_cursor_and_knows_since(server, client, report):
    rows = [{**DATASET, "accession_id": f"EGAD{number:011d}"} for number in range(1, 151)]
    server.add(f"{API}/datasets", answer=paged(rows))
    assert [page.cursor for page in ega.harvest(client, report)] == ["100", None]
    (page,) = ega.harvest(client, report, cursor="100")
    assert page.records[0].name == "EGAD00000000101"
    assert [page.records for page in ega.harvest(client, report, since=date(2023, 1, 1))] == [(), ()]


def test_a_page_that_comes_again_is_told(server, client, report):
    rows = [{**DATASET, "accession_id": f"EGAD{number:011d}"} for number in range(1, 101)]
    server.add(f"{API}/datasets", json=rows)
    with pytest.raises(ArchiveAnswerError, match="repeats its page"):
        list(ega.harvest(client, report))
    server.add(f"{API}/datasets", json={"error": "none"})
    with pytest.raises(ArchiveAnswerError, match="expected one of objects"):
        list(ega.harvest(client, report))


def test_checksums_that_are_none_and_paths_that_lead_out_are_noted(report):
    rows = [
        {**FILE, "unencrypted_checksum": "xyz"},
        {"fileId": "EGAF1", "displayFileName": "../../x.bam", "fileSize": 1},
    ]
    (file,) = ega.parse_files(rows, "EGAD00001009826", report)
    assert file.checksum is None
    assert "'xyz'" in report.defects[0].text
    assert "not a relative path" in report.defects[1].text


def test_an_entry_without_title_is_no_record(report):
    with pytest.raises(InvalidEntryError, match="does not make a record: title"):
        ega.parse_record({"accession_id": "EGAD00001009826"}, report)


def test_trouble_is_waited_out_and_then_told(server, client):
    server.add(f"{API}/datasets/EGAD00001009826", json=DATASET)
    server.fail(f"{API}/datasets/EGAD00001009826", times=1, status=429, headers={"Retry-After": "0"})
    server.cut(f"{API}/datasets/EGAD00001009826", after=20)
    assert ega.fetch_record("EGAD00001009826", client).source_accession == "EGAD00001009826"
    server.fail(f"{API}/datasets/EGAD00001009826", times=9, status=500)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        ega.fetch_record("EGAD00001009826", client)


@given(document=damaged(DATASET), rows=damaged([FILE, FILE]))
def test_damaged_documents_are_records_or_told(document, rows):
    with suppress(CatalogError):
        ega.parse_record(document, Report(quiet=True))
    list(ega.parse_files(rows, "EGAD00001009826", Report(quiet=True)))


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*_files.json")), ids=lambda file: file.name)
def test_recorded_files_are_read(file, report):
    files = list(ega.parse_files(json.loads(file.read_text()), "EGAD00001009826", report))
    assert len(files) == 6
    assert all(each.checksum.startswith("md5:") and each.url is None and each.size for each in files)
    assert report.defects == []
