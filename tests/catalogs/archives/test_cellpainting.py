"""The Cell Painting Gallery, played from rows of its README and listings of its bucket; the facts are those of both."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import cellpainting
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveUnreachableError, CatalogError, RecordNotFoundError
from bioimagehub.catalogs.tables import read_table
from servers.damage import damaged_text

BUCKET = "https://cellpainting-gallery.s3.amazonaws.com"
TABLE = "https://raw.githubusercontent.com/broadinstitute/cellpainting-gallery/main/README.md"
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "cellpainting-gallery"
HEAD = """# Cell Painting Gallery

| Key | Value |
| -- | -- |
| cpg9999 | not a dataset |

| Dataset name | Description | Publication to cite | Associated repositories | Total size | Images size | Numerical data size | Cell Painting protocol | Other aliases |
| -- | -- | -- | -- | :--: | :--: | :--: | :--: | :--: |
"""  # noqa: E501
PILOT = (
    "| cpg0000-jump-pilot | 300+ compounds profiled in A549 and U2OS cells | (Chandrasekaran et al., 2024) "
    "[Publication](https://doi.org/10.1038/s41592-024-02241-6), [Preprint](https://doi.org/10.1101/2022.01.05.475090) "
    "| [data](https://github.com/jump-cellpainting/x) | 12.3 TB | 6.1 TB | 6.1 TB | v2.5 | |\n"
)
ROSETTA = (
    "| cpg0003-rosetta | profiled in [L1000](https://doi.org/10.1016%2Fj.cell.2017.10.049) | (Haghighi et al., 2022) "
    "[Publication](https://doi.org/10.1038/s41592-022-01667-0) | | 8.5 GB | 0 | 8.5 GB | | |\n"
)
HETEROGENEITY = (
    "| cpg0015-heterogeneity | 2,200+ compounds in U2OS cells | (Rohban et al., 2019) "
    "[Publication](https://doi.org/10.1038/s41467-019-10154-8) | | 204 GB | 0 | 204 GB | | "
    "[idr0016](https://bbbc.broadinstitute.org/BBBC036), [idr0036](https://idr.openmicroscopy.org/?show=1952) |\n"
)
MIRNA = "| cpg0046-microrna | miRNA mimics | [Preprint](https://doi.org/10.1101/2025.11.14.687149) | | ~10 TB | ~10 TB | huge | v2 | |\n"  # noqa: E501
FOLDERS = ("cpg0000-jump-pilot", "cpg0003-rosetta", "cpg0015-heterogeneity", "cpg0033-oasis-pilot", "cpg0046-microrna")


def listing(folders=(), keys=(), token=None):
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    parts = [f"<CommonPrefixes><Prefix>{folder}/</Prefix></CommonPrefixes>" for folder in folders]
    parts += [f"<Contents><Key>{key}</Key><ETag>&quot;e1&quot;</ETag><Size>4</Size></Contents>" for key in keys]
    return f"<ListBucketResult><KeyCount>{len(parts)}</KeyCount>{''.join(parts)}{more}</ListBucketResult>".encode()


@pytest.fixture
def gallery(server):
    server.add(TABLE, body=(HEAD + PILOT + ROSETTA + HETEROGENEITY + MIRNA).encode())
    server.add(f"{BUCKET}/?list-type=2&prefix=&delimiter=/", body=listing([*FOLDERS[:2], "docs"], token="more"))
    server.add(f"{BUCKET}/?prefix=&delimiter=/&continuation-token=more", body=listing(FOLDERS[2:]))
    return server


def test_the_whole_way(gallery, client):
    key = "cpg0000-jump-pilot/source_4/images/2020_11_04_CPJUMP1/images/BR00116991/Images/r01c01f01p01-ch1.tiff"
    gallery.add(f"{BUCKET}/?list-type=2&prefix=cpg0000-jump-pilot/", body=listing(keys=[key], token="b"))
    gallery.add(f"{BUCKET}/?prefix=cpg0000-jump-pilot/&continuation-token=b", body=listing(keys=[f"{key}.json"]))
    gallery.add(f"{BUCKET}/{key}", body=b"II*\x00")

    (found,) = cellpainting.search("a549 compounds", client)
    record = cellpainting.fetch_record("cpg0000", client)
    files = list(cellpainting.list_files("cpg0000", client))
    url = cellpainting.resolve("cpg0000", files[0].path, client)

    assert record == found
    assert len(files) == 2
    assert files[0].url == url
    assert client.get_bytes(url) == b"II*\x00"
    assert Catalog([record])["cellpainting:cpg0000"] == record
    assert "10.1038/s41592-024-02241-6" in record.cite()
    assert "cpg0000" in record.cite("bibtex")


def test_a_row_becomes_a_record(gallery, client):
    record = cellpainting.fetch_record("cpg0000", client)
    assert record.size == 12_300_000_000_000
    assert record.licence == "CC0-1.0"
    assert [each.doi for each in record.publications] == [
        "10.1038/s41592-024-02241-6",
        "10.1101/2022.01.05.475090",
        "10.1038/s41592-024-02399-z",
    ]
    assert record.publications[0].year == 2024
    assert [each.taxon for each in record.organisms] == [9606]
    assert [each.name for each in record.anatomy] == ["A549", "U2OS"]
    assert record.technologies == ("fluorescence microscopy",)
    assert record.data_types == ("systematic phenotyping",)
    assert record.formats == ("tiff",)


def test_profiles_without_images_say_so(gallery, client):
    record = cellpainting.fetch_record("cpg0003", client)
    assert record.access.kind == "none"
    assert "no images" in record.access.how
    assert record.formats == ()


def test_other_names_become_related_records_and_a_wrong_link_is_noted(report):
    (row,) = cellpainting.parse_table(HEAD + HETEROGENEITY)
    record = cellpainting.parse_record(row, report)
    assert record.related == ("idr:idr0016", "idr:idr0036")
    assert "idr0016 links to https://bbbc.broadinstitute.org/BBBC036" in report.defects[0].text


def test_a_size_that_is_none_is_noted(report):
    (row,) = cellpainting.parse_table(HEAD + MIRNA.replace("| ~10 TB | ~10 TB", "| plenty | ~10 TB"))
    assert cellpainting.parse_record(row, report).size is None
    assert "'plenty' is not a size" in report.defects[0].text


def test_a_folder_without_row_is_a_record_by_its_name(gallery, client):
    record = cellpainting.fetch_record("cpg0033", client)
    assert record.title == "Cell Painting: oasis pilot (cpg0033-oasis-pilot)"
    assert record.size is None


def test_a_harvest_unites_table_and_bucket(gallery, client, tmp_path):
    report = harvest_archive("cellpainting", tmp_path, client)
    found = sorted(fields["identifier"] for fields in read_table(tmp_path / "cellpainting.parquet"))
    assert found == [f"cellpainting:cpg00{number}" for number in ("00", "03", "15", "33", "46")]
    assert report.losses == []


def test_since_leaves_nothing_out_as_nothing_is_dated(gallery, client, report):
    (page,) = cellpainting.harvest(client, report, since=date(2026, 1, 1))
    assert (len(page.records), page.total, page.cursor) == (5, 5, None)


def test_unknown_datasets_are_told(gallery, client):
    with pytest.raises(RecordNotFoundError, match="no folder cpg0099"):
        cellpainting.fetch_record("cpg0099", client)
    with pytest.raises(RecordNotFoundError, match="Check the accession"):
        cellpainting.resolve("cpg0000", "nothing.tiff", client)
    with pytest.raises(ArchiveAnswerError, match="expected a relative one"):
        cellpainting.resolve("cpg0000", "../cpg0001-x/a.tiff", client)
    with pytest.raises(RecordNotFoundError, match="look like cpg0000"):
        cellpainting.fetch_record("cpg0000-jump-pilot", client)


def test_a_readme_without_table_is_told(server, client):
    server.add(TABLE, body=b"# Moved\n\n| Dataset name |\n| -- |\n")
    with pytest.raises(ArchiveAnswerError, match="expected a column 'Dataset name'"):
        cellpainting.search("U2OS", client)


def test_trouble_is_waited_out_and_then_told(gallery, client):
    gallery.fail(TABLE, times=2, status=429, headers={"Retry-After": "0"})
    assert cellpainting.fetch_record("cpg0000", client).source_accession == "cpg0000-jump-pilot"
    gallery.fail(TABLE, times=9, status=500)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        cellpainting.fetch_record("cpg0000", client)


def test_one_bad_row_costs_no_other(server, client, tmp_path):
    bad = PILOT.replace("cpg0000-jump-pilot", "cpg0001-" + "x" * 3000)
    server.add(TABLE, body=(HEAD + bad + PILOT.replace("12.3 TB", "\x1b[31m<script>")).encode())
    server.add(f"{BUCKET}/?list-type=2", body=listing(["cpg0000-jump-pilot"]))
    report = harvest_archive("cellpainting", tmp_path, client)
    assert [fields["identifier"] for fields in read_table(tmp_path / "cellpainting.parquet")] == [
        "cellpainting:cpg0000"
    ]
    assert [loss.identifier for loss in report.losses] == ["cellpainting:cpg0001"]
    assert "\x1b" not in report.summary()


@given(text=damaged_text(HEAD + PILOT + HETEROGENEITY))
def test_a_damaged_table_is_records_or_told(text):
    with suppress(CatalogError):
        for row in cellpainting.parse_table(text):
            cellpainting.parse_record(row, Report(quiet=True))


@pytest.mark.parametrize("file", sorted(RECORDED.glob("gallery-docs/README.md")), ids=lambda file: file.name)
def test_the_recorded_table_makes_records(file, report):
    rows = cellpainting.parse_table(file.read_text())
    records = {record.name: record for record in (cellpainting.parse_record(row, report) for row in rows)}
    assert len(records) == 26
    assert records["cpg0012"].related == ("idr:idr0016", "bbbc:BBBC036", "bbbc:BBBC047")
    assert records["cpg0016"].size == 358_400_000_000_000
    assert records["cpg0019"].publications[0].doi == "10.1038/s41467-024-45999-1"
    assert [name for name, r in records.items() if r.access.kind == "none"] == ["cpg0003", "cpg0015", "cpg0034"]
    assert [defect.identifier for defect in report.defects] == ["cellpainting:cpg0015"]
