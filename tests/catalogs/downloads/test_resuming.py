"""What is there already: gone on with, checked, left alone, or in the way."""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import json
import os
import subprocess
import sys
import threading
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.downloads import FetchSettings, Plan, Report, fetch
from bioimagehub.catalogs.downloads.items import Item
from bioimagehub.catalogs.downloads.journal import read_journal
from bioimagehub.catalogs.errors import (
    FetchRunningError,
    FileInTheWayError,
    FolderNotWritableError,
    InsufficientSpaceError,
    UnsafeNameError,
)
from catalogs.downloads.made import FAST, make_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers.store import StoreServer

    Get = Callable[..., Report]

LARGE = 20_000_000


def stop_half_way(store: StoreServer, into: Path, at: int = LARGE // 2) -> Report:
    """Fetch half of the file, and stop."""
    store.fault("image.tif", rate=8e6)
    stop = threading.Event()

    def look(progress: Any) -> None:
        if progress.moved > at:
            stop.set()

    plan = Plan(source="test:set", items=(Item(path="image.tif", urls=(f"{store.url}/image.tif",)),))
    report = fetch(plan, into, settings=FetchSettings(**FAST, connections=4), progress=look, stop=stop)
    store.mend()
    store.reset()
    return report


@pytest.fixture
def truth(folder: Path) -> bytes:
    content = make_bytes(LARGE)
    (folder / "image.tif").write_bytes(content)
    return content


def test_it_goes_on_where_it_stopped(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    stopped = stop_half_way(store, into)
    assert stopped.counts == {"cancelled": 1}
    assert (into / "image.tif.part").stat().st_size == LARGE
    report = get("image.tif")
    assert report.counts == {"resumed": 1}
    assert (into / "image.tif").read_bytes() == truth
    assert store.bytes <= LARGE - stopped.moved + LARGE // 100
    assert report.moved == store.bytes
    assert not list((into / ".bioimagehub" / "journals").iterdir())
    assert not (into / "image.tif.part").exists()


def test_a_large_file_in_a_folder(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    assert get(Item(path="deep/er/image.tif", urls=(f"{store.url}/image.tif",), size=LARGE)).complete
    assert (into / "deep" / "er" / "image.tif").read_bytes() == truth


def test_what_is_there_is_checked_and_not_trusted(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    stop_half_way(store, into)
    (journal,) = (into / ".bioimagehub" / "journals").iterdir()
    found = read_journal(journal)
    assert found is not None
    piece = found[1][0]
    with (into / "image.tif.part").open("r+b") as part:
        part.seek(piece.start)
        part.write(b"\0" * 10)
    assert get("image.tif").counts == {"resumed": 1}
    assert (into / "image.tif").read_bytes() == truth


@pytest.mark.parametrize("damage", ["cut off", "nonsense", "empty", "of another file"])
def test_a_damaged_journal_costs_bytes_and_not_truth(
    store: StoreServer, get: Get, into: Path, truth: bytes, damage: str
) -> None:
    stop_half_way(store, into)
    (journal,) = (into / ".bioimagehub" / "journals").iterdir()
    text = journal.read_bytes()
    changed = {
        "cut off": text[: len(text) // 2],
        "nonsense": text + b'{"a"\n[1]\n[5, 2, 0]\n["x", 1, 2]\n\xff\n',
        "empty": b"",
        "of another file": text.replace(b"image.tif", b"other.tif"),
    }[damage]
    journal.write_bytes(changed)
    assert get("image.tif").complete
    assert (into / "image.tif").read_bytes() == truth


def test_a_file_that_changed_between_two_runs_is_begun_again(
    store: StoreServer, get: Get, folder: Path, into: Path, truth: bytes
) -> None:
    stop_half_way(store, into)
    new = make_bytes(LARGE, 7)
    (folder / "image.tif").write_bytes(new)
    report = get("image.tif")
    assert (into / "image.tif").read_bytes() == new
    assert "What had come of it was thrown away" in report.files[0].notes[0]


def test_whole_files_are_verified_and_not_asked_for(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    get("image.tif")
    store.reset()
    report = get("image.tif")
    assert (report.counts, report.moved, store.count) == ({"verified": 1}, 0, 0)


def test_a_file_that_was_changed_here_is_left_unless_it_may_be_replaced(
    store: StoreServer, get: Get, into: Path, truth: bytes
) -> None:
    get("image.tif")
    (into / "image.tif").write_bytes(b"my own work")
    report = get("image.tif")
    assert report.counts == {"failed": 1}
    assert "It was fetched and has changed since. Move it away" in str(report.files[0].reason)
    assert (into / "image.tif").read_bytes() == b"my own work"
    assert get("image.tif", replace=True).counts == {"fetched": 1}
    assert (into / "image.tif").read_bytes() == truth


def test_a_file_of_somebody_else_is_in_the_way(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    into.mkdir()
    (into / "image.tif").write_bytes(b"my own work")
    with pytest.raises(FileInTheWayError, match=r"1 files are in the way: .*image.tif.*nothing was written"):
        get("image.tif")
    assert (into / "image.tif").read_bytes() == b"my own work"
    assert store.count == 0
    assert get("image.tif", replace=True).counts == {"fetched": 1}


def test_a_file_with_the_checksum_of_the_archive_is_taken_for_it(
    store: StoreServer, get: Get, into: Path, truth: bytes
) -> None:
    into.mkdir()
    (into / "image.tif").write_bytes(truth)
    digest = hashlib.md5(truth, usedforsecurity=False).hexdigest()
    item = Item(path="image.tif", urls=(f"{store.url}/image.tif",), size=LARGE, checksum=f"md5:{digest}")
    assert get(item).counts == {"verified": 1}
    assert store.count == 0


def test_a_folder_in_the_way_is_told(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    (into / "image.tif").mkdir(parents=True)
    with pytest.raises(FileInTheWayError, match="1 files are in the way"):
        get("image.tif", replace=True)


def test_a_link_in_place_of_a_file_is_not_followed(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    into.mkdir()
    victim = into.parent / "victim"
    victim.write_bytes(b"precious")
    (into / "image.tif.part").symlink_to(victim)
    report = get("image.tif")
    assert victim.read_bytes() == b"precious"
    assert report.counts == {"failed": 1}
    (into / "image.tif.part").unlink()
    (into / "deep").symlink_to(into.parent)
    with pytest.raises(UnsafeNameError, match="is a link to"):
        get(Item(path="deep/image.tif", urls=(f"{store.url}/image.tif",)))


def test_one_process_at_a_time(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    hold = (
        "import sys, time; from pathlib import Path; from bioimagehub.catalogs.downloads.folder import Target\n"
        "with Target(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", hold, into], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(FetchRunningError, match=f"process {process.pid} on .*Wait until it has ended"):
            get("image.tif")
    finally:
        process.kill()
        process.communicate()
    # The holder is dead: its lock is gone with it.
    assert get("image.tif").counts == {"fetched": 1}


def test_a_disk_without_room_is_told_before(store: StoreServer, get: Get, into: Path) -> None:
    with pytest.raises(InsufficientSpaceError, match=r"bytes are free, 1,000,000,000,000,000 are needed\. Make room"):
        get(Item(path="image.tif", urls=(f"{store.url}/image.tif",), size=10**15))
    assert store.count == 0


def test_a_file_whose_size_shows_late_does_not_fill_the_disk(
    store: StoreServer, get: Get, folder: Path, into: Path
) -> None:
    (folder / "small.tif").write_bytes(b"small")
    with (folder / "huge.tif").open("wb") as huge:
        huge.truncate(10**13)
    report = get("huge.tif", "small.tif")
    assert report.counts == {"fetched": 1, "failed": 1}
    assert "10,000,000,000,000 are needed. Make room" in str(report.files[0].reason)


def test_a_folder_that_is_a_file_is_told(store: StoreServer, get: Get, into: Path) -> None:
    into.write_bytes(b"")
    with pytest.raises(FolderNotWritableError, match=r"cannot be written.*Choose another one"):
        get("image.tif")


def test_a_disk_that_fills_keeps_what_is_good(store: StoreServer, into: Path, truth: bytes) -> None:
    """On a real small disk: a tmpfs that somebody else fills meanwhile."""
    if os.geteuid() != 0:
        assert "CI" not in os.environ
        pytest.skip("mounting a small disk needs root")
    into.mkdir()
    code = (
        "import sys; from pathlib import Path\n"
        "from bioimagehub.catalogs.downloads import FetchSettings, Plan, fetch\n"
        "from bioimagehub.catalogs.downloads.items import Item\n"
        "items = (Item(path='image.tif', urls=(sys.argv[1] + '/image.tif',)),)\n"
        "other = Path(sys.argv[2], 'other')\n"
        "def fill(progress):\n"
        "    if progress.moved > 2_000_000 and not other.exists(): other.write_bytes(bytes(27_000_000))\n"
        "settings = FetchSettings(rate=2e7)\n"
        "try: fetch(Plan(source='test:set', items=items), Path(sys.argv[2]), settings=settings, progress=fill)\n"
        "except OSError as error: print(error)\n"
        "part = Path(sys.argv[2], 'image.tif.part').read_bytes()\n"
        "print(len(part), len(part) - part.count(0))\n"
    )
    script = 'mount -t tmpfs -o size=40m tmpfs "$3" && exec "$0" -c "$1" "$2" "$3"'
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, sys.executable, code, store.url, into],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    message, _, sizes = result.stdout.partition("\n")
    assert "is full" in message, result.stderr
    assert "it goes on where it stopped" in message
    assert int(sizes.split()[1]) > 2_000_000


def test_a_limit_of_the_size_of_files_is_told(store: StoreServer, into: Path, truth: bytes) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from bioimagehub.catalogs.downloads import Plan, fetch\n"
        "from bioimagehub.catalogs.downloads.items import Item\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "items = (Item(path='image.tif', urls=(sys.argv[1] + '/image.tif',)),)\n"
        "print(fetch(Plan(source='test:set', items=items), Path(sys.argv[2])).files[0].reason)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, store.url, into], capture_output=True, text=True, timeout=60, check=True
    )
    assert "cannot be written" in result.stdout
    assert "File too large" in result.stdout


def test_manifest_and_sums_tell_what_is_there(
    store: StoreServer, get: Get, folder: Path, into: Path, truth: bytes
) -> None:
    (folder / "odd").write_bytes(b"odd")
    items = ("image.tif", Item(path="what?.txt", urls=(f"{store.url}/odd",)))
    get(*items)
    own = into / ".bioimagehub"
    entries = [json.loads(line) for line in (own / "manifest.jsonl").read_text().splitlines()]
    by_path = {entry["path"]: entry for entry in entries}
    assert by_path["what?.txt"]["name"] == "what%3F.txt"
    assert by_path["image.tif"]["url"] == f"{store.url}/image.tif"
    assert by_path["image.tif"]["etag"]
    assert by_path["image.tif"]["checksum"] == f"crc32:{zlib.crc32(truth):08x}"
    store.reset()
    assert get(*items, sha256=True).counts == {"verified": 2}
    assert store.count == 0
    result = subprocess.run(
        ["sha256sum", "--check", ".bioimagehub/SHA256SUMS"], cwd=into, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines() == ["image.tif: OK", "what%3F.txt: OK"]


def test_the_lock_is_given_back(store: StoreServer, get: Get, into: Path, truth: bytes) -> None:
    get("image.tif")
    with (into / ".bioimagehub" / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_rate_is_kept(store: StoreServer, get: Get, folder: Path) -> None:
    (folder / "small.tif").write_bytes(make_bytes(2_000_000))
    report = get("small.tif", rate=2e6)
    assert 0.8 < report.seconds < 5


def test_connections_are_limited(store: StoreServer, get: Get, folder: Path, truth: bytes) -> None:
    for number in range(40):
        (folder / f"{number}.tif").write_bytes(make_bytes(5000, number))
    store.fault("*", wait=0.01)
    assert get("image.tif", *(f"{number}.tif" for number in range(40)), connections=3).complete
    assert store.most_at_once <= 3
    assert store.connections <= 6


def test_progress_is_told(store: StoreServer, get: Get, truth: bytes) -> None:
    seen: list[Any] = []
    item = Item(path="image.tif", urls=(f"{store.url}/image.tif",), size=LARGE)
    get(item, progress=seen.append, rate=4e7)
    assert (seen[-1].files, seen[-1].files_total, seen[-1].size, seen[-1].size_total) == (1, 1, LARGE, LARGE)
    assert any(0 < each.size < LARGE and each.seconds_left is not None and each.rate > 0 for each in seen)
    assert all(a.moved <= b.moved for a, b in itertools.pairwise(seen))
