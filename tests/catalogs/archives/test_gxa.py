"""Expression Atlas, played from its list of experiments; the facts are of E-MTAB-513 and E-MTAB-599."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import gxa
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveUnreachableError,
    CatalogError,
    InvalidEntryError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.tables import read_table
from servers.damage import damaged

LIST = "https://www.ebi.ac.uk/gxa/json/experiments"
BODY_MAP = {
    "experimentType": "Baseline",
    "rawExperimentType": "RNASEQ_MRNA_BASELINE",
    "experimentAccession": "E-MTAB-513",
    "experimentDescription": "Illumina Body Map",
    "species": "Homo sapiens",
    "kingdom": "animals",
    "loadDate": "28-01-2014",
    "lastUpdate": "30-05-2023",
    "numberOfAssays": 16,
    "technologyType": ["RNA-seq"],
    "experimentalFactors": ["organism part"],
}
MOUSE = {
    **BODY_MAP,
    "experimentAccession": "E-MTAB-599",
    "experimentDescription": "Six tissues",
    "species": "Mus musculus",
    "lastUpdate": "12-02-2020",
}
RESOURCES = [
    {
        "group": "Results",
        "type": "icon-tsv",
        "description": "All normalised expression values",
        "url": "experiments-content/E-MTAB-513/resources/ExperimentDownloadSupplier.RnaSeqBaseline/tpms.tsv",
    },
    {"type": "icon-tsv", "description": "no address"},
    {"type": "icon-tsv", "description": "hostile", "url": "experiments-content/E-MTAB-513/../../../etc/passwd"},
]


def test_the_whole_way(server, client):
    server.add(LIST, json={"experiments": [BODY_MAP, MOUSE]})
    server.add(f"{LIST}/E-MTAB-513/resources/DATA", json=RESOURCES)
    address = f"https://www.ebi.ac.uk/gxa/{RESOURCES[0]['url']}"
    server.add(address, body=b"Gene ID\tbrain\n")

    (found,) = gxa.search("body map sapiens", client)
    record = gxa.fetch_record(found.source_accession, client)
    files = list(gxa.list_files("E-MTAB-513", client))
    url = gxa.resolve("E-MTAB-513", files[0].path, client)

    assert record == found
    assert files[0].path == "resources/ExperimentDownloadSupplier.RnaSeqBaseline/tpms.tsv"
    assert url == files[0].url == address
    assert client.get_bytes(url) == b"Gene ID\tbrain\n"
    assert Catalog([record])["gxa:E-MTAB-513"] == record
    assert "Illumina Body Map" in record.cite()


def test_each_record_says_that_there_are_no_images_and_where_some_are(report):
    record = gxa.parse_record(BODY_MAP, report)
    assert record.access.kind == "none"
    assert "no images" in record.access.how
    assert "Human Protein Atlas (archive 'hpa')" in record.access.how
    assert record.images == 0
    assert record.licence == "LicenseRef-EMBL-EBI-terms"
    assert record.organisms[0].taxon == 9606
    assert (record.released, record.modified) == (date(2014, 1, 28), date(2023, 5, 30))


def test_a_path_that_is_not_there_says_what_is_and_where_images_are(server, client):
    server.add(f"{LIST}/E-MTAB-513/resources/DATA", json=RESOURCES)
    with pytest.raises(RecordNotFoundError, match=r"It has: .*tpms\.tsv.*holds tables"):
        gxa.resolve("E-MTAB-513", "image.tif", client)


def test_files_do_not_lead_out_of_the_experiment(report):
    paths = [file.path for file in gxa.parse_files(RESOURCES, "E-MTAB-513", report)]
    assert all(".." not in path for path in paths)
    assert "'no address' has no address" in report.defects[0].text


def test_a_harvest_reads_the_list_and_names_what_is_lost(server, client, tmp_path):
    server.add(LIST, json={"experiments": [BODY_MAP, {**MOUSE, "experimentDescription": None}, "text"]})
    report = harvest_archive("gxa", tmp_path, client)
    assert [fields["identifier"] for fields in read_table(tmp_path / "gxa.parquet")] == ["gxa:E-MTAB-513"]
    assert [loss.identifier for loss in report.losses] == ["gxa:E-MTAB-599"]


def test_since_leaves_out_what_is_older(server, client, report):
    server.add(LIST, json={"experiments": [BODY_MAP, MOUSE]})
    (page,) = gxa.harvest(client, report, since=date(2021, 1, 1))
    assert [record.name for record in page.records] == ["E-MTAB-513"]
    assert page.total == page.rows == 2


@pytest.mark.parametrize("answer", [{"experiments": []}, {}, [], {"experiments": "none"}])
def test_a_list_without_experiments_is_told(server, client, answer):
    server.add(LIST, json=answer)
    with pytest.raises(ArchiveAnswerError, match="lists no experiment"):
        gxa.search("heart", client)


def test_an_empty_list_of_an_unknown_experiment_is_told(server, client):
    server.add(LIST, json={"experiments": [BODY_MAP]})
    for accession in ("E-MTAB-513", "E-MTAB-99999"):
        server.add(f"{LIST}/{accession}/resources/DATA", json=[])
    assert list(gxa.list_files("E-MTAB-513", client)) == []
    with pytest.raises(RecordNotFoundError, match="no experiment E-MTAB-99999"):
        list(gxa.list_files("E-MTAB-99999", client))


def test_unknown_and_malformed_accessions_are_told(server, client):
    server.add(LIST, json={"experiments": [BODY_MAP]})
    with pytest.raises(RecordNotFoundError, match="no experiment E-MTAB-1"):
        gxa.fetch_record("E-MTAB-1", client)
    with pytest.raises(RecordNotFoundError, match="look like E-MTAB-513"):
        gxa.fetch_record("E-MTAB-513/../x", client)


def test_an_experiment_without_accession_is_no_record(report):
    with pytest.raises(InvalidEntryError, match="does not make a record: identifier"):
        gxa.parse_record({**BODY_MAP, "experimentAccession": "\x1b[31m"}, report)


def test_trouble_is_waited_out_and_then_told(server, client):
    server.add(LIST, json={"experiments": [BODY_MAP]})
    server.fail(LIST, times=1, status=429, headers={"Retry-After": "0"})
    server.cut(LIST, after=30)
    assert gxa.fetch_record("E-MTAB-513", client).title == "Illumina Body Map"
    server.fail(LIST, times=9, status=503)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        gxa.fetch_record("E-MTAB-513", client)


@given(document=damaged(BODY_MAP), rows=damaged(RESOURCES))
def test_damaged_documents_are_records_or_told(document, rows):
    with suppress(CatalogError):
        gxa.parse_record(document, Report(quiet=True))
    list(gxa.parse_files(rows, "E-MTAB-513", Report(quiet=True)))
