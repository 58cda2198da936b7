"""The Human Cell Atlas, played as Azul; the first project is that of doi:10.1016/j.celrep.2020.107628."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from urllib.parse import urlencode

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import hca
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import (
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

API = "https://service.azul.data.humancellatlas.org"
MELANOMA = "8c3c290d-dfff-4553-8868-54ce45f4ba7f"
SPATIAL = "00000000-0000-4000-8000-00000000000a"
PROJECT = {
    "entryId": MELANOMA,
    "projects": [
        {
            "projectId": MELANOMA,
            "projectTitle": "Melanoma infiltration of stromal and immune cells",
            "projectShortname": "Mouse Melanoma",
            "laboratory": ["Human Cell Atlas Data Coordination Platform"],
            "contributors": [
                {"contactName": "Mirjana,,Efremova", "email": "someone@example.org", "institution": "Sanger"},
                {"contactName": None, "email": "other@example.org"},
            ],
            "publications": [
                {
                    "publicationTitle": "Single-Cell RNA Sequencing Reveals a Dynamic Stromal Niche",
                    "doi": "10.1016/j.celrep.2020.107628",
                }
            ],
            "accessible": True,
        }
    ],
    "samples": [{"organ": ["lymph node", "tumor"], "effectiveOrgan": ["lymph node"]}],
    "donorOrganisms": [{"genusSpecies": ["Mus musculus"]}],
    "protocols": [{"assayType": []}, {}],
    "dates": [{"submissionDate": "2019-05-15T16:13:42.000000Z", "lastModifiedDate": "2022-01-05T11:00:00.000000Z"}],
    "fileTypeSummaries": [
        {"format": "fastq.gz", "count": 182, "totalSize": 8206104986.0},
        {"format": "loom", "count": 2, "totalSize": 100.0},
    ],
}
IMAGED = {
    **PROJECT,
    "entryId": SPATIAL,
    "projects": [
        {**PROJECT["projects"][0], "projectId": SPATIAL, "projectTitle": "Spatial transcriptomics with images"}
    ],
    "fileTypeSummaries": [{"format": "tif", "count": 3, "totalSize": 300.0}, {"format": "h5ad", "count": 1}],
}
FILE = {"name": "section1.ome.tiff", "format": "tiff", "size": 100, "sha256": "A" * 64, "uuid": "u-1", "version": "v1"}


def azul(hits, url, size=100, total=None):
    """Answer as Azul does: the address of the next page holds what is sorted behind the last hit."""

    def answer(request):
        filters = json.loads(request.query.get("filters", "{}"))
        wanted = filters.get("projectId", {}).get("is")
        found = [hit for hit in hits if wanted is None or hit["entryId"] in wanted]
        start = int(request.query.get("search_after", 0))
        page, rest = found[start : start + size], found[start + size :]
        following = f"{url}?{urlencode({**request.query, 'search_after': start + size})}" if rest else None
        count = len(found) if total is None else total
        pagination = {"count": len(page), "total": count, "size": size, "next": following, "previous": None}
        body = {"hits": page, "pagination": pagination, "termFacets": {}}
        return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    return answer


def file_hit(project, **fields):
    url = f"{API}/repository/files/{fields.get('uuid', 'u-1')}?catalog=dcp60&version=v1"
    return {"entryId": project, "files": [{**FILE, "url": url, **fields}]}


@pytest.fixture
def atlas(server):
    server.add(f"{API}/index/catalogs", json={"default_catalog": "dcp60", "catalogs": {"dcp60": {}, "dcp59": {}}})
    projects = f"{API}/index/projects"
    server.add(f"{projects}?catalog=dcp60", answer=azul([PROJECT, IMAGED], projects, size=1))
    server.add(f"{projects}/{MELANOMA}?catalog=dcp60", json=PROJECT)
    server.add(f"{projects}/{SPATIAL}?catalog=dcp60", json=IMAGED)
    files = f"{API}/index/files"
    hits = [file_hit(SPATIAL), file_hit(SPATIAL, name="counts.h5ad", uuid="u-2"), file_hit(MELANOMA, name="a.fastq.gz")]
    server.add(f"{files}?catalog=dcp60", answer=azul(hits, files, size=1))
    return server


def play_file(atlas, polls):
    """Let a file be ready after so many polls."""
    fetch = f"{API}/fetch/repository/files/u-1"
    signed = "https://storage.googleapis.com/hca/section1.ome.tiff"
    for number in range(polls):
        wait = {"Status": 301, "Location": f"{fetch}?catalog=dcp60&requestIndex={number + 1}", "Retry-After": 0}
        atlas.add(f"{fetch}?requestIndex={number}" if number else fetch, json=wait)
    atlas.add(f"{fetch}?requestIndex={polls}" if polls else fetch, json={"Status": 302, "Location": signed})
    atlas.add(signed, body=b"II*\x00")
    return signed


def test_the_whole_way_to_an_image(atlas, client):
    signed = play_file(atlas, 2)
    (found,) = hca.search("spatial images", client)
    record = hca.fetch_record(found.source_accession, client)
    files = list(hca.list_files(SPATIAL, client))
    url = hca.resolve(SPATIAL, "section1.ome.tiff", client)

    assert record == found
    assert record.access.kind == "open"
    assert (record.images, record.files, record.formats) == (3, 4, ("tiff", "h5ad"))
    assert next((file.path, file.size, file.checksum) for file in files) == (
        "section1.ome.tiff",
        100,
        "sha256:" + "a" * 64,
    )
    assert url == signed
    assert client.get_bytes(url) == b"II*\x00"
    assert Catalog([record])[f"hca:{SPATIAL}"] == record
    assert "10.1016/j.celrep.2020.107628" in record.cite()


def test_a_project_without_images_says_so_and_where_to_look(atlas, client):
    record = hca.fetch_record(MELANOMA, client)
    assert record.access.kind == "none"
    assert "no images" in record.access.how
    assert "archive 'bia'" in record.access.how
    assert record.images == 0
    (file,) = hca.list_files(MELANOMA, client)
    with pytest.raises(NotOfferedError, match="is no image") as refused:
        hca.resolve(MELANOMA, file.path, client)
    assert file.url in str(refused.value)


def test_a_project_becomes_a_record_without_addresses(atlas, client):
    record = hca.fetch_record(MELANOMA, client)
    assert [(author.given, author.family) for author in record.authors] == [("Mirjana", "Efremova")]
    assert record.publications[0].doi == "10.1016/j.celrep.2020.107628"
    assert record.organisms[0].taxon == 10090
    assert [term.name for term in record.anatomy] == ["lymph node", "tumor"]
    assert (record.released, record.modified) == (date(2019, 5, 15), date(2022, 1, 5))
    assert record.size == 8_206_105_086
    assert record.licence is None
    assert "example.org" not in record.model_dump_json()


def test_managed_access_is_told(report):
    closed = {**PROJECT, "projects": [{**PROJECT["projects"][0], "accessible": False}]}
    record = hca.parse_record(closed, report)
    assert record.access.kind == "controlled"
    assert "whom to ask" in record.access.how


def test_the_catalog_in_force_is_asked_for_first(atlas, client):
    hca.search("melanoma", client)
    assert atlas.requests[0].url.endswith("/index/catalogs")
    assert atlas.requests[1].query["catalog"] == "dcp60"
    atlas.add(f"{API}/index/catalogs", json={"catalogs": {}})
    with pytest.raises(ArchiveAnswerError, match="names no default_catalog"):
        hca.search("melanoma", client)


def test_a_harvest_follows_the_next_page_and_names_what_is_lost(atlas, client, tmp_path):
    projects = f"{API}/index/projects"
    bad = {**PROJECT, "entryId": "no uuid\x1b[31m", "projects": []}
    atlas.add(f"{projects}?catalog=dcp60", answer=azul([PROJECT, bad, IMAGED], projects, size=2))
    report = harvest_archive("hca", tmp_path, client)
    found = {fields["identifier"] for fields in read_table(tmp_path / "hca.parquet")}
    assert found == {f"hca:{MELANOMA}", f"hca:{SPATIAL}"}
    assert len(report.losses) == 1
    assert "\x1b" not in report.summary()


def test_a_harvest_goes_on_at_its_cursor_and_knows_since(atlas, client, report):
    first, second = hca.harvest(client, report)
    assert "search_after=1" in first.cursor
    assert (first.total, second.cursor) == (2, None)
    (again,) = hca.harvest(client, report, cursor=first.cursor)
    assert again.records == second.records
    assert [page.records for page in hca.harvest(client, report, since=date(2023, 1, 1))] == [(), ()]


def test_pages_that_are_not_whole_or_lead_away_are_told(atlas, client, report):
    projects = f"{API}/index/projects"
    atlas.add(f"{projects}?catalog=dcp60", answer=azul([PROJECT], projects, total=500))
    with pytest.raises(ArchiveAnswerError, match="declares 500 projects and gave 1"):
        list(hca.harvest(client, report))
    for address in ("https://elsewhere.example.org/index/projects", projects):
        pagination = {"total": 2, "next": address}
        atlas.add(f"{projects}?catalog=dcp60", json={"hits": [PROJECT], "pagination": pagination})
        with pytest.raises(ArchiveAnswerError, match="expected another page of its own"):
            list(hca.harvest(client, report))
    atlas.add(f"{projects}?catalog=dcp60", json={"message": "Internal server error"})
    with pytest.raises(ArchiveAnswerError, match="expected both"):
        list(hca.harvest(client, report))


def test_a_file_that_is_never_ready_is_told(atlas, client):
    play_file(atlas, 40)
    with pytest.raises(ArchiveUnreachableError, match="not ready after 20 polls"):
        hca.resolve(SPATIAL, "section1.ome.tiff", client)
    atlas.add(f"{API}/fetch/repository/files/u-1", json={"Status": 404})
    with pytest.raises(ArchiveAnswerError, match="expected 301 or 302"):
        hca.resolve(SPATIAL, "section1.ome.tiff", client)


def test_unknown_projects_and_files_are_told(atlas, client):
    unknown = "00000000-0000-0000-0000-000000000000"
    for ask in (hca.fetch_record, lambda name, asked: list(hca.list_files(name, asked))):
        with pytest.raises(RecordNotFoundError, match=unknown):
            ask(unknown, client)
    with pytest.raises(RecordNotFoundError, match="has no file"):
        hca.resolve(SPATIAL, "../other.tiff", client)
    with pytest.raises(RecordNotFoundError, match="look like 74b6d569"):
        hca.fetch_record("dcp60", client)


def test_names_that_lead_out_of_the_project_are_noted(report):
    assert list(hca.parse_files(file_hit(SPATIAL, name="../../x.tiff"), SPATIAL, report)) == []
    assert "not a relative path" in report.defects[0].text


def test_a_project_without_title_is_no_record(report):
    with pytest.raises(InvalidEntryError, match="does not make a record: title"):
        hca.parse_record({"entryId": MELANOMA, "projects": [{}]}, report)


def test_trouble_is_waited_out_and_then_told(atlas, client):
    address = f"{API}/index/projects/{MELANOMA}"
    atlas.fail(address, times=1, status=429, headers={"Retry-After": "0"})
    atlas.cut(address, after=20)
    assert hca.fetch_record(MELANOMA, client).name == MELANOMA
    atlas.fail(address, times=9, status=504)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        hca.fetch_record(MELANOMA, client)


@given(document=damaged(PROJECT), hit=damaged(file_hit(SPATIAL)))
def test_damaged_documents_are_records_or_told(document, hit):
    with suppress(CatalogError):
        hca.parse_record(document, Report(quiet=True))
    list(hca.parse_files(hit, SPATIAL, Report(quiet=True)))
