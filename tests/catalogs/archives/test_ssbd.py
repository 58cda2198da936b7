"""SSBD, played in the shape of its interfaces; identifiers, licences and sizes are those of openssbd/gide-ro-crate."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import ssbd
from bioimagehub.catalogs.archives.client import Client
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveUnreachableError,
    CatalogError,
    NotOfferedError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.hosts import Hosts, Rule
from servers.archives import Answer
from servers.damage import damaged, damaged_text
from servers.forged import ForgedServer

RECORDED = Path(__file__).parents[3].parent / "shared" / "data" / "archives"
HOME = "https://ssbd.riken.jp"
OMERO = f"{HOME}/omero/api/v0/m/projects/"
DATA = "http://ssbd.qbic.riken.jp/SSBD/api/v3/data/"
CRATES = "https://raw.githubusercontent.com/openssbd/gide-ro-crate/HEAD/project-ro-crate"
ZIP = "https://codeload.github.com/openssbd/gide-ro-crate/zip/HEAD"
LIST = "https://raw.githubusercontent.com/ome/ome2024-ngff-challenge/main/samples/ssbd_samples.csv"
ZARR = "https://dmss3gw.riken.jp/ssbd/zarr/v0.5/2a942ef9-fb53-4cf4-b142-6c02791acb86.zarr"
STUDY = "163-Wang-MitochondrialDyn"
BDML = "800faa21-c28c-4b72-bd12-d41f2eed02e8"
IMAGES = f"""\
url,written,shape,shards,chunks,dimension_names,license,name,description,organismId,fbbiId
{ZARR},167121046,"361,1,1,256,1024","361,1,1,256,1024","1,1,1,256,1024","t,c,z,y,x",\
https://creativecommons.org/licenses/by/4.0/,{STUDY}/Fig5AC_Mitochondrial_MitoPB,told,NCBI:txid9606,obo:FBbi_00000334

