"""PhenoImageShare: gone since 2016; its one record says where its content is."""

from __future__ import annotations

from pathlib import Path

import pytest
from defusedxml.ElementTree import parse

from bioimagehub.catalogs.archives import phenoimageshare
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import NotOfferedError, RecordNotFoundError
from bioimagehub.catalogs.tables import read_table

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "phenoimageshare"


def test_the_whole_way_ends_where_the_content_went(server, client):
    record = phenoimageshare.fetch_record("phenoimageshare", client)
    assert record.access.kind == "none"
    assert "International Mouse Phenotyping Consortium (archive 'impc' here)" in record.access.how
    assert "EMAGE" in record.access.how
    assert record.url is None
    assert Catalog([record])["phenoimageshare:phenoimageshare"] == record
    assert "10.1186/s13326-016-0072-2" in record.cite()
    for refused in (
        lambda: phenoimageshare.search("Pax6", client),
        lambda: phenoimageshare.list_files("phenoimageshare", client),
        lambda: phenoimageshare.resolve("phenoimageshare", "a.jpg", client),
    ):
        with pytest.raises(NotOfferedError, match="No longer there: its last trace is of 2016"):
            refused()
    assert server.requests == []


def test_a_harvest_is_its_one_record(client, tmp_path):
    harvest_archive("phenoimageshare", tmp_path, client)
    (fields,) = read_table(tmp_path / "phenoimageshare.parquet")
    assert fields["access"]["kind"] == "none"


def test_other_accessions_are_told(client):
    with pytest.raises(RecordNotFoundError, match="look like phenoimageshare"):
        phenoimageshare.fetch_record("EMAGE:2130", client)


@pytest.mark.parametrize("file", sorted(RECORDED.rglob("exampleEmageExport.xml")), ids=lambda file: file.name)
def test_its_recorded_export_points_to_the_archive_that_is_named_instead(file):
    urls = [element.text for element in parse(file).iter("image_url")]
    assert urls
    assert all("emouseatlas.org" in url for url in urls)
    assert "emouseatlas.org" in phenoimageshare.ARCHIVE.instead
