"""Studies of IDR, played over HTTP in the shape that it documents, with each of its traps."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import idr, idr_sources, idr_study, open_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveUnreachableError, CatalogError, RecordNotFoundError
from servers.damage import damaged_text
from servers.idr import FILES, IDR, PAIRS_2, RECORDED, SCREENS, SEARCH, STUDY_2, play, play_list


def test_the_whole_way(server, client):
    play(server)
    (found,) = idr.search("condensation", client)
    record = idr.fetch_record(found.source_accession, client)
    files = list(idr.list_files("idr0002", client))
    url = idr.resolve("idr0002", "read me#.txt", client)
    assert [file.path for file in files] == ["screenA/D2.tif", "read me#.txt"]
    assert url == files[1].url
    assert client.get_bytes(url) == b"read me"
    assert files[1].modified == date(2016, 5, 27)
    # An index page rounds sizes: none is better than a wrong one.
    assert files[1].size is None
    assert Catalog([record])["idr:idr0002"] == record
    assert "Hériché" in record.cite()
    assert "10.1091/mbc.E13-04-0221" in record.cite("bibtex")


def test_a_study_is_put_together_from_all_its_sources(server, client):
    play(server)
    record = idr.fetch_record("idr0002", client)
    assert record.title == "Focused mitotic chromsome condensaton screen using HeLa cells"
    assert [(each.name, each.taxon) for each in record.organisms] == [("Homo sapiens", 9606)]
    assert [(each.name, each.id) for each in record.methods] == [("fluorescence microscopy", "FBbi:00000246")]
    assert [(each.name, each.id) for each in record.genes] == [
        ("CDC20", "ENSEMBL:ENSG00000117399"),
        ("AKAP8", "ENSEMBL:ENSG00000105127"),
    ]
    assert {each.id for each in record.phenotypes} == {"CMPO:0000328", "CMPO:0000329"}
    assert [(each.name, each.id) for each in record.compounds] == [("nocodazole", "PUBCHEM:4122")]
    assert ("HeLa", "EFO:0001185") in [(each.name, each.id) for each in record.anatomy]
    assert (record.licence, record.doi) == ("CC-BY-4.0", None)
    assert record.publications[0].pubmed == 24943848
    assert record.thumbnail == f"{IDR}/webgateway/render_thumbnail/179754/"
    # The table of studies, not the crate (2 bytes) nor the study file (2.10 TB).
    assert (record.size, record.files, record.images) == (2095992297526, 762482, 1152)
    assert "fluorescence microscopy" in record.technologies
    assert "example.org" not in record.model_dump_json()
    assert "Meyerhof" not in record.model_dump_json()


def test_a_study_is_made_of_what_there_is(server, client, report):
    play_list(server, "screens", SCREENS[:1])
    play_list(server, "projects", [])
    server.add(f"{IDR}/webclient/api/annotations/?type=map&screen=102", json=PAIRS_2)
    server.add(f"{IDR}/study/idr0002/json/", json={"@type": "Dataset", "name": "A page", "license": "no licence"})
    (page,) = idr.harvest(client, report)
    (record,) = page.records
    assert record.licence == "CC-BY-4.0"
    assert record.publications[0].doi == "10.1091/mbc.E13-04-0221"
    assert [each.taxon for each in record.organisms] == [9606]
    assert record.size is None
    told = report.summary()
    assert "idr0002-study.txt" in told
    assert "idr0002-ro-crate-metadata.json" in told
    assert "the table of studies could not be read" in told


def test_sizes_that_disagree_are_noted(report):
    counted = {"size": 501463982132, "files": 181442, "images": 60480}
    assert idr_sources.take_sizes(counted, 600_000_000_000, "idr:idr0041", report)["size"] == 501463982132
    assert "600,000,000,000 bytes in the study file, 501,463,982,132 in studies.tsv" in report.defects[0].text


@pytest.mark.parametrize(("words", "accession"), [("mitocheck", "idr0013"), ("Mitotic Cell Atlas", "idr0041")])
def test_archives_that_became_studies_are_found_by_their_own_names(server, client, words, accession):
    play(server)
    (found,) = idr.search(words, client)
    assert found.identifier == f"idr:{accession}"
    assert words.casefold() in " ".join(found.keywords).casefold()
    assert open_archive("mitocheck") is idr


def test_lists_are_paged_under_the_cap_to_the_declared_total(server, client):
    names = [(f"idr{number:04}-a-b/experimentA", number, "") for number in range(1, 1203)]
    play(server)
    play_list(server, "projects", names)
    play_list(server, "screens", [])
    assert len(idr.search("idr", client, limit=5000)) == 1202
    asked = [request.query for request in server.requests if "projects" in request.url]
    assert [query["offset"] for query in asked] == ["0", "500", "1000"]
    assert {query["limit"] for query in asked} == {"500"}


def test_a_list_that_is_cut_short_is_refused(server, client):
    play(server)
    play_list(server, "projects", [(f"idr{number:04}-a", number, "") for number in range(1, 400)], cap=200)
    with pytest.raises(ArchiveAnswerError, match="gave 200 rows from row 0 on; expected 399"):
        idr.search("idr", client)


def test_a_list_without_total_or_with_doubles_is_refused(server, client):
    play(server)
    server.add(f"{IDR}/api/v0/m/projects/", json={"data": []})
    with pytest.raises(ArchiveAnswerError, match=r"without meta\.totalCount"):
        idr.search("x", client)
    server.add(f"{IDR}/api/v0/m/projects/", json={"data": [{"@id": 1}, {"@id": 1}], "meta": {"totalCount": 2}})
    with pytest.raises(ArchiveAnswerError, match="@id 1 twice"):
        idr.search("x", client)


def test_a_search_that_finds_nothing_gives_an_empty_list(server, client):
    server.add(f"{SEARCH}/search/", json={"results": [], "notice": ""})
    assert list(idr.search_images("Gene Symbol", "no such gene", client)) == []


def test_a_study_of_which_only_the_page_tells(server, client, report):
    play_list(server, "screens", SCREENS[:1])
    play_list(server, "projects", [])
    server.add(f"{IDR}/webclient/api/annotations/?type=map&screen=102", json={"annotations": []})
    licence = "https://creativecommons.org/publicdomain/zero/1.0/"
    server.add(f"{IDR}/study/idr0002/json/", json={"@type": "Dataset", "name": "A title", "license": licence})
    (page,) = idr.harvest(client, report)
    assert page.records[0].licence == "CC0-1.0"


def test_a_harvest_resumes_and_one_bad_study_costs_no_other(server, client, report, monkeypatch):
    monkeypatch.setattr(idr, "_PAGE", 1)
    play(server)
    server.fail(f"{IDR}/webclient/api/annotations/?screen=1101", times=9, status=404)
    pages = list(idr.harvest(client, report))
    assert [page.cursor for page in pages] == ["idr0002", "idr0013", "idr0041", "idr0062"]
    assert [len(page.records) for page in pages] == [1, 0, 1, 1]
    assert {page.total for page in pages} == {4}
    assert [loss.identifier for loss in report.losses] == ["idr:idr0013"]
    assert [page.cursor for page in idr.harvest(client, Report(), cursor="idr0041")] == ["idr0062"]
    later = idr.harvest(client, Report(), since=date(2020, 1, 1))
    assert next(iter(later)).records == ()


def test_a_study_that_always_fails_or_is_denied_costs_no_other(server, client, report):
    play(server)
    server.fail(f"{IDR}/webclient/api/annotations/?screen=1101", times=99, status=500)
    server.add(f"{IDR}/webclient/api/annotations/?project=404", status=403)
    (page,) = idr.harvest(client, report)
    assert [loss.identifier for loss in report.losses] == ["idr:idr0013", "idr:idr0041"]
    assert [record.identifier for record in page.records] == ["idr:idr0002", "idr:idr0062"]


def test_a_server_that_is_down_stops_the_harvest(server, client, report):
    play(server)
    server.fail(f"{IDR}/webclient/api/annotations/", times=99, status=500)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        list(idr.harvest(client, report))


def test_a_search_goes_on_without_its_search_engine(server, client, caplog):
    play(server)
    server.fail(f"{SEARCH}/searchbyvalue/", times=99, status=500)
    (found,) = idr.search("mitocheck", client)
    assert found.identifier == "idr:idr0013"
    assert "annotations of images were left out" in caplog.text
    server.requests.clear()
    assert len(idr.search(" ", client)) == 4
    assert not any("searchengine" in request.url for request in server.requests)


def test_what_is_not_there_is_told(server, client):
    play(server)
    with pytest.raises(RecordNotFoundError, match="lists no study idr9999, and 4 others"):
        idr.fetch_record("idr9999", client)
    with pytest.raises(RecordNotFoundError, match="look like idr0062"):
        idr.fetch_record("../etc", client)


def test_a_folder_that_is_none_is_told(server, client):
    play(server)
    server.add(f"{FILES}/idr0002-heriche-condensation/", body=b"<html>maintenance <a href='x'>x</a></html>")
    with pytest.raises(ArchiveAnswerError, match="no index page"):
        list(idr.list_files("idr0002", client))


def test_names_with_a_colon_are_listed_as_apache_writes_them(server, client):
    play(server)
    folder = f"{FILES}/idr0002-heriche-condensation"
    page = b"<h1>Index of x</h1><a href='?C=N'>N</a><a href='/'>Up</a><a href='./12:30%23a.tif'>12:30#a.tif</a>"
    server.add(f"{folder}/", body=b"<h1>Index of x</h1><a href='day/'>day/</a>")
    server.add(f"{folder}/day/", body=page + b"<a href='mailto:a@b.c'>c</a><a href='./'>.</a>")
    (file,) = idr.list_files("idr0002", client)
    assert (file.path, file.url) == ("day/12:30#a.tif", f"{folder}/day/12%3A30%23a.tif")
    with pytest.raises(ArchiveAnswerError, match="expected a relative one"):
        idr.resolve("idr0002", "../idr0013/a.tif", client)


def test_a_study_file_that_is_none_is_told(report):
    with pytest.raises(ArchiveAnswerError, match="expected one like idr0062"):
        idr_study.parse_study("<html>\n\n", report)


def test_more_genes_than_a_record_holds_are_left_out_and_noted(report):
    rows = [[("Gene Symbol", f"GENE{number}")] for number in range(idr_study.MOST_TERMS + 1)]
    kept = idr_study.limit_terms(idr_study.collect_terms(rows), "idr:idr0013", report)
    assert "genes" not in kept
    assert "2,001 are more than" in report.defects[0].text


@pytest.mark.parametrize("file", sorted(RECORDED.glob("studies/*/*-study.txt")), ids=lambda file: file.name)
def test_recorded_study_files(file, report):
    record = idr_study.parse_study(file.read_text(), report)
    assert record.identifier == f"idr:{file.name[:7]}"
    assert record.licence == "CC-BY-4.0"
    assert record.organisms[0].taxon
    assert record.methods[0].id
    assert record.released
    assert "@" not in record.model_dump_json()
    assert not report.defects


@given(text=damaged_text(STUDY_2))
def test_a_damaged_study_file_is_a_record_or_told(text):
    with suppress(CatalogError):
        idr_study.parse_study(text, Report(quiet=True))