https://dmss3gw.riken.jp/ssbd/zarr/v0.5/0620364b-b91a-44b6-a290-24fd84d38264.zarr,55844661,"1,3,1,9180,13264",\
"1,3,1,9180,13264","1,1,1,2295,3316","t,c,z,y,x",https://creativecommons.org/licenses/by-nc/4.0/,\
199-Ichimura-MulticellularDyn/Fig2_BrainSliceRGB,told,NCBI:txid10090,obo:FBbi_00000246
"""
OBJECT = {
    "bdmlID": BDML,
    "localID": "wt-N2-081015-01",
    "description": "Nuclear division dynamics in a C. elegans embryo",
    "organism": "C. elegans",
    "license": "CC BY 4.0",
    "dblink": "http://www.ncbi.nlm.nih.gov/pubmed/16477039",
    "datatype": "nuclear division dynamics",
    "basedon": "Experiment",
    "gene": "lin-5",
    "orf": None,
    "release": "1.0",
    "E_mail": "somebody@example.org",
}


def crate(name, title, licence="by/4.0", released="2021-03-31", half="v2/project"):
    home = f"{HOME}/{half}/{name}"
    taxon = "http://purl.obolibrary.org/obo/NCBITaxon_9606"
    method = "http://purl.obolibrary.org/obo/FBbi_00000334"
    return {
        "@context": ["https://w3id.org/ro/crate/1.2/context"],
        "@graph": [
            {"@id": f"{name}-ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": home}},
            {
                "@id": home,
                "@type": "Dataset",
                "identifier": name,
                "name": title,
                "datePublished": released,
                "license": f"https://creativecommons.org/licenses/{licence}/",
                "publisher": {"@id": f"{HOME}/database"},
                "author": [{"@id": "#auth-001"}],
                "seeAlso": [{"@id": "https://doi.org/10.1073/pnas.1905924116"}],
                "about": [{"@id": taxon}],
                "measurementMethod": [{"@id": method}],
                "thumbnailUrl": [f"{HOME}/ssbd-omero/v1/projects/1051/render_thumbnail/"],
                "size": [{"@id": "#total"}, {"@id": "#files"}],
            },
            {"@id": f"{HOME}/database", "@type": "Organization", "name": "SSBD:database"},
            {"@id": "#auth-001", "@type": "Person", "name": "Chenguang Wang", "email": "somebody@example.org"},
            {
                "@id": "https://doi.org/10.1073/pnas.1905924116",
                "@type": "ScholarlyArticle",
                "name": "A photostable marker",
            },
            {"@id": taxon, "@type": "Taxon", "scientificName": "Homo sapiens"},
            {"@id": method, "@type": "DefinedTerm", "name": "stimulated emission depletion (STED)"},
            {"@id": "#total", "@type": "QuantitativeValue", "value": 167121046, "unitText": "bytes"},
            {"@id": "#files", "@type": "QuantitativeValue", "value": 12, "unitText": "file count"},
        ],
    }


def play_projects(server, projects, total=None):
    def answer(request):
        start, size = int(request.query["offset"]), int(request.query["limit"])
        rows = [{"@id": 1051 + place, "Name": name, "Description": told} for place, (name, told) in enumerate(projects)]
        page = {"data": rows[start : start + size], "meta": {"totalCount": len(rows) if total is None else total}}
        return Answer(200, json.dumps(page).encode())

    server.add(OMERO, answer=answer)


def play_data(server, objects, total=None):
    def answer(request):
        start, size = int(request.query.get("offset", 0)), int(request.query["limit"])
        wanted = request.query.get("bdmlID")
        found = [each for each in objects if wanted in {None, each["bdmlID"]}]
        page = {"meta": {"total_count": len(found) if total is None else total}, "objects": found[start : start + size]}
        return Answer(200, json.dumps(page).encode())

    server.add(f"{DATA}?format=json", answer=answer)


def play(server):
    play_projects(server, [(STUDY, "STED imaging of mitochondrial dynamics"), ("a test", "mitochondrial")])
    play_data(server, [])
    server.add(f"{CRATES}/database/{STUDY}-ro-crate-metadata.json", json=crate(STUDY, "Mitochondrial dynamics"))
    server.add(LIST, body=IMAGES.encode())
    server.add(f"{ZARR}/zarr.json", json={"zarr_format": 3})


def test_the_whole_way(server, client):
    play(server)
    (found,) = ssbd.search("mitochondrial", client)
    record = ssbd.fetch_record(found.source_accession, client)
    (image,) = ssbd.list_images(STUDY, client)
    (file,) = ssbd.list_files(STUDY, client)
    url = ssbd.resolve(STUDY, file.path, client)
    assert found.identifier == record.identifier == image.part_of == f"ssbd:{STUDY}"
    assert url == f"{ZARR}/zarr.json"
    assert json.loads(client.get_bytes(url)) == {"zarr_format": 3}
    assert Catalog([record, image])[image.identifier] == image
    assert "Wang" in record.cite()
    assert "10.1073/pnas.1905924116" in record.cite("bibtex")


def test_a_study_is_read_from_its_crate(server, client):
    play(server)
    record = ssbd.fetch_record(STUDY, client)
    assert (record.title, record.licence) == ("Mitochondrial dynamics", "CC-BY-4.0")
    assert (record.size, record.files) == (167121046, 12)
    assert [each.taxon for each in record.organisms] == [9606]
    assert [each.id for each in record.methods] == ["FBbi:00000334"]
    assert "super-resolution microscopy" in record.technologies
    assert record.thumbnail == f"{HOME}/ssbd-omero/v1/projects/1051/render_thumbnail/"
    assert "example.org" not in record.model_dump_json()
    assert record.facts[0].source.startswith(f"{CRATES}/database/")


def test_both_halves_have_their_own_folder_and_licences(server, client):
    name = "ssbd-repos-000011"
    document = crate(name, "BDML files of neuronal nuclei", "by-nc-sa/4.0", half="repository")
    server.add(f"{CRATES}/repository/{name}-ro-crate-metadata.json", json=document)
    record = ssbd.fetch_record(name, client)
    assert record.licence == "CC-BY-NC-SA-4.0"
    assert record.source_url == f"{HOME}/repository/{name}"


def test_images_can_be_opened(server, client):
    play(server)
    (image,) = ssbd.list_images(STUDY, client)
    assert image.identifier == f"ssbd:{STUDY}/Fig5AC_Mitochondrial_MitoPB"
    assert (image.driver, image.url, image.format_version) == ("ome_zarr", ZARR, "0.5")
    assert (image.axes, image.shape) == (("t", "c", "z", "y", "x"), (361, 1, 1, 256, 1024))
    assert image.chunks == (1, 1, 1, 256, 1024)
    (other,) = ssbd.list_images("199-Ichimura-MulticellularDyn", client)
    assert other.licence == "CC-BY-NC-4.0"


def test_where_no_file_is_listed_the_page_is_named(server, client):
    play(server)
    with pytest.raises(
        NotOfferedError, match=r"Download them from its page, https://ssbd\.riken\.jp/database/project/1-Bao"
    ):
        list(ssbd.list_files("1-Bao-WormEmbryo", client))
    with pytest.raises(RecordNotFoundError, match="Give one of: Fig5AC_Mitochondrial_MitoPB"):
        ssbd.resolve(STUDY, "x.tif", client)


def test_quantitative_data_of_the_older_interface(server, client):
    play_projects(server, [])
    play_data(server, [OBJECT])
    (found,) = ssbd.search("nuclear division", client)
    record = ssbd.fetch_record(BDML, client)
    assert found.identifier == record.identifier == f"ssbd:{BDML}"
    assert [each.taxon for each in record.organisms] == [6239]
    assert [each.name for each in record.genes] == ["lin-5"]
    assert record.publications[0].pubmed == 16477039
    assert record.formats == ("bdml",)
    assert "example.org" not in record.model_dump_json()
    asked = [request.query for request in server.requests if "description__icontains" in request.query]
    assert asked[0]["description__icontains"] == "nuclear division"


def test_data_are_paged_to_the_declared_total(server, client):
    play_projects(server, [])
    objects = [OBJECT | {"bdmlID": f"800faa21-c28c-4b72-bd12-{number:012}"} for number in range(230)]
    play_data(server, objects)
    assert len(ssbd.search("nuclear", client, limit=1000)) == 230
    play_data(server, objects[:1], total=687)
    with pytest.raises(ArchiveAnswerError, match="The declared total is 687"):
        ssbd.search("nuclear", client, limit=1000)


def test_an_unknown_identifier_gives_an_empty_list_and_is_told(server, client):
    play_data(server, [])
    with pytest.raises(RecordNotFoundError, match="no quantitative data"):
        ssbd.fetch_record(BDML, client)
    server.add(f"{DATA}?format=json", json={"error": "no"})
    with pytest.raises(ArchiveAnswerError, match=r"without meta\.total_count"):
        ssbd.fetch_record(BDML, client)


def test_a_certificate_that_cannot_be_checked_is_told_and_the_rest_is_asked(server, tmp_path, caplog):
    play_data(server, [OBJECT])
    with ForgedServer(tmp_path) as forged:
        rules = (
            Rule(f"{HOME}/", (forged.url,)),
            Rule("http://ssbd.qbic.riken.jp/", (f"{server.url}ssbd.qbic.riken.jp/",)),
        )
        with Client(hosts=Hosts(rules), rate=1000.0, timeout=2.0, tries=2, pause=0.01) as client:
            records = ssbd.search("nuclear", client)
    assert [record.identifier for record in records] == [f"ssbd:{BDML}"]
    assert "certificate of its host cannot be checked" in caplog.text


def test_a_search_that_nobody_answers_fails(server, client):
    server.fail(OMERO, times=9, status=503)
    server.fail(DATA, times=9, status=503)
    with pytest.raises(ArchiveUnreachableError, match="omero"):
        ssbd.search("nuclear", client)


def test_what_is_not_there_is_told(server, client):
    with pytest.raises(RecordNotFoundError, match="publishes no crate of 999-Nobody-Nothing"):
        ssbd.fetch_record("999-Nobody-Nothing", client)
    with pytest.raises(RecordNotFoundError, match="look like 439-Takayama-dynamicsEGFR"):
        ssbd.fetch_record("../../x", client)
    server.add(f"{CRATES}/database/{STUDY}-ro-crate-metadata.json", json=["no crate"])
    with pytest.raises(ArchiveAnswerError, match="expected an RO-Crate"):
        ssbd.fetch_record(STUDY, client)


def play_dump(server, crates):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as dump:
        dump.writestr("gide-ro-crate-HEAD/README.md", "")
        for path, each in crates.items():
            text = each if isinstance(each, str) else json.dumps(each)
            dump.writestr(f"gide-ro-crate-HEAD/project-ro-crate/{path}-ro-crate-metadata.json", text)
    server.add(ZIP, body=content.getvalue())


def test_a_harvest_reads_both_halves_and_one_bad_crate_costs_no_other(server, client, report, monkeypatch):
    monkeypatch.setattr(ssbd, "_PAGE", 2)
    play_dump(
        server,
        {
            f"database/{STUDY}": crate(STUDY, "Mitochondrial dynamics"),
            "database/2-Bad-Crate": "{cut off",
            "repository/ssbd-repos-000011": crate("ssbd-repos-000011", "BDML files", released="2016-05-22"),
        },
    )
    pages = list(ssbd.harvest(client, report))
    assert [[record.identifier for record in page.records] for page in pages] == [
        [f"ssbd:{STUDY}"],
        ["ssbd:ssbd-repos-000011"],
    ]
    assert [(page.cursor, page.rows, page.total) for page in pages] == [(None, 2, 3), (None, 1, 3)]
    assert [loss.identifier for loss in report.losses] == ["ssbd:2-Bad-Crate"]
    later = list(ssbd.harvest(client, report, since=date(2020, 1, 1)))
    assert [len(page.records) for page in later] == [1, 0]


def test_a_dump_without_crates_is_refused(server, client, report):
    play_dump(server, {})
    with pytest.raises(ArchiveAnswerError, match="holds no crates"):
        list(ssbd.harvest(client, report))


CRATE_FILES = sorted(RECORDED.glob("ssbd/gide-ro-crate/*/*-ro-crate-metadata.json"))


@pytest.mark.parametrize("half", sorted({file.parent for file in CRATE_FILES}), ids=lambda half: half.name)
def test_recorded_crates(half, report):
    for file in sorted(half.glob("*.json")):
        record = ssbd.parse_crate(json.loads(file.read_text()), file.name, date(2026, 5, 14), report)
        assert record.identifier == f"ssbd:{file.name.removesuffix('-ro-crate-metadata.json')}"
        assert ssbd.ARCHIVE.check(record.source_accession)
        assert record.licence
        assert record.licence.startswith("CC-BY")


@pytest.mark.parametrize("file", sorted(RECORDED.glob("ome-zarr-lists/*/ssbd_samples.csv")), ids=lambda file: file.name)
def test_the_recorded_list_of_images(file, report):
    records = ssbd.parse_images(file.read_text(), report)
    assert len(records) == 11
    assert not report.losses
    assert {record.driver for record in records} == {"ome_zarr"}


@given(document=damaged(crate(STUDY, "Mitochondrial dynamics")))
def test_a_damaged_crate_is_a_record_or_told(document):
    with suppress(CatalogError):
        ssbd.parse_crate(document, "damaged", date(2026, 5, 14), Report(quiet=True))


@given(found=damaged(OBJECT))
def test_damaged_data_are_a_record_or_told(found):
    with suppress(CatalogError):
        ssbd.parse_data(found, Report(quiet=True))


@given(text=damaged_text(IMAGES))
def test_a_damaged_list_of_images_is_read_or_told(text):
    with suppress(CatalogError):
        ssbd.parse_images(text, Report(quiet=True))
