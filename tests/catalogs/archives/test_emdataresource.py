"""The challenges of EMDataResource, with Zenodo played in its shape; titles, DOIs and names are those of Zenodo."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import emdataresource
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import ArchiveAnswerError, CatalogError, RecordNotFoundError
from servers.damage import damaged

ZENODO = "https://zenodo.org"
TABLES = b"a table of correlations"
MD5 = f"md5:{hashlib.md5(TABLES, usedforsecurity=False).hexdigest()}"
DOCUMENT = {
    "id": 4148789,
    "modified": "2020-10-29T00:26:59.000000+00:00",
    "metadata": {
        "title": "2019 EMDataResource Model Metrics Challenge Dataset",
        "doi": "10.5281/zenodo.4148789",
        "publication_date": "2020-10-28",
        "creators": [{"name": "Lawson, Catherine L"}, {"name": "Kryshtafovych, Andriy"}, {"affiliation": "nobody"}],
        "license": {"id": "cc-by-4.0"},
        "version": "1.0",
    },
    "files": [
        {"key": "correlation-images.tar.gz", "size": len(TABLES), "checksum": MD5},
        {"key": "2019 web.pdf", "size": 7, "checksum": "md5:wrong"},
        {"key": "/etc/passwd", "size": 7},
    ],
}


def play(server, document=DOCUMENT):
    server.add(f"{ZENODO}/api/records/4148789", json=document)
    server.add(f"{ZENODO}/records/4148789/files/correlation-images.tar.gz", body=TABLES)


def test_the_whole_way(server, client):
    play(server)
    (found,) = emdataresource.search("metrics challenge", client)
    record = emdataresource.fetch_record("model-metrics-2019", client)
    files = list(emdataresource.list_files("model-metrics-2019", client))
    url = emdataresource.resolve("model-metrics-2019", files[0].path, client)
    assert found.identifier == record.identifier == "emdataresource:model-metrics-2019"
    assert client.get_bytes(url) == TABLES
    assert files[0].checksum == MD5
    assert Catalog([record])["emdataresource:model-metrics-2019"] == record
    assert "10.5281/zenodo.4148789" in record.cite("datacite")
    assert "Lawson" in record.cite()


def test_what_zenodo_says(server, client):
    play(server)
    record = emdataresource.fetch_record("model-metrics-2019", client)
    assert record.licence == "CC-BY-4.0"
    assert [person.family for person in record.authors] == ["Lawson", "Kryshtafovych"]
    assert str(record.released) == "2020-10-28"
    assert record.reference
    assert record.data_types == ("benchmark",)
    assert record.publications[0].doi == "10.1038/s41592-020-01051-w"


def test_three_rounds_are_known_without_a_network(server, client):
    records = emdataresource.search("challenge", client)
    assert [record.doi for record in records] == [
        "10.5281/zenodo.1120379",
        "10.5281/zenodo.4148789",
        "10.5281/zenodo.10551958",
    ]
    assert emdataresource.search("ligand", client, limit=1)[0].identifier == "emdataresource:ligand-2021"
    assert emdataresource.search("mouse", client) == []
    assert server.requests == []


def test_a_harvest_keeps_what_zenodo_does_not_give(server, client, report):
    play(server)
    (page,) = emdataresource.harvest(client, report)
    assert page.total == len(page.records) == 3
    assert [record.licence for record in page.records] == [None, "CC-BY-4.0", None]
    defects = {defect.identifier for defect in report.defects if defect.field == "facts"}
    assert defects == {"emdataresource:map-2016", "emdataresource:ligand-2021"}


def test_a_path_that_leads_out_is_left_out(report):
    files = emdataresource.parse_files("model-metrics-2019", DOCUMENT, report)
    assert [file.path for file in files] == ["correlation-images.tar.gz", "2019 web.pdf"]
    # A checksum that is none is left out, the file is not.
    assert files[1].checksum is None
    assert "/etc/passwd" in " ".join(defect.text for defect in report.defects)


def test_what_is_not_there_is_told(server, client):
    play(server)
    with pytest.raises(RecordNotFoundError, match=r"Give one of: 2019 web\.pdf, correlation-images"):
        emdataresource.resolve("model-metrics-2019", "maps.zip", client)
    with pytest.raises(RecordNotFoundError, match="look like model-metrics-2019"):
        emdataresource.fetch_record("ctf-2015", client)


def test_a_record_without_metadata_is_told(server, client):
    play(server, {"message": "moved"})
    with pytest.raises(ArchiveAnswerError, match="without metadata"):
        emdataresource.fetch_record("model-metrics-2019", client)


@given(document=damaged(DOCUMENT))
def test_a_damaged_document_is_a_record_or_told(document):
    with suppress(CatalogError):
        emdataresource.parse_challenge("model-metrics-2019", document, Report(quiet=True))
