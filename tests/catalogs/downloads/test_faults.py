"""A store that does everything wrong: never wrong bytes, never an endless wait, and what was good is not lost."""

from __future__ import annotations

import hashlib
import re
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.downloads import FetchSettings, Outcome, Plan, Report, fetch
from bioimagehub.catalogs.downloads.items import Item
from catalogs.downloads.made import FAST, make_bytes
from servers.archives import ArchiveServer
from servers.forged import ForgedServer
from servers.store import BEFORE, StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Get = Callable[..., Report]

LARGE = 20_000_000


@pytest.fixture(params=[40_000, LARGE], ids=["small", "large"])
def truth(request: pytest.FixtureRequest, folder: Path) -> bytes:
    content = make_bytes(request.param)
    (folder / "image.tif").write_bytes(content)
    return content


def only(report: Report) -> Outcome:
    (outcome,) = report.files
    return outcome


@pytest.mark.parametrize(
    "fault",
    [
        {"cut": BEFORE, "times": 2},
        {"cut": 10_000, "times": 2},
        {"reset": 10_000, "times": 2},
        {"stall": 10_000, "times": 2},
        {"status": 500, "times": 2},
        {"status": 429, "headers": {"Retry-After": "0"}, "times": 4},
        {"status": 503, "headers": {"Retry-After": "1"}, "times": 1},
        {"whole": True},
        {"framing": "chunked"},
        {"hang_up": True},
        {"wait": 0.2},
    ],
    ids=str,
)
def test_a_fault_that_passes_is_survived(store: StoreServer, get: Get, into: Path, truth: bytes, fault: Any) -> None:
    store.fault("image.tif", **fault)
    report = get("image.tif")
    assert only(report).status == "fetched", only(report).reason
    assert (into / "image.tif").read_bytes() == truth
    assert only(report).checksum == f"crc32:{zlib.crc32(truth):08x}"
    assert not list(into.rglob("*.part"))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 404}, r"is not there \(HTTP 404\)\. Look the file up"),
        ({"status": 403}, "may not be read without permission"),
        ({"status": 500}, "failed .HTTP 500., at 3 tries in a row. Run the command again"),
        ({"status": 302, "headers": {"Location": "/image.tif"}}, "redirects more than 5 times"),
        ({"status": 302, "headers": {"Location": "ftp://example.org/x"}}, "no address of http, https or s3"),
        ({"headers": {"Content-Encoding": "br"}}, "sends its bytes as br"),
        ({"status": 429, "headers": {"Retry-After": "3600"}}, "asks to wait for 3600 s"),
        ({"stall": BEFORE}, "at 3 tries in a row"),
        ({"shift": 5, "flip": 3, "headers": {"Content-Range": "bytes 5-9/20"}}, "expected|agree|says"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fault_that_stays_is_told(
    store: StoreServer, get: Get, into: Path, truth: bytes, fault: Any, reason: str
) -> None:
    if "shift" in fault and len(truth) < LARGE:
        fault = {"cut": 100}
        reason = "at 3 tries in a row"
    store.fault("image.tif", **fault)
    began = time.monotonic()
    outcome = only(get("image.tif"))
    assert outcome.status == "failed"
    assert re.search(reason, outcome.reason or ""), outcome.reason
    assert not (into / "image.tif").exists()
    assert time.monotonic() - began < 30


def test_one_failure_does_not_stop_the_others(store: StoreServer, get: Get, folder: Path, into: Path) -> None:
    for number in range(30):
        (folder / f"{number}.tif").write_bytes(make_bytes(1000, number))
    store.fault("7.tif", status=404)
    report = get(*(f"{number}.tif" for number in range(30)))
    assert report.counts == {"fetched": 29, "failed": 1}
    assert not report.complete
    store.mend()
    store.reset()
    assert get(*(f"{number}.tif" for number in range(30))).counts == {"fetched": 1, "verified": 29}
    assert store.count == 1


@pytest.mark.parametrize("kind", ["md5", "sha256", "etag"])
def test_wrong_bytes_are_not_kept(store: StoreServer, get: Get, into: Path, truth: bytes, kind: str) -> None:
    digest = hashlib.new("md5" if kind == "etag" else kind, truth).hexdigest()
    item = Item(path="image.tif", urls=(f"{store.url}/image.tif",), size=len(truth), checksum=f"{kind}:{digest}")
    store.fault("image.tif", flip=123)
    outcome = only(get(item))
    if kind == "etag":
        # The same bytes twice: the tag is no MD5, which is told.
        assert outcome.status == "fetched"
        assert any("is not the md5 of the file" in note for note in outcome.notes)
        return
    assert outcome.status == "failed"
    assert f"the archive states {digest}" in str(outcome.reason)
    assert not (into / "image.tif").exists()
    store.mend()
    outcome = only(get(item))
    assert (outcome.status, outcome.checksum) == ("fetched", f"{'md5' if kind == 'etag' else kind}:{digest}")
    assert (into / "image.tif").read_bytes() == truth


def test_bytes_that_were_damaged_once_are_fetched_again(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    store.fault("image.tif", flip=123, times=1)
    digest = hashlib.md5(truth, usedforsecurity=False).hexdigest()
    outcome = only(get(Item(path="image.tif", urls=(f"{store.url}/image.tif",), checksum=f"md5:{digest}")))
    assert outcome.status == "fetched"
    assert "It was fetched again." in outcome.notes[0]
    assert (into / "image.tif").read_bytes() == truth


def test_a_size_that_the_archive_does_not_list_is_told(store: StoreServer, get: Get, truth: bytes) -> None:
    outcome = only(get(Item(path="image.tif", urls=(f"{store.url}/image.tif",), size=len(truth) + 1)))
    assert outcome.status == "failed"
    assert f"has {len(truth):,} bytes; the archive lists it with {len(truth) + 1:,}" in str(outcome.reason)


def test_a_host_that_moved_is_left_for_the_next(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    store.fault("old/*", status=404)
    item = Item(path="image.tif", urls=("http://127.0.0.1:9/image.tif", f"{store.url}/old/i", f"{store.url}/image.tif"))
    outcome = only(get(item))
    assert (outcome.status, outcome.url) == ("fetched", f"{store.url}/image.tif")
    assert len(outcome.notes) == 2
    assert (into / "image.tif").read_bytes() == truth


def test_a_host_that_dies_half_way_is_left_for_its_mirror(
    store: StoreServer, get: Get, folder: Path, into: Path
) -> None:
    truth = make_bytes(LARGE)
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "image.tif").write_bytes(truth)
    store.fault("a/image.tif", cut=0, skip=2)
    outcome = only(get(Item(path="image.tif", urls=(f"{store.url}/a/image.tif", f"{store.url}/b/image.tif"))))
    assert outcome.status == "fetched", outcome.reason
    assert (into / "image.tif").read_bytes() == truth


def test_a_certificate_that_nobody_trusts_is_refused(tmp_path: Path, into: Path) -> None:
    with ForgedServer(tmp_path) as server:
        plan = Plan(source="test:set", items=(Item(path="a", urls=(f"{server.url}a",)),))
        began = time.monotonic()
        outcome = only(fetch(plan, into, settings=FetchSettings(**FAST)))
    assert outcome.status == "failed"
    assert "no certificate that can be trusted" in str(outcome.reason)
    assert time.monotonic() - began < 5


def test_a_file_that_changes_meanwhile_is_never_mixed(store: StoreServer, get: Get, folder: Path, into: Path) -> None:
    old, new = make_bytes(LARGE, 1), make_bytes(LARGE, 2)
    (folder / "image.tif").write_bytes(old)
    store.fault("image.tif", rate=1e6)
    changed = False

    def change(progress: Any) -> None:
        nonlocal changed
        if not changed and progress.moved > 2_000_000:
            changed = True
            fresh = folder / "fresh"
            fresh.write_bytes(new)
            fresh.replace(folder / "image.tif")
            store.mend()

    outcome = only(get("image.tif", progress=change, connections=4))
    assert changed
    assert outcome.status == "fetched", outcome.reason
    # Said so, a failure does not compare twenty million bytes one by one.
    assert {old: "old", new: "new"}.get((into / "image.tif").read_bytes(), "mixed") == "new"
    assert "thrown away" in outcome.notes[0]


def test_without_a_version_one_answer_brings_it_all(into: Path) -> None:
    """Nothing would tell whether two parts are of one version, so there is one part."""
    truth = make_bytes(LARGE)
    with ArchiveServer() as server:
        server.add("https://example.org/image.tif", body=truth)
        item = Item(path="image.tif", urls=(f"{server.url}example.org/image.tif",))
        outcome = only(fetch(Plan(source="test:set", items=(item,)), into, settings=FetchSettings(**FAST)))
        whole = [request for request in server.requests if "Range" not in request.headers]
    assert outcome.status == "fetched", outcome.reason
    assert (into / "image.tif").read_bytes() == truth
    assert len(whole) == 1


def test_a_file_of_no_stated_length_is_not_believed(store: StoreServer, get: Get, folder: Path, into: Path) -> None:
    (folder / "image.tif").write_bytes(make_bytes(3_000_000))
    store.fault("image.tif", framing="close", whole=True)
    outcome = only(get("image.tif"))
    assert outcome.status == "failed"
    assert "does not say how long it is" in str(outcome.reason)
    assert not (into / "image.tif").exists()
