from __future__ import annotations

import json
import os
import threading
from collections import Counter
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs import Catalog, pins
from bioimagehub.catalogs.archives.client import Client
from bioimagehub.catalogs.errors import (
    ArchiveUnreachableError,
    CatalogNotFoundError,
    InvalidDocumentError,
    InvalidEntryError,
    LockMismatchError,
    LockNotWritableError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.records import Record, parse_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def make(**fields: Any) -> Record:
    """A study of IDR, changed by `fields`."""
    study = {
        "identifier": "idr:idr0062",
        "kind": "study",
        "version": "1",
        "title": "NesSys: nuclei in intact tissues and dense 3D cultures",
        "source": "Image Data Resource",
        "source_url": "https://idr.openmicroscopy.org/study/idr0062/",
        "licence": "CC-BY-4.0",
        "released": "2019-06-17",
        "size": 21_000_000_000,
        "facts": [{"source": "studies.tsv", "retrieved": "2026-03-30"}],
    }
    return parse_record({**study, **fields}, "here")


IMAGE = {"identifier": "idr:idr0062/6001240", "kind": "image", "part_of": "idr:idr0062"}


class Host:
    """A web server on loopback with files that have ETags."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, str]] = {}
        self.status = 200
        self.asked: Counter[str] = Counter()
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                host.asked[self.path] += 1
                headers = host.files.get(self.path)
                self.send_response(404 if headers is None else host.status)
                for name, value in (headers or {"Content-Length": "0"}).items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    with host.server:
        thread = threading.Thread(target=host.server.serve_forever, daemon=True)
        thread.start()
        yield host
        host.server.shutdown()
        thread.join(timeout=10)


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(rate=1000.0, timeout=5.0, tries=2, patience=5.0, pause=0.01) as client:
        yield client


def test_a_lock_holds_what_tells_one_version_from_another(tmp_path: Path) -> None:
    lock = pins.write_lock(tmp_path / "data.lock.json", [make()], catalog="entries of 2026-03-30")
    stored = json.loads((tmp_path / "data.lock.json").read_text())
    assert stored["layout"] == 1
    assert stored["catalog"] == "entries of 2026-03-30"
    assert stored["locked"].endswith("Z")
    (pin,) = stored["pins"]
    assert pin.pop("facts") == pins.digest(make())
    assert pin == {
        "identifier": "idr:idr0062",
        "version": "1",
        "size": 21_000_000_000,
        "released": "2019-06-17",
        "licence": "CC-BY-4.0",
        "retrieved": "2026-03-30",
    }
    assert pins.read_lock(tmp_path / "data.lock.json") == lock
    assert lock.find("idr:idr0062") == lock.pins[0]
    assert lock.find("idr:idr0063") is None


def test_the_order_of_the_records_and_repetition_do_not_matter(tmp_path: Path) -> None:
    records = [make(), make(identifier="bia:S-BIAD1"), make(**IMAGE)]
    first = pins.write_lock(tmp_path / "a.json", records)
    second = pins.write_lock(tmp_path / "b.json", [*reversed(records), records[0]])
    assert first.pins == second.pins
    assert [pin.identifier for pin in first.pins] == ["bia:S-BIAD1", "idr:idr0062", "idr:idr0062/6001240"]


def test_a_lock_of_what_did_not_change_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "data.lock.json"
    pins.write_lock(file, [make()])
    text = file.read_text().replace('"locked": "2', '"locked": "1')
    file.write_text(text)
    pins.write_lock(file, [make(description="Our words.", scales=["cells"])])
    assert file.read_text() == text
    pins.write_lock(file, [make(version="2")])
    assert file.read_text() != text


def test_two_records_of_one_identifier_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidEntryError, match=r"idr:idr0062 cannot be locked.*Lock records of one catalog"):
        pins.write_lock(tmp_path / "data.lock.json", [make(), make(version="2")])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        LockNotWritableError, match=r"nowhere.*cannot be written.*Name a file in a folder that is there"
    ):
        pins.write_lock(tmp_path / "nowhere" / "data.lock.json", [make()])


def test_what_fails_on_the_way_leaves_the_old_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "data.lock.json"
    pins.write_lock(file, [make()])
    before = file.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LockNotWritableError, match="No space left"):
        pins.write_lock(file, [make(version="2")])
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["data.lock.json"]


def test_a_file_that_is_no_lock_is_not_replaced(tmp_path: Path) -> None:
    notebook = tmp_path / "analysis.ipynb"
    notebook.write_text('{"cells": []}')
    with pytest.raises(InvalidDocumentError, match=r"analysis.ipynb is not a lock.*move it away and lock anew"):
        pins.write_lock(notebook, [make()])
    assert notebook.read_text() == '{"cells": []}'


def test_a_missing_lock_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogNotFoundError, match=r"was not found.*bioimagehub catalog lock"):
        pins.read_lock(tmp_path / "data.lock.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"layout": 2, "locked": "2026-01-01T00:00:00Z", "catalog": "x", "pins": []}',
        '{"layout": 1, "locked": "yesterday", "catalog": "x", "pins": []}',
        '{"layout": 1, "locked": "2026-01-01T00:00:00", "catalog": "x", "pins": []}',
        '{"layout": 1, "locked": "2026-01-01T00:00:00Z", "catalog": "x", "pins": [{"identifier": "a:b"}]}',
        '{"layout": 1, "locked": "2026-01-01T00:00:00Z", "catalog": "x", "pins": [], "script": "x"}',
        "\x00\x01",
    ],
)
def test_a_damaged_lock_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "data.lock.json").write_text(text)
    with pytest.raises(InvalidDocumentError, match=r"data.lock.json is not a lock, or was damaged: .+ Take it from"):
        pins.read_lock(tmp_path / "data.lock.json")


def test_every_cut_of_a_lock_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "data.lock.json"
    pins.write_lock(file, [make(), make(**IMAGE)])
    whole = file.read_bytes()
    for length in range(0, len(whole) - 2, 7):
        file.write_bytes(whole[:length])
        with pytest.raises(InvalidDocumentError):
            pins.read_lock(file)


def test_pins_out_of_order_or_twice_are_no_lock(tmp_path: Path) -> None:
    file = tmp_path / "data.lock.json"
    pins.write_lock(file, [make(), make(**IMAGE)])
    stored = json.loads(file.read_text())
    for wrong in (stored["pins"][::-1], stored["pins"][:1] * 2):
        file.write_text(json.dumps({**stored, "pins": wrong}))
        with pytest.raises(InvalidDocumentError, match="order of their identifiers, each once"):
            pins.read_lock(file)


@pytest.mark.parametrize(
    ("field", "value", "locked", "found"),
    [
        ("version", "2", "1", "2"),
        ("version", None, "1", None),
        ("size", 5, "21000000000", "5"),
        ("licence", "CC0-1.0", "CC-BY-4.0", "CC0-1.0"),
        ("released", "2020-01-01", "2019-06-17", "2020-01-01"),
        ("modified", "2020-01-01", None, "2020-01-01"),
        ("checksum", f"md5:{'0' * 32}", None, f"md5:{'0' * 32}"),
        ("url", "https://example.org/a", None, "https://example.org/a"),
    ],
)
def test_each_field_that_changed_is_told(
    tmp_path: Path, field: str, value: Any, locked: str | None, found: str | None
) -> None:
    lock = pins.write_lock(tmp_path / "lock", [make()])
    changes = pins.compare(lock, [make(**{field: value})])
    assert changes == [pins.Change("idr:idr0062", field, locked, found)]
    assert str(changes[0]) == f"idr:idr0062: {field} was {locked or 'not stated'}, is {found or 'not stated'}"


def test_another_title_is_a_change_of_the_facts(tmp_path: Path) -> None:
    lock = pins.write_lock(tmp_path / "lock", [make()])
    (change,) = pins.compare(lock, [make(title="Another")])
    assert (change.field, change.locked, change.found) == (
        "facts",
        pins.digest(make()),
        pins.digest(make(title="Another")),
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"facts": [{"source": "elsewhere", "retrieved": "2027-01-01"}]},
        {"description": "Our words."},
        {"scales": ["cells"], "technologies": ["confocal microscopy"], "data_types": ["benchmark"]},
        {"thumbnail": "https://example.org/t.png"},
        {"reference": True},
    ],
)
def test_what_is_ours_or_when_it_was_read_is_no_change(tmp_path: Path, fields: dict[str, Any]) -> None:
    assert pins.compare(pins.write_lock(tmp_path / "lock", [make()]), [make(**fields)]) == []


def test_a_record_that_vanished_is_told_and_one_that_is_not_locked_is_passed_over(tmp_path: Path) -> None:
    lock = pins.write_lock(tmp_path / "lock", [make()])
    (change,) = pins.compare(lock, [make(identifier="bia:S-BIAD1")])
    assert change == pins.Change("idr:idr0062", "identifier", "idr:idr0062", None)
    assert str(change) == "idr:idr0062 is no longer in the catalog"


def test_check_refuses_what_is_not_as_it_was_locked() -> None:
    pin = pins.make_pin(make())
    pins.check(make(), pin)
    with pytest.raises(
        LockMismatchError,
        match=r"idr:idr0062 is not what was locked: .*version was 1, is 2; .*size was .*, is 5\. .*lock anew",
    ):
        pins.check(make(version="2", size=5), pin)
    with pytest.raises(LockMismatchError, match="is not what was locked"):
        pins.check(make(identifier="idr:idr0063"), pin)


def test_verify_looks_records_up_in_a_catalog(tmp_path: Path) -> None:
    lock = pins.write_lock(tmp_path / "lock", [make(), make(**IMAGE)])
    assert pins.verify(lock, Catalog([make(), make(**IMAGE)])) == []
    assert [(change.identifier, change.field) for change in pins.verify(lock, Catalog([make(size=1)]))] == [
        ("idr:idr0062", "size"),
        ("idr:idr0062/6001240", "identifier"),
    ]


def test_a_sample_is_pinned_by_the_checksum_of_its_files(tmp_path: Path, catalog: Catalog) -> None:
    record = catalog["samples:bbbc038-nuclei"]
    lock = pins.write_lock(tmp_path / "lock", [record])
    assert record.checksum is not None
    assert lock.pins[0].checksum == record.checksum
    assert pins.verify(lock, catalog) == []
    other = record.model_copy(update={"checksum": f"sha256:{'0' * 64}"})
    assert [change.field for change in pins.compare(lock, [other])] == ["checksum"]


def test_the_etag_of_a_file(tmp_path: Path, host: Host, client: Client) -> None:
    headers = {"ETag": '"abc"', "Content-Length": "12", "Last-Modified": "Mon, 17 Jun 2019 00:00:00 GMT"}
    host.files["/map.mrc"] = headers
    record = make(**IMAGE, driver="mrc", url=f"{host.url}/map.mrc")
    lock = pins.write_lock(tmp_path / "lock", [record], client=client)
    assert lock.pins[0].served == pins.Served(
        url=f"{host.url}/map.mrc", etag="abc", size=12, modified=date(2019, 6, 17)
    )
    catalog = Catalog([record])
    assert pins.verify(lock, catalog, client=client) == []
    headers["ETag"] = '"def"'
    assert pins.verify(lock, catalog, client=client) == [pins.Change(record.identifier, "served.etag", "abc", "def")]
    assert pins.verify(lock, catalog) == []
    del host.files["/map.mrc"]
    assert [change.field for change in pins.verify(lock, catalog, client=client)] == ["served.url"]


@pytest.mark.parametrize(
    ("version", "stored"), [("0.4", ".zattrs"), ("0.5", "zarr.json"), (None, "zarr.json"), (None, ".zattrs")]
)
def test_the_etag_of_an_ome_zarr_image_is_that_of_its_metadata(
    tmp_path: Path, host: Host, client: Client, version: str | None, stored: str
) -> None:
    host.files[f"/a.zarr/{stored}"] = {"ETag": '"abc"', "Content-Length": "12"}
    record = make(**IMAGE, driver="ome_zarr", url=f"{host.url}/a.zarr/", format_version=version)
    (pin,) = pins.write_lock(tmp_path / "lock", [record], client=client).pins
    assert pin.served is not None
    assert pin.served.url == f"{host.url}/a.zarr/{stored}"
    assert pins.verify(pins.read_lock(tmp_path / "lock"), Catalog([record]), client=client) == []


def test_an_image_that_is_not_there_is_not_locked(tmp_path: Path, host: Host, client: Client) -> None:
    record = make(**IMAGE, driver="ome_zarr", url=f"{host.url}/a.zarr")
    with pytest.raises(RecordNotFoundError):
        pins.write_lock(tmp_path / "lock", [record], client=client)
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_does_not_answer_is_no_change(tmp_path: Path, host: Host, client: Client) -> None:
    host.files["/map.mrc"] = {"ETag": '"abc"', "Content-Length": "12"}
    record = make(**IMAGE, driver="mrc", url=f"{host.url}/map.mrc")
    lock = pins.write_lock(tmp_path / "lock", [record], client=client)
    host.status = 503
    with pytest.raises(ArchiveUnreachableError):
        pins.verify(lock, Catalog([record]), client=client)


def test_what_is_on_this_machine_or_has_no_address_is_not_asked_for(
    tmp_path: Path, catalog: Catalog, client: Client
) -> None:
    lock = pins.write_lock(tmp_path / "lock", [make(), catalog["samples:nuclei-3d"]], client=client)
    assert [pin.served for pin in lock.pins] == [None, None]


def test_a_path_with_spaces(tmp_path: Path) -> None:
    record = make(**IMAGE, driver="ome_zarr", url="/data/my images/a.zarr")
    (pin,) = pins.write_lock(tmp_path / "lock", [record]).pins
    assert pin.url == "/data/my images/a.zarr"
    assert pins.read_lock(tmp_path / "lock").pins == (pin,)


SECRETS = [
    "https://host/a.zarr?key=s3cret",
    "https://user:s3cret@host/a.zarr",
    "https://host/a.zarr?x=1&access_token=s3cret",
    "https://host/a.zarr?X-Amz-Credential=s3cret&X-Amz-Signature=s3cret",
    "https://host/a.zarr?X-Amz-Security-Token=s3cret",
    "https://host/a.zarr?AWSAccessKeyId=s3cret",
    "https://host/a.zarr?sv=2020&sig=s3cret",
    "https://host/a.zarr#token=s3cret",
]


@pytest.mark.parametrize("url", SECRETS)
def test_no_secret_is_written(tmp_path: Path, url: str) -> None:
    record = make(**IMAGE, driver="ome_zarr", url=url)
    lock = pins.write_lock(tmp_path / "lock", [record])
    assert "s3cret" not in (tmp_path / "lock").read_text()
    other = record.model_copy(update={"url": url.replace("s3cret", "an0ther")})
    # A new key to the same image is the same image.
    assert pins.compare(lock, [other]) == []
    pins.check(other, lock.pins[0])


def test_the_host_is_asked_with_the_key_and_the_lock_is_written_without(
    tmp_path: Path, host: Host, client: Client
) -> None:
    host.files["/map.mrc?key=s3cret"] = {"ETag": '"abc"', "Content-Length": "12"}
    record = make(**IMAGE, driver="mrc", url=f"{host.url}/map.mrc?key=s3cret")
    lock = pins.write_lock(tmp_path / "lock", [record], client=client)
    assert lock.pins[0].served is not None
    assert lock.pins[0].served.etag == "abc"
    assert "s3cret" not in (tmp_path / "lock").read_text()
    assert host.asked == {"/map.mrc?key=s3cret": 1}
