"""The Allen Brain Atlas, played as RMA; the facts are of data set 75457579, sections of mouse brain for Pvalb."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import allen
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveUnreachableError, CatalogError, RecordNotFoundError
from bioimagehub.catalogs.tables import read_table
from bioimagehub.catalogs.vocabulary.licences import forbids
from servers.archives import Answer
from servers.damage import damaged

API = "https://api.brain-map.org/api/v2"
QUERY = f"{API}/data/query.json"
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "allen"
DATA_SET = {
    "id": 75457579,
    "failed": False,
    "name": None,
    "section_thickness": 25.0,
    "genes": [{"acronym": "Pvalb", "name": "parvalbumin", "entrez_id": 19293}],
    "plane_of_section": {"name": "sagittal"},
    "treatments": [{"name": "ISH"}],
    "products": [{"name": "Mouse Brain", "abbreviation": "Mouse"}],
    "specimen": {"donor": {"age": {"name": "P56"}, "organism": {"name": "Mus musculus"}}},
}
SECTIONS = [
    {"id": 75459000 + number, "section_number": 8 * number, "data_set_id": 75457579, "failed": False, "width": 9000}
    for number in range(1, 21)
]


def interface(data_sets=(), sections=(), declared=None):
    """Answer as RMA does: 50 rows where no number is asked for."""

    def answer(request):
        query = request.query["q"]
        rows = list(sections if query.startswith("model::SectionImage") else data_sets)
        if found := re.search(r"\[(id|data_set_id)\$eq(\d+)\]", query):
            rows = [row for row in rows if row[found[1]] == int(found[2])]
        if found := re.search(r"genes\[(acronym|name)\$il'\*?([^*']*)\*?'\]", query):
            words = found[2].casefold()
            rows = [row for row in rows if any(words in gene[found[1]].casefold() for gene in row["genes"])]
        size = int((re.search(r"\[num_rows\$eq(\d+)\]", query) or ["", 50])[1])
        start = int((re.search(r"\[start_row\$eq(\d+)\]", query) or ["", 0])[1])
        page = rows[start : start + size]
        total = len(rows) if declared is None else declared
        body = {"success": True, "id": 0, "start_row": start, "num_rows": len(page), "total_rows": total, "msg": page}
        return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    return answer


def test_the_whole_way(server, client):
    server.add(QUERY, answer=interface([DATA_SET], SECTIONS))
    server.add(f"{API}/section_image_download/75459001", body=b"\xff\xd8\xff\xe0")

    (found,) = allen.search("Pvalb", client)
    record = allen.fetch_record(found.source_accession, client)
    files = list(allen.list_files("75457579", client))
    url = allen.resolve("75457579", files[0].path, client)

    assert record == found
    assert len(files) == 20
    assert files[0].path == "section-0008-75459001.jpg"
    assert client.get_bytes(url) == b"\xff\xd8\xff\xe0"
    assert Catalog([record])["allen:75457579"] == record
    assert "Allen Institute for Brain Science" in record.cite()


def test_a_data_set_becomes_a_record(server, client):
    server.add(QUERY, answer=interface([DATA_SET]))
    record = allen.fetch_record("75457579", client)
    assert record.title == "Pvalb, ISH, sagittal sections"
    assert [(gene.name, gene.id) for gene in record.genes] == [("Pvalb", "NCBIGene:19293")]
    assert record.organisms[0].taxon == 10090
    assert record.keywords == ("Mouse Brain", "age P56", "section thickness 25 µm", "sagittal")
    assert (record.data_types, record.formats) == (("atlas",), ("jpeg",))


def test_its_terms_are_no_open_licence(report):
    record = allen.parse_record(DATA_SET, report)
    assert record.licence == "LicenseRef-Allen-Institute-terms"
    assert record.licence_url == "https://alleninstitute.org/terms-of-use/"
    assert "redistribution" in forbids(record.licence)


def test_a_search_goes_on_in_the_names_of_genes(server, client):
    server.add(QUERY, answer=interface([DATA_SET]))
    assert [record.name for record in allen.search("parvalbumin", client)] == ["75457579"]
    assert allen.search("nothing of the kind", client) == []


def test_signs_of_the_query_language_are_taken_out(server, client):
    server.add(QUERY, answer=interface([DATA_SET]))
    assert allen.search("x'],rma::options[num_rows$eqall", client) == []
    asked = server.requests[0].query["q"]
    assert "genes[acronym$il'x rma options num_rows eqall']" in asked


def test_all_rows_are_asked_for_though_the_default_is_50(server, client, tmp_path):
    many = [{**DATA_SET, "id": number} for number in range(1, 1202)]
    many[4] = {**many[4], "id": None}
    server.add(QUERY, answer=interface(many))
    report = harvest_archive("allen", tmp_path, client)
    assert len(list(read_table(tmp_path / "allen.parquet"))) == 1200
    assert [loss.identifier for loss in report.losses] == ["allen:None"]
    assert len(server.requests) == 3
    sections = [{**SECTIONS[0], "id": number} for number in range(1, 71)]
    server.add(QUERY, answer=interface([], sections))
    assert len(list(allen.list_files("75457579", client))) == 70


def test_a_harvest_goes_on_at_its_cursor(server, client, report):
    server.add(QUERY, answer=interface([{**DATA_SET, "id": number} for number in range(1, 602)]))
    (page,) = allen.harvest(client, report, cursor="500")
    assert (len(page.records), page.total, page.cursor) == (101, 601, None)


def test_rows_that_do_not_fit_the_total_are_told(server, client, report):
    server.add(QUERY, answer=interface([DATA_SET], declared=26_000))
    with pytest.raises(ArchiveAnswerError, match="The declared total is 26,000"):
        list(allen.harvest(client, report))


@pytest.mark.parametrize(
    "answer",
    [
        {"success": False, "id": 0, "start_row": 0, "num_rows": 0, "total_rows": 0, "msg": "Invalid query: no model"},
        {"success": True, "msg": "Invalid query: no model"},
    ],
)
def test_a_failure_in_an_answer_of_200_is_told(server, client, answer):
    server.add(QUERY, json=answer)
    with pytest.raises(ArchiveAnswerError, match="Invalid query: no model"):
        allen.fetch_record("75457579", client)


def test_no_row_is_no_data_set(server, client):
    server.add(QUERY, answer=interface([DATA_SET], SECTIONS))
    for ask in (allen.fetch_record, lambda name, asked: list(allen.list_files(name, asked))):
        with pytest.raises(RecordNotFoundError, match="no section data set 1"):
            ask("1", client)
    with pytest.raises(RecordNotFoundError, match="has no section"):
        allen.resolve("75457579", "section-9999-1.jpg", client)


@pytest.mark.parametrize("accession", ["0", "1]", "Pvalb", "75457579/../1", ""])
def test_what_is_no_accession_is_never_asked(server, client, accession):
    with pytest.raises(RecordNotFoundError, match="look like 75457579"):
        allen.fetch_record(accession, client)
    assert server.requests == []


def test_failed_sections_are_left_out_and_noted(report):
    (file,) = allen.parse_files([{**SECTIONS[0], "failed": True}, SECTIONS[1], {}][:2], "75457579", report)
    assert file.path == "section-0016-75459002.jpg"
    assert "section 75459001 failed" in report.defects[0].text


def test_a_data_set_without_gene_has_its_own_name(report):
    bare = {"id": 100141219, "name": "Projections of the primary visual area", "genes": None, "specimen": None}
    record = allen.parse_record(bare, report)
    assert record.title == "Projections of the primary visual area"
    assert (record.organisms, record.genes) == ((), ())
    assert allen.parse_record({"id": 1}, report).title == "section data set 1"


def test_trouble_is_waited_out_and_then_told(server, client):
    server.add(QUERY, answer=interface([DATA_SET]))
    server.fail(QUERY, times=1, status=429, headers={"Retry-After": "0"})
    server.cut(QUERY, after=20)
    assert allen.fetch_record("75457579", client).name == "75457579"
    server.fail(QUERY, times=9, status=500)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        allen.fetch_record("75457579", client)


def test_a_web_page_in_place_of_an_answer_is_told(server, client):
    server.add(QUERY, body=b"<html>maintenance</html>")
    with pytest.raises(ArchiveAnswerError, match="expected JSON"):
        allen.fetch_record("75457579", client)


@given(document=damaged(DATA_SET), rows=damaged(SECTIONS[:2]), answer=damaged({"success": True, "msg": [DATA_SET]}))
def test_damaged_documents_are_records_or_told(document, rows, answer):
    with suppress(CatalogError):
        allen.parse_record(document, Report(quiet=True))
    list(allen.parse_files(rows, "75457579", Report(quiet=True)))
    with suppress(CatalogError):
        allen.parse_rows(answer)


@pytest.mark.parametrize("file", sorted(RECORDED.rglob("*_response.json")), ids=lambda file: file.name)
def test_a_recorded_answer_declares_more_rows_than_it_has(file):
    page = allen.parse_rows(json.loads(file.read_text()))
    assert page.total == 9440
    assert len(page.rows) == 1
