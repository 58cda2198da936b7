"""IMPC, played as Solr; the parameter IMPC_XRY_034_001 and colony MEAW are those of its own page for programs."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import impc
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveUnreachableError, CatalogError, RecordNotFoundError
from bioimagehub.catalogs.tables import read_table
from servers.archives import Answer
from servers.damage import damaged

SOLR = "https://www.ebi.ac.uk/mi/impc/solr/impc_images/select"
OMERO = "https://www.ebi.ac.uk/mi/media/omero/webgateway"
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "impc" / "impc_api"
IMAGE = {
    "id": "a1",
    "omero_id": 121211,
    "gene_symbol": "Dnajc7",
    "gene_accession_id": "MGI:1928373",
    "allele_symbol": "Dnajc7<tm1b(EUCOMM)Wtsi>",
    "zygosity": "heterozygote",
    "sex": "female",
    "biological_sample_group": "experimental",
    "phenotyping_center": "WTSI",
    "colony_id": "MEAW",
    "parameter_stable_id": "IMPC_XRY_034_001",
    "parameter_name": "XRay Images Dorso Ventral",
    "procedure_name": "X-ray",
    "mp_id": ["MP:0000137"],
    "mp_term": ["abnormal vertebrae morphology"],
    "download_url": f"{OMERO}/archived_files/download/121211",
    "jpeg_url": f"{OMERO}/render_image/121211/",
    "thumbnail_url": f"{OMERO}/render_birds_eye_view/121211/",
    "file_type": "application/dicom",
}
CONTROL = {
    "id": "a2",
    "omero_id": 121212,
    "biological_sample_group": "control",
    "parameter_stable_id": "IMPC_XRY_034_001",
    "parameter_name": "XRay Images Dorso Ventral",
    "procedure_name": "X-ray",
    "jpeg_url": f"{OMERO}/render_image/121212/",
    "file_type": "image/jpeg",
}


def solr(documents, declared=None):
    """Answer as Solr does: 10 rows where no number is asked for; cursor marks, and groups."""

    def answer(request):
        query, asked = request.query["q"], request.query
        found = list(documents)
        if terms := re.findall(r'(\w+):(?:"([^"]*)"|([^\s*]+))', query):
            found = [
                document
                for document in documents
                if any(
                    (quoted or bare).casefold() in str(document.get(field, "")).casefold()
                    for field, quoted, bare in terms
                )
            ]
        if "group" in asked:
            names = dict.fromkeys(document["parameter_stable_id"] for document in found)
            members = {name: [each for each in found if each["parameter_stable_id"] == name] for name in names}
            groups = [
                {"groupValue": name, "doclist": {"numFound": len(of), "start": 0, "docs": of[:1]}}
                for name, of in members.items()
            ]
            groups = groups[: int(asked.get("rows", 10))]
            body = {"grouped": {"parameter_stable_id": {"ngroups": len(members), "groups": groups}}}
        else:
            mark = asked.get("cursorMark")
            start = int(asked.get("start", 0)) if mark is None else int(mark.replace("*", "0"))
            page = found[start : start + int(asked.get("rows", 10))]
            total = len(found) if declared is None else declared
            body = {"response": {"numFound": total, "start": start, "docs": page}}
            if mark is not None:
                body["nextCursorMark"] = str(start + len(page)) if page else mark
        return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    return answer


def test_the_whole_way(server, client):
    server.add(SOLR, answer=solr([IMAGE, CONTROL]))
    server.add(IMAGE["download_url"], body=b"\0" * 128 + b"DICM")

    (found,) = impc.search("Dnajc7", client)
    record = impc.fetch_record(found.source_accession, client)
    study = impc.fetch_record("IMPC_XRY_034_001", client)
    files = list(impc.list_files("IMPC_XRY_034_001", client))
    url = impc.resolve("IMPC_XRY_034_001", "121211/original.dicom", client)

    assert record == found
    assert record.url == url == files[0].url
    assert client.get_bytes(url).endswith(b"DICM")
    assert [file.path for file in files] == ["121211/original.dicom", "121211/copy.jpeg", "121212/copy.jpeg"]
    assert (record.part_of, study.images) == (study.identifier, 2)
    catalog = Catalog([study, record])
    assert catalog["impc:121211"] == record
    assert "121211" in record.cite()


def test_an_image_becomes_a_record(server, client):
    server.add(SOLR, answer=solr([IMAGE]))
    record = impc.fetch_record("121211", client)
    assert record.title == "Dnajc7: XRay Images Dorso Ventral, X-ray"
    assert [(gene.name, gene.id) for gene in record.genes] == [("Dnajc7", "MGI:1928373")]
    assert [(term.name, term.id) for term in record.phenotypes] == [("abnormal vertebrae morphology", "MP:0000137")]
    assert record.organisms[0].taxon == 10090
    assert (record.kind, record.formats, record.driver) == ("image", ("dicom",), None)
    assert "heterozygote" in record.keywords
    assert record.data_types == ("systematic phenotyping",)
    assert "X-ray imaging" in record.technologies


def test_its_licence_is_given_and_said_to_be_unconfirmed(report):
    record = impc.parse_image(IMAGE, report)
    assert record.licence == "CC-BY-4.0"
    assert [fact.source for fact in record.facts if "licence" in fact.fields] == [
        "Licence as IMPC is known for; not confirmed by the interface that was read"
    ]
    assert "not confirmed" in impc.ARCHIVE.limits


def test_a_control_has_no_gene(report):
    record = impc.parse_image(CONTROL, report)
    assert record.title == "control: XRay Images Dorso Ventral, X-ray"
    assert record.genes == ()
    assert record.url == CONTROL["jpeg_url"]


def test_an_image_without_address_is_kept_and_noted(report):
    record = impc.parse_image({**CONTROL, "jpeg_url": None}, report)
    assert record.url is None
    assert "cannot be read" in report.defects[0].text


def test_names_and_identifiers_of_other_number_are_not_paired(report):
    record = impc.parse_image({**IMAGE, "mp_id": ["MP:1", "MP:2"]}, report)
    assert [(term.name, term.id) for term in record.phenotypes] == [("abnormal vertebrae morphology", None)]


def test_a_harvest_gives_parameters_and_then_images_by_cursor_marks(server, client, tmp_path, monkeypatch):
    monkeypatch.setattr(impc, "_ROWS", 2)
    more = [{**IMAGE, "id": f"b{number}", "omero_id": number} for number in range(1, 4)]
    server.add(SOLR, answer=solr([IMAGE, CONTROL, *more, {**IMAGE, "omero_id": None}, {**IMAGE, "omero_id": "../x"}]))
    report = harvest_archive("impc", tmp_path, client)
    found = {fields["identifier"] for fields in read_table(tmp_path / "impc.parquet")}
    images = {f"impc:{number}" for number in (121211, 121212, 1, 2, 3)}
    assert found == {"impc:IMPC_XRY_034_001", *images}
    assert [loss.identifier for loss in report.losses] == ["impc:a1", "impc:../x"]
    assert [request.query["sort"] for request in server.requests if "cursorMark" in request.query] == ["id asc"] * 5


def test_a_harvest_goes_on_at_its_mark_and_asks_for_what_is_new(server, client, report):
    server.add(SOLR, answer=solr([IMAGE, CONTROL]))
    (page, last) = impc.harvest(client, report, since=date(2020, 1, 1), cursor="1")
    assert [record.name for record in page.records] == ["121212"]
    assert (page.cursor, last.cursor) == ("2", None)
    assert server.requests[0].query["fq"] == "date_of_experiment:[2020-01-01T00:00:00Z TO *]"


def test_an_answer_without_mark_or_rows_is_told(server, client, report):
    server.add(SOLR, json={"response": {"numFound": 1, "start": 0, "docs": [IMAGE]}})
    with pytest.raises(ArchiveAnswerError, match="no nextCursorMark"):
        list(impc.harvest(client, report, cursor="*"))
    server.add(SOLR, json={"error": {"msg": "undefined field gene", "code": 400}})
    with pytest.raises(ArchiveAnswerError, match="undefined field gene"):
        impc.fetch_record("121211", client)


def test_a_list_that_is_not_whole_is_told(server, client):
    server.add(SOLR, answer=solr([IMAGE, CONTROL], declared=500))
    with pytest.raises(ArchiveAnswerError, match="The declared total is 500"):
        list(impc.list_files("IMPC_XRY_034_001", client))


def test_parameters_that_are_cut_off_are_told(server, client, report, monkeypatch):
    monkeypatch.setattr(impc, "_GROUPS", 1)
    server.add(SOLR, answer=solr([IMAGE, {**CONTROL, "parameter_stable_id": "IMPC_EYE_050_001"}]))
    with pytest.raises(ArchiveAnswerError, match="declares 2 parameters and gave 1"):
        list(impc.harvest(client, report))


def test_no_row_is_no_image(server, client):
    server.add(SOLR, answer=solr([IMAGE]))
    with pytest.raises(RecordNotFoundError, match="no image for 99"):
        impc.fetch_record("99", client)
    for path in ("121211/other.tif", "../x", "99999/original.dicom", "121212/copy.jpeg"):
        with pytest.raises(RecordNotFoundError):
            impc.resolve("121211", path, client)


@pytest.mark.parametrize("accession", ["0", "XRY", "impc_xry_034_001", "*:*", "1 OR 2", ""])
def test_what_is_no_accession_is_never_asked(server, client, accession):
    with pytest.raises(RecordNotFoundError, match="look like IMPC_XRY_034_001"):
        impc.fetch_record(accession, client)
    assert server.requests == []


def test_query_syntax_is_taken_for_a_phrase(server, client):
    server.add(SOLR, answer=solr([]))
    assert impc.search('x" OR *:* \\', client) == []
    assert server.requests[0].query["q"].startswith('gene_symbol:"x\\" OR *:* \\\\"')


def test_trouble_is_waited_out_and_then_told(server, client):
    server.add(SOLR, answer=solr([IMAGE]))
    server.fail(SOLR, times=1, status=429, headers={"Retry-After": "0"})
    server.cut(SOLR, after=20)
    assert impc.fetch_record("121211", client).name == "121211"
    server.fail(SOLR, times=9, status=500)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        impc.fetch_record("121211", client)


@given(document=damaged(IMAGE), answer=damaged({"response": {"numFound": 1, "docs": [IMAGE]}}))
def test_damaged_documents_are_records_or_told(document, answer):
    with suppress(CatalogError):
        impc.parse_image(document, Report(quiet=True))
    with suppress(CatalogError):
        impc.parse_record(document, 3, Report(quiet=True))
    list(impc.parse_files(document, Report(quiet=True)))
    with suppress(CatalogError):
        impc.parse_rows(answer)


@pytest.mark.parametrize("file", sorted(RECORDED.glob("core_fields.json")), ids=lambda file: file.name)
def test_the_fields_that_are_asked_for_are_those_of_the_core(file):
    assert set(impc._FIELDS.split(",")) <= set(json.loads(file.read_text())["impc_images"])
    assert set(impc._SEARCHED) <= set(json.loads(file.read_text())["impc_images"])
