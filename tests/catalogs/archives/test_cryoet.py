"""The CryoET Data Portal, played as GraphQL and as a bucket; the facts are of datasets 10000 and 10003."""

from __future__ import annotations

import csv
import json
from contextlib import suppress
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given

from bioimagehub.catalogs.archives import cryoet
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveUnreachableError, CatalogError, RecordNotFoundError
from bioimagehub.catalogs.tables import read_table
from servers.archives import Answer
from servers.damage import damaged

API = "https://graphql.cryoetdataportal.czscience.com/graphql"
FILES = "https://files.cryoetdataportal.cziscience.com"
BUCKET = "https://cryoet-data-portal-public.s3.us-west-2.amazonaws.com"
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "cryoet-data-portal"
DATASET = {
    "id": 10000,
    "title": "S. pombe cells with defocus",
    "organismName": "Schizosaccharomyces pombe 972h-",
    "organismTaxid": 284812,
    "sampleType": "primary_cell_culture",
    "cellName": "vegetative cell (sensu Fungi)",
    "cellTypeId": "CL:0000521",
    "tissueName": "not_reported",
    "releaseDate": "2023-06-01T00:00:00+00:00",
    "lastModifiedDate": "2023-06-02T00:00:00+00:00",
    "datasetPublications": "doi:10.1101/2022.04.12.488077, doi:10.1038/s41592-022-01746-2",
    "relatedDatabaseEntries": "EMPIAR-10988, EMD-14412, EMD-14413, PDB-7ABC, EMD-x",
    "fileSize": 1.5e12,
    "authors": {
        "edges": [
            {"node": {"name": "Sara Goetz", "orcid": "0000-0002-9903-3667"}},
            {"node": {"name": "Dorothy W. C. Cheng", "orcid": None}},
        ]
    },
}
OTHER = {**DATASET, "id": 10003, "title": "70S ribosome with chloramphenicol", "relatedDatabaseEntries": None}
PATH = "TS_026/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_026.zarr"
TOMOGRAM = {
    "id": 17,
    "sizeX": 8,
    "sizeY": 6,
    "sizeZ": 4,
    "voxelSpacing": 13.48,
    "processing": "raw",
    "reconstructionMethod": "WBP",
    "httpsOmezarrDir": f"{FILES}/10000/{PATH}",
    "fileSizeOmezarr": 768.0,
    "httpsMrcFile": f"{FILES}/10000/TS_026.mrc",
    "releaseDate": "2023-06-01T00:00:00+00:00",
    "run": {"name": "TS_026"},
}


def portal(datasets=(), tomograms=(), declared=None):
    """Answer as the portal does: filter, order, cut to the page, and count."""

    def answer(request):
        asked = json.loads(request.body)
        variables = asked["variables"]
        rows = list(tomograms if "tomograms(" in asked["query"] else datasets)
        for field, condition in variables["where"].items():
            if "_eq" in condition:
                rows = [row for row in rows if row[field] == condition["_eq"]]
            if "_ilike" in condition:
                words = condition["_ilike"].strip("%").casefold()
                rows = [row for row in rows if words in (row.get(field) or "").casefold()]
            if "_gte" in condition:
                rows = [row for row in rows if row[field] >= condition["_gte"]]
        page = rows[variables["offset"] :][: variables["limit"]]
        count = len(rows) if declared is None else declared
        body = {"data": {"rows": page, "total": {"aggregate": [{"count": count}]}}}
        return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    return answer


