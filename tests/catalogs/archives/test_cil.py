"""The Cell Image Library, played in the shape of its interface and its dump; the facts are those of its records.

Source: slash-segmentation/CIL_Public_Data_JSON, commit 603698c (2018-04-09); each record carries its own terms.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import cil
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import AccessDeniedError, ArchiveAnswerError, CatalogError, RecordNotFoundError
from servers.archives import Answer
from servers.damage import damaged

RECORDED = Path(__file__).parents[3].parent / "shared" / "data" / "archives" / "cil"
API = "https://cilia.crbs.ucsd.edu/rest"
MEDIA = "https://cildata.crbs.ucsd.edu/media"
COMMIT = "603698cca33dbcbd54f771715a239fb66b03e74e"
REPOSITORY = "slash-segmentation/CIL_Public_Data_JSON"
RAW = f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}/Version8_6/DATA/CIL_PUBLIC_DATA"
ZIP = f"https://codeload.github.com/{REPOSITORY}/zip/{COMMIT}"
KEY = "somebody:a secret"


def document(number, **core):
    space = [{"axis": "X", "Image_size": 1344}, {"axis": "Y", "Image_size": 1024}]
    pixel = {"Pixel_size": {"unit": "nanometers", "value": 67}}
    return {
        "CIL_CCDB": {
            "Status": {"Deleted": False, "Is_public": True},
            "CIL": {
                "Image_files": [
                    {"Mime_type": "image/tif", "File_type": "OME_tif", "File_path": f"{number}.tif", "Size": 4200000},
                    {"Mime_type": "application/zip", "File_type": "Zip", "File_path": f"{number}.zip", "Size": 4133755},
                    {"Mime_type": "image/jpeg", "File_type": "Jpeg", "File_path": f"{number}.jpg", "Size": 95977},
                ],
                "CORE": {
                    # One term is written alone, several in a list.
                    "IMAGINGMODE": {"onto_name": "fluorescence microscopy", "onto_id": "FBbi:00000246"},
                    "CELLULARCOMPONENT": [
                        {"free_text": "transferrin receptor"},
                        {"onto_name": "nucleus", "onto_id": "GO:0005634"},
                    ],
                    "CELLLINE": {"onto_name": "ARPE-19", "onto_id": "MCC:0000038"},
                    "CELLTYPE": {"onto_name": "epithelial cell", "onto_id": "CL:0000066"},
                    "NCBIORGANISMALCLASSIFICATION": {"onto_name": "Homo sapiens", "onto_id": "NCBITaxon:9606"},
                    "DIMENSION": [{"Space": each | pixel} for each in space] + [{"Wavelength": {"value": "350, 488"}}],
                    "ATTRIBUTION": {"Contributors": ["Allen Liu", "Sandra L. Schmid"], "PUBMED": ["20026658"]},
                    "TERMSANDCONDITIONS": {"free_text": "public_domain"},
                    "GROUP_ID": "9513",
                    **core,
                },
            },
            "Data_type": {"Time_series": False, "Still_image": True, "Z_stack": False, "Video": False},
            "Citation": {
                "DOI": f"doi:10.7295/W9CIL{number}",
                "Title": f"Allen Liu, Sandra L. Schmid (2010) CIL:{number}, Homo sapiens. CIL. Dataset",
            },
        }
    }


def play_dump(server, documents):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as dump:
        dump.writestr("CIL_Public_Data_JSON-603698c/README.md", "")
        for number, each in documents.items():
            text = each if isinstance(each, str) else json.dumps(each)
            dump.writestr(f"CIL_Public_Data_JSON-603698c/Version8_6/DATA/CIL_PUBLIC_DATA/{number}.json", text)
    server.add(ZIP, body=content.getvalue())


def play_api(server, documents, *, total=None):
    """Play the interface, which answers 401 without the key and what is not there with 200."""
    expected = f"Basic {base64.b64encode(KEY.encode()).decode()}"

    def guarded(content):
        def answer(request):
            if request.headers.get("Authorization") != expected:
                return Answer(401, b'{"status": false, "error": "Unauthorized"}')
            return Answer(200, json.dumps(content(request)).encode())

        return answer

    def found(request):
        start, size = int(request.query["from"]), int(request.query["size"])
        hits = [{"_id": str(number), "_source": each} for number, each in documents.items()]
        return {"hits": {"total": len(hits) if total is None else total, "hits": hits[start : start + size]}}

    server.add(f"{API}/public_documents", answer=guarded(found))
    for number, each in documents.items():
        source = {"_id": number, "found": True, "_source": each}
        server.add(f"{API}/public_documents/{number}", answer=guarded(lambda _, source=source: source))
    server.add(f"{API}/public_documents/99999", answer=guarded(lambda _: {"found": False}))


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("BIOIMAGEHUB_CIL_KEY", KEY)


@pytest.fixture
def keyless(monkeypatch):
    monkeypatch.delenv("BIOIMAGEHUB_CIL_KEY", raising=False)


def test_the_whole_way(server, client, key, caplog):
    caplog.set_level(logging.DEBUG)
    play_api(server, {10104: document(10104)})
    server.add(f"{MEDIA}/images/10104/10104.tif", body=b"II*\0 pixels")
    (found,) = cil.search("transferrin", client)
    record = cil.fetch_record("10104", client)
    files = list(cil.list_files("10104", client))
    url = cil.resolve("10104", "10104.tif", client)
    assert found == record
    assert client.get_bytes(url) == b"II*\0 pixels"
    assert record.url == url
    assert (files[0].path, files[0].size) == ("10104.tif", 4200000)
    assert Catalog([record])["cil:10104"] == record
    assert "Allen Liu" in record.cite()
    assert "10.7295/W9CIL10104" in record.cite("bibtex")
    # The key goes to the interface alone, and nowhere into the log.
    assert all("Authorization" not in request.headers for request in server.requests if "cildata" in request.url)
    assert "secret" not in caplog.text
    assert base64.b64encode(KEY.encode()).decode() not in caplog.text


def test_a_record_is_read_from_the_dump_without_a_key(server, client, keyless):
    server.add(f"{RAW}/10104.json", json=document(10104))
    record = cil.fetch_record("10104", client)
    assert record.licence == "LicenseRef-public-domain"
    assert [(each.name, each.taxon) for each in record.organisms] == [("Homo sapiens", 9606)]
    assert [(each.name, each.id) for each in record.methods] == [("fluorescence microscopy", "FBbi:00000246")]
    assert ("nucleus", "GO:0005634") in [(each.name, each.id) for each in record.anatomy]
    assert (record.axes, record.shape) == (("y", "x"), (1024, 1344))
    assert record.spacing == pytest.approx((0.067, 0.067))
    assert record.keywords == ("still image", "CIL group 9513")
    assert (record.files, record.size) == (3, 8429732)
    assert record.formats == ("ome-tiff", "zip", "jpeg")
    assert record.thumbnail == f"{MEDIA}/images/10104/10104.jpg"
    assert [each.pubmed for each in record.publications] == [None, 20026658]
    assert record.technologies == ("fluorescence microscopy",)
    assert record.driver == "tiff"


def test_a_search_without_a_key_says_how_to_get_one(server, client, keyless):
    with pytest.raises(
        AccessDeniedError, match=r"BIOIMAGEHUB_CIL_KEY is not set\. Ask for one through the contact form"
    ):
        cil.search("mitosis", client)
    assert server.requests == []


def test_a_key_of_another_form_is_not_sent(server, client, monkeypatch):
    monkeypatch.setenv("BIOIMAGEHUB_CIL_KEY", "hunter2")
    with pytest.raises(AccessDeniedError, match="does not have the form name:password") as caught:
        cil.search("mitosis", client)
    assert "hunter2" not in str(caught.value)
    assert server.requests == []


def test_a_key_that_is_not_taken_is_told(server, client, monkeypatch):
    play_api(server, {})
    monkeypatch.setenv("BIOIMAGEHUB_CIL_KEY", "somebody:wrong")
    with pytest.raises(AccessDeniedError, match="does not take the key in BIOIMAGEHUB_CIL_KEY") as caught:
        cil.search("mitosis", client)
    assert "wrong" not in str(caught.value)


def test_a_redirect_does_not_get_the_key(server, client, key):
    server.add(f"{API}/public_documents/7", status=302, headers={"Location": "https://elsewhere.example.org/7"})
    server.add("https://elsewhere.example.org/7", json={"found": True, "_source": document(7)})
    assert cil.fetch_record("7", client).identifier == "cil:7"
    sent = {request.url: "Authorization" in request.headers for request in server.requests}
    assert sent == {f"{API}/public_documents/7": True, "https://elsewhere.example.org/7": False}


def test_a_search_pages_to_the_declared_total(server, client, key):
    play_api(server, {number: document(number) for number in range(1, 231)})
    assert len(cil.search("cell", client, limit=1000)) == 230
    assert len(cil.search("cell", client, limit=7)) == 7
    play_api(server, {1: document(1)}, total=2)
    with pytest.raises(ArchiveAnswerError, match="gave 1 rows from row 0 on; expected 2"):
        cil.search("cell", client)


def test_a_search_without_total_is_refused(server, client, key):
    server.add(f"{API}/public_documents", json={"error": True, "error_message": "Unable to parse the query"})
    with pytest.raises(ArchiveAnswerError, match="without a total"):
        cil.search("cell", client)


def test_what_is_not_public_is_answered_with_200_and_told(server, client, key):
    play_api(server, {})
    with pytest.raises(RecordNotFoundError, match="no public record 99999"):
        cil.fetch_record("99999", client)


def test_what_is_not_in_the_dump_is_told(server, client, keyless):
    with pytest.raises(RecordNotFoundError, match=r"not in the public dump .* of 2018-04-09"):
        cil.fetch_record("99999", client)
    with pytest.raises(RecordNotFoundError, match="look like 10104"):
        cil.fetch_record("10104/../1", client)


def test_videos_and_alternative_files(report):
    video = document(7199)["CIL_CCDB"]
    video["Data_type"] |= {"Video": True, "Still_image": False}
    video["CIL"]["Image_files"] = [
        {"File_type": "Jpeg", "File_path": "7199.jpg", "Size": 87144},
        {"File_type": "Flv", "File_path": "7199.flv", "Size": 20457780},
        {"File_type": "Zip", "File_path": "../../x.zip", "Size": 1},
    ]
    video["CIL"]["Alternative_image_files"] = {
        "File_type": "Zip",
        "File_path": "BBBC022_v1_images_20585w1.zip",
        "URL_postfix": "/broad_data/plate_20585/BBBC022_v1_images_20585w1.zip",
        "Size": 1383949189,
    }
    record = cil.parse_record("7199", {"CIL_CCDB": video}, report)
    assert record.url == f"{MEDIA}/videos/7199/7199.flv"
    assert record.keywords[0] == "video"
    files = cil.parse_files("7199", {"CIL_CCDB": video}, report)
    assert files[-1].url == "https://cildata.crbs.ucsd.edu/broad_data/plate_20585/BBBC022_v1_images_20585w1.zip"
    assert not any(".." in file.path for file in files)
    assert "../../x.zip" in " ".join(defect.text for defect in report.defects)


@pytest.mark.parametrize(
    ("terms", "licence"),
    [
        ("public_domain", "LicenseRef-public-domain"),
        ("attribution_cc_by", "LicenseRef-CC-BY-unversioned"),
        ("attribution_nc_sa", "LicenseRef-CC-BY-NC-SA-unversioned"),
        ("attribution_nc_nd", "LicenseRef-CC-BY-NC-ND-unversioned"),
        ("copyright", "LicenseRef-all-rights-reserved"),
        ("", None),
    ],
)
def test_terms_are_those_of_the_record(terms, licence, report):
    record = cil.parse_record("1", document(1, TERMSANDCONDITIONS={"free_text": terms}), report)
    assert record.licence == licence
    assert bool(report.defects) == (licence is None)


def test_a_time_series_in_microns_and_nonsense(report):
    dimension = [
        {"Space": {"axis": "X", "Image_size": 512, "Pixel_size": {"unit": "microns", "value": 0.2134}}},
        {"Space": {"axis": "Y", "Image_size": 512, "Pixel_size": {"unit": "seconds", "value": 3}}},
        {"Space": {"axis": "Z", "Image_size": 0}},
        {"Time": {"unit": "microns", "frame": "61", "value": 300}},
    ]
    record = cil.parse_record("35882", document(35882, DIMENSION=dimension), report)
    assert (record.axes, record.shape) == (("t", "y", "x"), (61, 512, 512))
    assert record.spacing == (None, None, 0.2134)
    assert "no unit of length" in report.defects[0].text


def test_a_harvest_of_the_dump(server, client, report, monkeypatch):
    monkeypatch.setattr(cil, "_PAGE", 2)
    play_dump(
        server,
        {2: document(2), 10: document(10), 9: {"CIL_CCDB": []}, 111: "{cut off", 46280: {"CIL_CCDB": {"CIL": {}}}},
    )
    pages = list(cil.harvest(client, report))
    assert [[record.identifier for record in page.records] for page in pages] == [["cil:2"], ["cil:10"], ["cil:46280"]]
    assert [(page.cursor, page.rows, page.total) for page in pages] == [("2", 2, 5), ("4", 2, 5), ("5", 1, 5)]
    assert [loss.identifier for loss in report.losses] == ["cil:9", "cil:111"]
    assert pages[2].records[0].title == "CIL:46280"
    assert [page.cursor for page in cil.harvest(client, report, cursor="4")] == ["5"]


def test_nothing_of_the_dump_is_newer_than_it(server, client, report):
    (page,) = cil.harvest(client, report, since=date(2020, 1, 1))
    assert page.records == ()
    assert server.requests == []


def test_a_dump_that_is_cut_off_is_refused(server, client, report):
    play_dump(server, {2: document(2)})
    server.cut(ZIP, after=100, times=1)
    assert len(list(cil.harvest(client, report))) == 1
    server.add(ZIP, body=b"PK but no zip file")
    with pytest.raises(ArchiveAnswerError, match="is no zip file"):
        list(cil.harvest(client, report))


def test_a_document_that_unpacks_to_too_much_is_lost_alone(server, client, report):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as dump:
        dump.writestr("x/Version8_6/DATA/CIL_PUBLIC_DATA/1.json", " " * (5 * 2**20))
        dump.writestr("x/Version8_6/DATA/CIL_PUBLIC_DATA/2.json", json.dumps(document(2)))
    server.add(ZIP, body=content.getvalue())
    (page,) = cil.harvest(client, report)
    assert [record.identifier for record in page.records] == ["cil:2"]
    assert "has 5,242,880 bytes; expected a document of at most 4,194,304" in report.losses[0].reason


def test_a_document_that_is_damaged_in_the_dump_is_lost_alone(server, client, report):
    folder, content = "x/Version8_6/DATA/CIL_PUBLIC_DATA", io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as dump:
        dump.writestr(f"{folder}/1.json", json.dumps(document(1)))
        place = dump.infolist()[0].header_offset + 30 + len(f"{folder}/1.json")
        dump.writestr(f"{folder}/2.json", json.dumps(document(2)))
    damaged = bytearray(content.getvalue())
    damaged[place : place + 20] = b"\xff" * 20
    server.add(ZIP, body=bytes(damaged))
    (page,) = cil.harvest(client, report)
    assert [record.identifier for record in page.records] == ["cil:2"]
    assert "1.json" in report.losses[0].reason
    assert "is no whole JSON document" in report.losses[0].reason


SAMPLES = sorted(RECORDED.glob("sample_records/*.json"))


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_recorded_documents(file, report):
    content = json.loads(file.read_text())
    record = cil.parse_record(file.stem, content, report)
    assert record.doi == f"10.7295/W9CIL{file.stem}"
    assert record.licence or any(defect.field == "licence" for defect in report.defects)
    assert record.files == len(cil.parse_files(file.stem, content, report))
    assert record.url
    assert "@" not in record.model_dump_json()


@given(content=damaged(document(10104)))
def test_a_damaged_document_is_a_record_or_told(content):
    with suppress(CatalogError):
        cil.parse_record("10104", content, Report(quiet=True))
