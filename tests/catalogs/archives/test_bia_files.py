"""The files and the images of studies of the BioImage Archive: pages, paths, folders, buckets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from bioimagehub.catalogs.archives import bia
from bioimagehub.catalogs.archives.s3 import parse_listing
from bioimagehub.catalogs.errors import (
    AccessDeniedError,
    ArchiveAnswerError,
    RecordNotFoundError,
)
from servers.archives import Answer
from servers.bia import (
    API,
    BUCKET,
    FOLDER,
    INFO,
    NEXT,
    RECORDED,
    ROWS,
    S_BIAD599,
    UUID,
    listing,
    play_files,
    play_images,
    play_study,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_study_that_is_not_public_has_no_files_to_read(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD7/info", json=INFO | {"isPublic": False})
    with pytest.raises(AccessDeniedError, match="not public"):
        list(bia.list_files("S-BIAD7", client))


def test_a_large_study_lies_beside_its_files(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    server.add(f"{API}/studies/S-BIAD599", json={"ftpHttp_link": f"{FOLDER}/"})
    server.add(f"{FOLDER}/S-BIAD599.json", json=S_BIAD599)
    assert bia.fetch_record("S-BIAD599", client).licence == "CC-BY-4.0"


def test_all_files_come_though_the_default_page_is_25(server: Any, client: Any) -> None:
    rows = [{"path": f"{number:04}.tif", "Size": 1, "isDirectory": "false"} for number in range(2345)]
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO | {"files": 2345})
    play_files(server, rows)
    assert len(list(bia.list_files("S-BIAD599", client))) == 2345
    pages = [request.query for request in server.requests if request.url.split("?")[0].endswith("/files")]
    assert pages == [{"limit": "1000", "offset": str(start)} for start in (0, 1000, 2000)]


def test_the_older_list_is_asked_where_there_is_no_new_one(server: Any, client: Any) -> None:
    rows = [{"path": f"{number}.tif", "Size": 1, "isDirectory": "false"} for number in range(1200)]

    def answer(request: Any) -> Answer:
        length = int(request.query.get("length", 5))
        found = rows[int(request.query.get("start", 0)) :][:length] if length <= 1000 else []
        return Answer(
            200, json.dumps({"recordsFiltered": len(rows), "recordsTotal": len(rows), "data": found}).encode()
        )

    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    server.add(f"{API}/files/S-BIAD599", answer=answer)
    assert len(list(bia.list_files("S-BIAD599", client))) == 1200


def test_an_empty_list_beside_a_count_is_told(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO | {"files": 584})
    server.add(f"{API}/studies/S-BIAD599/files", json={"items": [], "pagination": {"total": 0}})
    with pytest.raises(ArchiveAnswerError, match="has 584 files and lists none"):
        list(bia.list_files("S-BIAD599", client))


def test_a_page_that_is_cut_short_is_told(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    server.add(f"{API}/studies/S-BIAD599/files", json={"items": ROWS, "pagination": {"total": 584}})
    with pytest.raises(ArchiveAnswerError, match="files of S-BIAD599 gave 2 rows from row 0 on; expected 584"):
        list(bia.list_files("S-BIAD599", client))


def test_rows_are_not_distinct_and_folders_are_no_files(report: Any) -> None:
    rows = [
        *ROWS,
        ROWS[0] | {"file_position": "2"},
        {"path": "folder", "isDirectory": "true"},
        {"path": "folder2", "type": "directory"},
        {"path": "../../etc/passwd", "Size": 1},
        {"path": "/etc/passwd", "Size": 1},
        {"Size": 1},
        "row",
    ]
    files = list(bia.parse_files(rows, f"{FOLDER}/Files", report, identifier="bia:S-BIAD599"))
    assert [file.path for file in files] == [row["path"] for row in ROWS]
    assert len(report.defects) == 4


def test_files_come_page_by_page(server: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bia, "BIOSTUDIES_ROWS", 2)
    play_study(server, "S-BIAD599", S_BIAD599)
    rows = [{"path": f"{number}.tif", "Size": 1, "type": "file", "isDirectory": "false"} for number in range(3)]
    url = f"{API}/studies/S-BIAD599/files"
    server.add(f"{url}?offset=0", json={"items": rows[:2], "pagination": {"total": 3}})
    server.add(f"{url}?offset=2", json={"items": [], "pagination": {"total": 3}})
    files = bia.list_files("S-BIAD599", client)
    assert [next(files).path, next(files).path] == ["0.tif", "1.tif"]
    assert sum(request.url.startswith(f"{url}?") for request in server.requests) == 1
    # A list that is not whole is told at its end.
    with pytest.raises(ArchiveAnswerError, match="gave 0 rows from row 2 on; expected 1"):
        next(files)


def test_paths_are_encoded_by_segment(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    play_files(server, ROWS)
    url = list(bia.list_files("S-BIAD599", client))[1].url
    assert url == f"{FOLDER}/Files/%231_Raw_Images/Zelle%20{quote('ä')}.tif"
    server.add(url, body=b"pixels")
    assert client.get_bytes(bia.resolve("S-BIAD599", ROWS[1]["path"], client)) == b"pixels"


def test_the_folder_of_the_files_is_asked_for_and_never_derived(server: Any, client: Any) -> None:
    elsewhere = "https://ftp.ebi.ac.uk/biostudies/nfs/S-BIAD/S-BIAD0-99/S-BIAD1"
    server.add(f"{API}/studies/S-BIAD1/info", json=INFO | {"httpLink": elsewhere})
    server.add(f"{elsewhere}/Files/a.tif", body=b"pixels")
    assert bia.resolve("S-BIAD1", "a.tif", client) == f"{elsewhere}/Files/a.tif"
    server.add(f"{API}/studies/S-BIAD2/info", json={"files": 1, "isPublic": True})
    with pytest.raises(ArchiveAnswerError, match="expected httpLink"):
        bia.resolve("S-BIAD2", "a.tif", client)


def test_a_file_that_is_not_there_or_not_inside(server: Any, client: Any) -> None:
    server.add(f"{API}/studies/S-BIAD599/info", json=INFO)
    with pytest.raises(RecordNotFoundError):
        bia.resolve("S-BIAD599", "none.tif", client)
    with pytest.raises(ArchiveAnswerError, match="expected a relative one"):
        bia.resolve("S-BIAD599", "../S-BIAD600/a.tif", client)


@pytest.mark.parametrize("bucket", [BUCKET, NEXT, "https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data"])
def test_images_are_found_in_whichever_bucket_they_are(server: Any, client: Any, bucket: str) -> None:
    play_study(server, "S-BIAD599", S_BIAD599)
    play_images(server, bucket)
    (image,) = bia.list_images("S-BIAD599", client)
    assert image.identifier == f"bia:S-BIAD599/{UUID}"
    assert (image.kind, image.part_of, image.driver) == ("image", "bia:S-BIAD599", "ome_zarr")
    assert image.licence == "CC-BY-4.0"
    assert image.organisms[0].name == "Danio rerio"
    assert image.thumbnail is not None
    assert image.thumbnail.endswith("-thumbnail-128-128.png")
    assert client.get_json(f"{image.url}/.zattrs") == {"multiscales": []}
    assert all(request.query["delimiter"] == "/" for request in server.requests if "prefix" in request.query)


def test_images_come_as_they_are_asked_for(server: Any, client: Any) -> None:
    play_study(server, "S-BIAD599", S_BIAD599)
    play_images(server, BUCKET)
    next(bia.list_images("S-BIAD599", client))
    assert sum("prefix" in request.query for request in server.requests) == 2


def test_not_every_study_has_images(server: Any, client: Any) -> None:
    play_study(server, "S-BIAD1", S_BIAD599 | {"accno": "S-BIAD1"})
    for bucket in (BUCKET, NEXT):
        server.add(f"{bucket}/?prefix=S-BIAD1/", body=listing("S-BIAD1/", []))
    assert list(bia.list_images("S-BIAD1", client)) == []


@pytest.mark.parametrize("file", sorted(RECORDED.glob("archivefs/bia_S-BIAD599_files.json")))
def test_recorded_files(file: Path, report: Any) -> None:
    answer = json.loads(file.read_text())
    files = list(bia.parse_files(answer["data"], f"{FOLDER}/Files", report, identifier="bia:S-BIAD599"))
    assert files[0].path == "20200220-ftp/experimentK/17A1DC6394/17A1DC6394_8bit_lynEGFP.tif"
    assert files[0].size == 149622587
    assert len(files) == len(answer["data"])


@pytest.mark.parametrize("file", sorted(RECORDED.glob("archivefs/bia_s3_*.xml")), ids=lambda file: file.stem)
def test_recorded_listings(file: Path) -> None:
    found = parse_listing(file.read_text(), BUCKET)
    assert found.folders
    assert all(folder.startswith("S-BIAD599/") and folder.endswith("/") for folder in found.folders)