@pytest.fixture
def volume(tmp_path):
    """An OME-Zarr of (4, 6, 8) voxels of 13.48 Å, as the portal keeps them."""
    folder = tmp_path / "TS_026.zarr"
    group = zarr.create_group(folder, zarr_format=2)
    values = np.arange(4 * 6 * 8, dtype=np.float32).reshape(4, 6, 8)
    group.create_array("0", data=values, chunks=(4, 6, 8))
    axes = [{"name": name, "type": "space", "unit": "angstrom"} for name in "zyx"]
    scale = [{"type": "scale", "scale": [13.48] * 3}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    return folder, values


def listing(*keys):
    objects = "".join(
        f"<Contents><Key>{key}</Key><ETag>&quot;e1&quot;</ETag><Size>10</Size></Contents>" for key in keys
    )
    return f"<ListBucketResult><KeyCount>{len(keys)}</KeyCount>{objects}</ListBucketResult>".encode()


def test_the_whole_way_to_pixels(server, client, volume):
    folder, values = volume
    server.add(API, answer=portal([DATASET, OTHER], [TOMOGRAM]))
    stored = sorted(file for file in folder.rglob("*") if file.is_file())
    keys = [f"10000/{PATH}/{file.relative_to(folder)}" for file in stored]
    server.add(f"{BUCKET}/?list-type=2&prefix=10000/", body=listing("10000/TS_026.mrc", *keys))
    server.add(f"{BUCKET}/?list-type=2&prefix=10000/{PATH}/&delimiter=/", body=listing(keys[0]))
    for key, file in zip(keys, stored, strict=True):
        server.add(f"{FILES}/{key}", body=file.read_bytes())

    (found,) = cryoet.search("pombe cells", client)
    record = cryoet.fetch_record(found.source_accession, client)
    files = list(cryoet.list_files("10000", client))
    url = cryoet.resolve("10000", PATH, client)
    (image,) = cryoet.list_images("10000", client)

    assert record == found
    assert [file.path for file in files] == ["TS_026.mrc", PATH]
    assert files[1].size == 10 * len(keys)
    assert files[1].url == url == image.url
    assert json.loads(client.get_bytes(f"{url}/.zattrs"))["multiscales"]
    # The reader of images opens the same bytes on loopback.
    here = image.model_copy(update={"url": url.replace("https://", server.url)})
    opened = here.open()
    np.testing.assert_array_equal(opened.values, values)
    assert opened.attrs.get("spacing") is None or opened.dims == ("z", "y", "x")
    assert float(opened.z[1] - opened.z[0]) == pytest.approx(13.48e-4)
    catalog = Catalog([record, image])
    assert catalog["cryoet:10000/TS_026-17"] == image
    assert "10.1038/s41592-022-01746-2" in record.cite() or "10.1101/2022.04.12.488077" in record.cite()


def test_a_dataset_becomes_a_record(server, client):
    server.add(API, answer=portal([DATASET]))
    record = cryoet.fetch_record("10000", client)
    assert record.related == ("empiar:EMPIAR-10988", "emdb:EMD-14412", "emdb:EMD-14413")
    assert [(each.name, each.taxon) for each in record.organisms] == [("Schizosaccharomyces pombe 972h-", 284812)]
    assert [(each.name, each.id) for each in record.anatomy] == [("vegetative cell (sensu Fungi)", "CL:0000521")]
    assert [each.doi for each in record.publications] == ["10.1101/2022.04.12.488077", "10.1038/s41592-022-01746-2"]
    assert record.authors[0].orcid == "0000-0002-9903-3667"
    assert record.licence == "CC0-1.0"
    assert record.technologies == ("cryo-electron tomography",)
    assert (record.released, record.size) == (date(2023, 6, 1), 1_500_000_000_000)
    assert "email" not in json.loads(server.requests[0].body)["query"]


def test_a_tomogram_has_its_shape_and_spacing_in_micrometres(server, client, report):
    server.add(API, answer=portal([DATASET], [TOMOGRAM]))
    (image,) = cryoet.list_images("10000", client)
    assert (image.axes, image.shape) == (("z", "y", "x"), (4, 6, 8))
    assert image.spacing == pytest.approx((13.48e-4,) * 3)
    assert (image.kind, image.part_of, image.driver) == ("image", "cryoet:10000", "ome_zarr")
    assert image.organisms[0].taxon == 284812


def test_a_tomogram_without_ome_zarr_or_size_is_kept_and_noted(server, client, report):
    bad = {**TOMOGRAM, "httpsOmezarrDir": None, "sizeZ": None, "run": None}
    server.add(API, answer=portal([DATASET], [bad]))
    (image,) = cryoet.list_images("10000", client, report)
    assert image.identifier == "cryoet:10000/tomogram-17"
    assert (image.driver, image.url, image.axes) == (None, None, ())
    assert "no OME-Zarr is named" in report.defects[-1].text


def test_errors_in_an_answer_of_200_are_told(server, client):
    answer = {"data": None, "errors": [{"message": "Cannot query field 'titel' on type 'Dataset'.\x1b[31m"}]}
    server.add(API, json=answer)
    with pytest.raises(ArchiveAnswerError, match="Cannot query field 'titel'") as told:
        cryoet.fetch_record("10000", client)
    assert "\x1b" not in str(told.value)
    server.add(API, json={"data": {}})
    with pytest.raises(ArchiveAnswerError, match="expected data"):
        cryoet.fetch_record("10000", client)


def test_an_empty_answer_is_no_dataset(server, client):
    server.add(API, answer=portal([]))
    with pytest.raises(RecordNotFoundError, match="no dataset 99999"):
        cryoet.fetch_record("99999", client)


def test_a_file_that_its_host_has_not_is_read_from_the_bucket(server, client):
    server.add(f"{BUCKET}/10000/TS_026.mrc", body=b"MAP ")
    url = cryoet.resolve("10000", "TS_026.mrc", client)
    assert url == f"{FILES}/10000/TS_026.mrc"
    assert client.get_bytes(url) == b"MAP "


def test_a_path_without_objects_is_told(server, client):
    server.add(f"{BUCKET}/?list-type=2", body=listing())
    with pytest.raises(RecordNotFoundError, match="has no image 'nothing"):
        cryoet.resolve("10000", "nothing.zarr", client)
    with pytest.raises(RecordNotFoundError, match="Nothing is at"):
        cryoet.resolve("10000", "nothing.mrc", client)


def test_an_empty_folder_of_no_dataset_is_told(server, client):
    server.add(f"{BUCKET}/?list-type=2", body=listing())
    server.add(API, answer=portal([]))
    with pytest.raises(RecordNotFoundError, match="has no dataset 99999"):
        list(cryoet.list_files("99999", client))


def test_a_path_out_of_a_dataset_is_refused(server, client):
    with pytest.raises(ArchiveAnswerError, match="expected a relative one"):
        cryoet.resolve("10000", "../10001/a.mrc", client)
    assert server.requests == []


@pytest.mark.parametrize("accession", ["1000", "10000/..", "cpg0000", ""])
def test_what_is_no_accession_is_never_asked(server, client, accession):
    with pytest.raises(RecordNotFoundError, match="look like 10000"):
        cryoet.fetch_record(accession, client)
    assert server.requests == []


def test_a_harvest_pages_to_the_declared_total(server, client, tmp_path):
    many = [{**DATASET, "id": 10000 + number} for number in range(250)]
    many[7] = {**many[7], "title": None}
    server.add(API, answer=portal(many))
    report = harvest_archive("cryoet", tmp_path, client)
    assert len(list(read_table(tmp_path / "cryoet.parquet"))) == 249
    assert [loss.identifier for loss in report.losses] == ["cryoet:10007"]
    assert [json.loads(request.body)["variables"]["offset"] for request in server.requests] == [0, 100, 200]


def test_a_harvest_goes_on_at_its_cursor_and_asks_for_what_is_new(server, client, report):
    many = [{**DATASET, "id": 10000 + number} for number in range(150)]
    server.add(API, answer=portal(many))
    assert [page.cursor for page in cryoet.harvest(client, report)] == ["100", None]
    (page,) = cryoet.harvest(client, report, cursor="100")
    assert len(page.records) == 50
    (page,) = cryoet.harvest(client, report, since=date(2024, 1, 1))
    assert page.records == ()


def test_rows_that_do_not_fit_the_count_are_told(server, client, report):
    server.add(API, answer=portal([DATASET], declared=370))
    with pytest.raises(ArchiveAnswerError, match="The declared total is 370"):
        list(cryoet.harvest(client, report))
    server.add(API, answer=portal([DATASET], [TOMOGRAM], declared=2))
    with pytest.raises(ArchiveAnswerError, match="tomograms of cryoet:10000"):
        list(cryoet.list_images("10000", client))


def test_signs_of_patterns_are_taken_for_text(server, client):
    server.add(API, answer=portal([DATASET]))
    assert cryoet.search("100%_\\", client) == []
    assert json.loads(server.requests[0].body)["variables"]["where"] == {"title": {"_ilike": "%100\\%\\_\\\\%"}}


def test_trouble_is_waited_out_and_then_told(server, client):
    server.add(API, answer=portal([DATASET]))
    server.fail(API, times=1, status=429, headers={"Retry-After": "0"})
    server.cut(API, after=20)
    assert cryoet.fetch_record("10000", client).name == "10000"
    server.fail(API, times=9, status=502)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        cryoet.fetch_record("10000", client)


@given(dataset=damaged(DATASET), tomogram=damaged(TOMOGRAM))
def test_damaged_documents_are_records_or_told(dataset, tomogram):
    report = Report(quiet=True)
    with suppress(CatalogError):
        cryoet.parse_record(dataset, report)
    with suppress(CatalogError):
        cryoet.parse_image(tomogram, cryoet.parse_record(DATASET, report), report)
    with suppress(CatalogError):
        cryoet.parse_rows({"data": {"rows": dataset, "total": tomogram}})


@pytest.mark.parametrize("file", sorted(RECORDED.glob("datasets.csv")), ids=lambda file: file.name)
def test_recorded_datasets_make_records(file, report):
    names = {
        "dataset_id": "id",
        "title": "title",
        "organism": "organismName",
        "taxonomy_id": "organismTaxid",
        "related_database_entries": "relatedDatabaseEntries",
        "publications": "datasetPublications",
    }
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [{names[key]: value for key, value in row.items() if key in names} for row in csv.DictReader(lines)]
    records = [cryoet.parse_record(row, report) for row in rows]
    assert len({record.identifier for record in records}) == 370
    yeast = [r for r in records if any(o.taxon in {4932, 559292, 4896, 284812} for o in r.organisms)]
    assert any(record.name == "10000" for record in yeast)
    assert sum(bool(record.related) for record in records) == 59
