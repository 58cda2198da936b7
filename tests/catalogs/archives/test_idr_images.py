"""Images of IDR: lists of OME-Zarr, annotations, the search by what images tell."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import idr, idr_images, idr_study, omero
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import ArchiveAnswerError, CatalogError
from servers.archives import Answer
from servers.damage import damaged, damaged_text
from servers.idr import CHALLENGE, IDR, LISTS, PAIRS_2, RAW, RECORDED, SAMPLES, SEARCH, TABLE_2, image, play


def test_a_search_finds_what_images_are_annotated_with(server, client):
    play(server)
    answer = {"results": {"results": [{"id": 404, "name": "idr0041-cai-mitoticatlas/experimentA", "image count": 3}]}}
    server.add(f"{SEARCH}/searchbyvalue/?value=CDC20&return_containers=true", json=answer)
    assert [record.identifier for record in idr.search("CDC20", client)] == ["idr:idr0041"]


def test_images_are_searched_with_bookmarks(server, client):
    pages = {None: [image(1), image(2)], "2": [image(3)]}

    def answer(request):
        rows = pages[request.query.get("bookmark")]
        results = {"results": rows, "size": 3, "total_pages": 2, "bookmark": [rows[-1]["id"]]}
        return Answer(200, json.dumps({"results": results}).encode())

    server.add(f"{SEARCH}/search/?key=Gene+Symbol&value=CDC20&data_source=idr", answer=answer)
    records = list(idr.search_images("Gene Symbol", "CDC20", client))
    assert [record.identifier for record in records] == ["idr:idr0002/1", "idr:idr0002/2", "idr:idr0002/3"]
    assert records[0].part_of == "idr:idr0002"
    assert [each.id for each in records[0].genes] == ["ENSEMBL:ENSG00000117399"]
    assert not any("mapr" in request.url for request in server.requests)


def test_images_that_do_not_add_up_are_refused(server, client):
    server.add(f"{SEARCH}/search/", json={"results": {"results": [image(1)], "size": 3, "bookmark": None}})
    with pytest.raises(ArchiveAnswerError, match=r"gave 1 images .* declares 3"):
        list(idr.search_images("Gene Symbol", "CDC20", client))


def test_an_image_tells_its_genes_phenotypes_and_compounds(server, client):
    pairs = [
        ["Gene Identifier", "ENSG00000117399"],
        ["Gene Symbol", "CDC20"],
        ["Compound Name", "nocodazole"],
        ["Compound PubChem URL", "https://pubchem.ncbi.nlm.nih.gov/compound/4122"],
        ["Phenotype", "shorter prophase"],
        ["Phenotype Term Name", "decreased duration of mitotic prophase phenotype"],
        ["Phenotype Term Accession", "CMPO_0000329"],
    ]
    annotation = {"ns": "openmicroscopy.org/omero/bulk_annotations", "values": pairs}
    server.add(f"{IDR}/webclient/api/annotations/?type=map&image=179706", json={"annotations": [annotation]})
    terms = idr.fetch_terms("image", 179706, client)
    assert {name: [each.id for each in found] for name, found in terms.items()} == {
        "genes": ["ENSEMBL:ENSG00000117399"],
        "phenotypes": ["CMPO:0000329"],
        "compounds": ["PUBCHEM:4122"],
        "anatomy": [],
    }


def test_images_that_can_be_opened_are_listed(server, client):
    play(server)
    server.add(f"{RAW}/IDR/ome-ngff-samples/main/_data/table.csv", body=SAMPLES.encode())
    server.add(f"{RAW}/ome/ome2024-ngff-challenge/main/samples/idr0062_samples.csv", body=CHALLENGE.encode())
    old, new, plate = idr.list_images("idr0062", client)
    assert (old.identifier, old.driver, old.format_version) == ("idr:idr0062/6001240", "ome_zarr", "0.4")
    assert (old.axes, old.shape) == (("c", "z", "y", "x"), (2, 236, 275, 271))
    assert old.labels == ("0",)
    assert old.url == "https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr"
    # The same image in another version has a name of its own, and its own licence.
    assert new.identifier.startswith("idr:idr0062/6001240-")
    assert len(new.identifier) == len("idr:idr0062/6001240-") + 6
    assert new.licence == "CC-BY-NC-SA-3.0"
    assert plate.identifier == "idr:idr0062/P-170"
    assert plate.url.endswith("/P%20170.ome.zarr")
    assert (plate.wells, plate.size, plate.chunks) == (90, 417816396, (1, 1, 510, 672))
    assert [(each.name, each.taxon) for each in plate.organisms] == [("Mus musculus", 10090)]
    assert plate.part_of == "idr:idr0062"
    assert plate.driver == "ome_zarr"


def test_images_without_a_list_of_the_challenge_are_listed_all_the_same(server, client):
    play(server)
    server.add(f"{RAW}/IDR/ome-ngff-samples/main/_data/table.csv", body=SAMPLES.encode())
    assert len(idr.list_images("idr0062", client)) == 2


def test_old_versions_have_five_axes(report):
    (record,) = idr_images.parse_samples(SAMPLES, report, accession="idr0002")
    assert (record.axes, record.shape) == (("t", "c", "z", "y", "x"), (329, 2, 1, 1024, 1344))
    assert (record.driver, report.defects) == ("ome_zarr", [])


def test_containers_and_plates(report):
    (container,) = idr_images.parse_samples(SAMPLES, report, accession="idr0033")
    assert container.url.endswith("BR00109990_C2.zarr/0")
    (plate,) = idr_images.parse_samples(SAMPLES, report, accession="idr0072")
    assert (plate.wells, plate.fields, plate.driver) == (72, 20, "ome_zarr")
    assert plate.url.endswith("/9512.zarr")
    (slashed,) = idr_images.parse_samples(SAMPLES, report, accession="idr0048")
    assert slashed.identifier == "idr:idr0048/9846151"
    assert slashed.url.endswith("/9846151.zarr/0")


def test_a_list_without_headings(report):
    line = "https://livingobjects.ebi.ac.uk/idr/share/ome2024-ngff-challenge/idr0013/LT0113_01.ome.zarr\n"
    (record,) = idr_images.parse_challenge(line, "idr0013", report)
    assert record.identifier == "idr:idr0013/LT0113_01"
    assert record.keywords == ("MitoCheck",)
    assert record.driver == "ome_zarr"
    (series,) = idr_images.parse_challenge(line.replace("idr0013", "idr0051"), "idr0051", report)
    assert series.url.endswith("/LT0113_01.ome.zarr/0")


@pytest.mark.parametrize("file", sorted(RECORDED.glob("studies/*/*/*-annotation.csv")), ids=lambda file: file.name)
def test_recorded_annotation_tables(file):
    terms = idr_study.parse_table(file.read_text())
    named = {"idr0002": 102, "idr0018": 10, "idr0021": 9, "idr0052": 5, "idr0062": 1}
    count = named.get(file.name[:7])
    assert count is None or len(terms["genes"]) == count
    assert count is None or all(gene.id and gene.id.startswith("ENSEMBL:ENS") for gene in terms["genes"])


@pytest.mark.parametrize("file", sorted(RECORDED.glob("ome-ngff-samples/table.csv")), ids=lambda file: file.name)
def test_the_recorded_table_of_samples(file, report):
    records = idr_images.parse_samples(file.read_text(), report)
    assert len(records) == 101
    assert not report.losses
    assert all(record.shape for record in records)
    assert report.defects == []


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_recorded_lists_of_the_challenge(file, report):
    records = idr_images.parse_challenge(file.read_text(), file.name[:7], report)
    urls = {line.split(",")[0] for line in file.read_text().splitlines() if line.startswith("http")}
    assert len(records) == len(urls)
    assert not report.losses
    assert {record.driver for record in records} == {"ome_zarr"}


@given(text=damaged_text(TABLE_2))
def test_a_damaged_annotation_table_is_read_or_told(text):
    with suppress(CatalogError):
        idr_study.parse_table(text)


@given(text=damaged_text(SAMPLES))
def test_a_damaged_table_of_samples_is_read_or_told(text):
    with suppress(CatalogError):
        idr_images.parse_samples(text, Report(quiet=True))


@given(document=damaged(PAIRS_2))
def test_damaged_annotations_are_a_record_or_told(document):
    with suppress(CatalogError):
        for _, pairs in omero.parse_pairs(document):
            idr_study.parse_info("idr0002", "idr0002-heriche-condensation", pairs, Report(quiet=True))
