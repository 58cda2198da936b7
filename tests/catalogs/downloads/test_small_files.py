"""Many small files: one thread has many of them under way, whatever the store does meanwhile."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.downloads.items import Item
from bioimagehub.catalogs.reader import installed_reader
from catalogs.downloads.made import make_bytes
from servers.store import BEFORE, StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bioimagehub.catalogs.downloads import Report

    Get = Callable[..., Report]

COUNT = 200
NAMES = [f"{number:03}.tif" for number in range(COUNT)]
TROUBLES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "busy": {"status": 429, "headers": {"Retry-After": "1"}, "skip": 60, "times": 5},
    "refusing": {"status": 429, "skip": 60, "times": 20},
    "failing": {"status": 500, "skip": 60, "times": 20},
    "cut in the head": {"cut": BEFORE, "skip": 60, "times": 20},
    "cut": {"cut": 1000, "skip": 60, "times": 20},
    "reset": {"reset": 1000, "skip": 60, "times": 20},
    "silent": {"stall": BEFORE, "skip": 60, "times": 5},
    "silent in the middle": {"stall": 2000, "skip": 60, "times": 5},
    "slow": {"rate": 20_000.0, "skip": 60, "times": 5},
    "slow to begin": {"wait": 0.3, "skip": 60, "times": 5},
    "not telling the length": {"framing": "chunked"},
    "ending with the connection": {"framing": "close"},
    "hanging up": {"hang_up": True},
    "hanging up now and then": {"hang_up": True, "skip": 60, "times": 40},
}


@pytest.fixture(params=[False, True], ids=["http", "https"])
def store(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreServer]:
    with StoreServer(folder, delay=0.005, tls=request.param) as server:
        if server.certificate is not None:
            monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
            installed_reader.cache_clear()
        yield server


@pytest.fixture
def truth(folder: Path) -> dict[str, bytes]:
    made = {name: make_bytes(3_000 + 37 * number, number) for number, name in enumerate(NAMES)}
    made[NAMES[70]] = b""
    made[NAMES[80]] = make_bytes(900_000, 80)
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return made


def listed(store: StoreServer, truth: dict[str, bytes]) -> list[Item]:
    return [Item(path=name, urls=(f"{store.url}/{name}",), size=len(data)) for name, data in truth.items()]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_all_come_right(store: StoreServer, get: Get, into: Path, truth: dict[str, bytes], trouble: str) -> None:
    if TROUBLES[trouble]:
        store.fault("*.tif", **TROUBLES[trouble])
    report = get(*listed(store, truth), connections=16)
    assert report.counts == {"fetched": COUNT}
    assert {name: (into / name).read_bytes() for name in truth} == truth
    assert {each.checksum for each in report.files} == {f"crc32:{zlib.crc32(data):08x}" for data in truth.values()}
    assert not list(into.glob("*.part"))
    assert store.most_at_once <= 16
    if trouble == "nothing":
        assert store.count == COUNT
        assert store.connections <= 17


def test_files_that_fail_do_not_stop_the_others(
    store: StoreServer, get: Get, into: Path, truth: dict[str, bytes]
) -> None:
    store.fault("*3.tif", status=404)
    store.fault("*7.tif", flip=10)
    store.fault("*8.tif", status=403)
    items = [
        replace(each, checksum=f"etag:{'0' * 32}") if each.path.endswith("7.tif") else each
        for each in listed(store, truth)
    ]
    wrong = [Item(path="wrong.tif", urls=(f"{store.url}/000.tif",), size=5)]
    report = get(*items, *wrong, connections=16)
    failed = {each.path for each in report.files if each.status == "failed"}
    assert failed == {name for name in NAMES if name[2] in "38"} | {"wrong.tif"}
    assert {each.name for each in into.glob("*.tif")} == set(NAMES) - failed
    reasons = " ".join(str(each.reason) for each in report.files)
    assert "the archive lists it with 5" in reasons
    assert "may not be read without permission (HTTP 403)" in reasons


@pytest.mark.parametrize("store", [False], ids=["http"], indirect=True)
def test_a_redirect_to_another_host_is_followed(
    store: StoreServer, get: Get, into: Path, truth: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    with StoreServer(folder) as second:
        for name in NAMES:
            store.fault(name, status=302, headers={"Location": f"{second.url}/{name}"})
        assert get(*listed(store, truth), connections=16).counts == {"fetched": COUNT}
        assert second.count == COUNT
    assert {name: (into / name).read_bytes() for name in truth} == truth


def test_what_is_there_is_not_asked_for(store: StoreServer, get: Get, into: Path, truth: dict[str, bytes]) -> None:
    items = listed(store, truth)
    get(*items[:150], connections=16)
    store.reset()
    assert get(*items, connections=16).counts == {"verified": 150, "fetched": 50}
    assert store.count == 50


def test_what_a_power_failure_took_comes_again(
    store: StoreServer, get: Get, into: Path, truth: dict[str, bytes]
) -> None:
    """The names of files may be on the disk before their bytes: see `Manifest.doubtful`."""
    items = listed(store, truth)
    get(*items[:100], connections=16)
    get(*items, connections=16)
    runs = into / ".bioimagehub" / "runs.jsonl"
    marks = [json.loads(line) for line in runs.read_text().splitlines()]
    assert [mark["machine"] is None for mark in marks] == [False, True, False, True]
    marks[2]["machine"] = "as it ran before"
    runs.write_text("".join(f"{json.dumps(mark)}\n" for mark in marks[:3]))
    for name in (NAMES[5], NAMES[105], NAMES[150]):
        (into / name).write_bytes(b"")
    store.reset()
    report = get(*items, connections=16)
    assert report.counts == {"verified": COUNT - 3, "fetched": 2, "failed": 1}
    assert store.count == 2
    told = {each.path: " ".join(each.notes) + str(each.reason) for each in report.files}
    assert "had not reached the disk when the machine stopped" in told[NAMES[105]]
    assert "has changed since" in told[NAMES[5]]
    assert get(*items[6:], connections=16).counts == {"verified": COUNT - 6}
