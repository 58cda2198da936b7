"""UK Biobank: a controlled archive, of which one record tells how to apply; nobody is asked over the network."""

from __future__ import annotations

import pytest

from bioimagehub.catalogs.archives import ukbiobank
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import AccessDeniedError, RecordNotFoundError
from bioimagehub.catalogs.tables import read_table


def test_the_whole_way_ends_at_the_application(server, client):
    (found,) = ukbiobank.search("heart MRI", client)
    record = ukbiobank.fetch_record("imaging", client)
    assert found == record
    assert record.access.kind == "controlled"
    assert "submit an application" in record.access.how
    assert record.access.url.startswith("https://www.ukbiobank.ac.uk/")
    assert record.url is None
    assert record.driver is None
    assert Catalog([record])["ukbiobank:imaging"] == record
    assert "10.1038/s41467-020-15948-9" in record.cite()
    with pytest.raises(AccessDeniedError, match="expected an approved application") as denied:
        ukbiobank.list_files("imaging", client)
    assert "Apply at https://www.ukbiobank.ac.uk/" in str(denied.value)
    with pytest.raises(AccessDeniedError, match="Research Analysis Platform"):
        ukbiobank.resolve("imaging", "20252_2_0.zip", client)
    assert server.requests == []


def test_words_that_are_not_there_find_nothing(client):
    assert ukbiobank.search("zebrafish", client) == []
    assert ukbiobank.search("heart", client, limit=0) == []


def test_a_harvest_is_its_one_record(client, tmp_path):
    assert harvest_archive("ukbiobank", tmp_path, client).losses == []
    (fields,) = read_table(tmp_path / "ukbiobank.parquet")
    assert fields["identifier"] == "ukbiobank:imaging"
    assert fields["access"]["kind"] == "controlled"


def test_other_accessions_are_told(client):
    with pytest.raises(RecordNotFoundError, match="look like imaging"):
        ukbiobank.fetch_record("20252", client)
