"""Room of the cache: it stays below its limit, over processes, and also when they are killed."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bioimagehub.catalogs.reader.cache import QUEUE, Cache, make_key
from bioimagehub.catalogs.reader.settings import ReaderSettings
from bioimagehub.catalogs.reader.versions import Version

VERSION = Version(10, '"abc"', "Tue, 01 Jan 2030 00:00:00 GMT")
KEY = make_key("https://example.org/image.zarr/0/0.0", None, None, None)


@pytest.fixture
def kept(tmp_path: Path) -> ReaderSettings:
    return ReaderSettings(cache=tmp_path / "cache")


def path_of(chosen: ReaderSettings, key: str) -> Path:
    assert chosen.cache is not None
    return chosen.cache / key[:2] / key


def names(count: int) -> list[str]:
    return [make_key(f"https://example.org/{number}", None, None, None) for number in range(count)]


def age(path: Path, days: float) -> None:
    then = time.time() - days * 86400
    os.utime(path, (then, then))


def size_of(chosen: ReaderSettings) -> int:
    """Bytes of all files in the folder, in blocks of the disk, while nobody may add one."""
    assert chosen.cache is not None
    found = 0
    with (chosen.cache / "sum").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        for each in chosen.cache.rglob("*"):
            try:
                status = each.stat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode) and each.name != "sum":
                found += -(-status.st_size // 4096) * 4096
    return found


def test_least_recently_used_goes_first(kept: ReaderSettings) -> None:
    chosen = replace(kept, cache_size=100 * 8192)
    cache = Cache(chosen)
    keys = names(120)
    for number, key in enumerate(keys[:80]):
        cache.put(key, bytes(5000), VERSION)
        cache.flush()
        age(path_of(chosen, key), 1 - number / 1000)
    cache.get(keys[0])
    for key in keys[80:]:
        cache.put(key, bytes(5000), VERSION)
    cache.flush()
    present = {key for key in keys if path_of(chosen, key).exists()}
    assert keys[0] in present
    assert not present & set(keys[1:20])
    assert present >= set(keys[81:])
    assert 80 <= len(present) <= 100


def test_size_stays_below_its_limit(kept: ReaderSettings) -> None:
    chosen = replace(kept, cache_size=4 * 1024**2)
    cache = Cache(chosen)
    largest = 0
    for number, key in enumerate(names(400)):
        cache.put(key, os.urandom(1 + number * 97 % 60_000), VERSION)
        if number % 10 == 9:
            cache.flush()
            largest = max(largest, size_of(chosen))
    assert 2 * 1024**2 < largest <= 4 * 1024**2


def test_nearly_full_disk_is_left_to_others(kept: ReaderSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a quarter of what would be free without it."""
    real = os.statvfs

    def nearly_full(path: str) -> os.statvfs_result:
        free = 4 * 1024**2 - size_of(kept) if (Path(path) / "sum").exists() else 4 * 1024**2
        answer = list(real(path))
        answer[1], answer[4] = 4096, free // 4096
        return os.statvfs_result(answer)

    monkeypatch.setattr("bioimagehub.catalogs.reader.eviction.os.statvfs", nearly_full)
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    cache = Cache(kept)
    for key in names(200):
        cache.put(key, bytes(20_000), VERSION)
    assert cache.flush(60)
    assert 700_000 < size_of(kept) <= 1024**2


def test_no_size_is_no_cache(kept: ReaderSettings) -> None:
    cache = Cache(replace(kept, cache_size=0))
    cache.put(KEY, b"0", VERSION)
    assert cache.flush(60)
    assert cache.get(KEY) is None
    assert kept.cache is not None
    assert not kept.cache.exists()


def test_other_files_in_the_folder_are_left_alone(kept: ReaderSettings) -> None:
    assert kept.cache is not None
    kept.cache.mkdir(mode=0o700)
    mine = [kept.cache / name for name in ("thesis.tex", "ab/notes", "results/0.csv")]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(100_000))
        age(path, 1000)
    chosen = replace(kept, cache_size=100_000)
    cache = Cache(chosen)
    for key in names(50):
        cache.put(key, bytes(10_000), VERSION)
    cache.flush()
    assert [path.stat().st_size for path in mine] == [100_000] * 3


def test_leftovers_of_killed_processes_go(kept: ReaderSettings) -> None:
    assert kept.cache is not None
    arrivals = kept.cache / "new"
    arrivals.mkdir(parents=True, mode=0o700)
    kept.cache.chmod(0o700)
    for name, days in (("old", 1.0), ("young", 0.0)):
        (arrivals / name).write_bytes(bytes(1000))
        age(arrivals / name, days)
    cache = Cache(kept)
    cache.put(KEY, b"0", VERSION)
    assert cache.flush(60)
    assert [path.name for path in arrivals.iterdir()] == ["young"]


def test_too_much_at_once_is_left_out(kept: ReaderSettings) -> None:
    """The reader never waits for the disk."""
    cache = Cache(kept)
    data = bytes(QUEUE // 8)
    for key in names(100):
        cache.put(key, data, VERSION)
    assert cache.flush(60)
    found = sum(cache.get(key) is not None for key in names(100))
    assert 8 <= found < 100


# ---- processes --------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from bioimagehub.catalogs.reader.cache import Cache, make_key
from bioimagehub.catalogs.reader.settings import ReaderSettings
from bioimagehub.catalogs.reader.versions import Version

cache = Cache(ReaderSettings(cache=Path(sys.argv[1]), cache_size=int(sys.argv[2])))
number = 0
while number != int(sys.argv[3]):
    key = make_key(f"https://example.org/{number % 300}", None, None, None)
    found = cache.get(key)
    content = (number % 300 * 7919 % 100_000) * (b"%03d" % (number % 300))
    if found is not None and bytes(found[0]) != content:
        sys.exit(f"entry {number} holds other bytes")
    cache.put(key, content, Version(len(content), f'"{number % 300}"'))
    if number % 20 == 0:
        cache.flush()
        print(number, flush=True)
    number += 1
cache.flush()
"""


def start_writer(folder: Path, size: int, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), str(size), str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_share_it_and_its_limit(kept: ReaderSettings) -> None:
    assert kept.cache is not None
    size = 8 * 1024**2
    writers = [start_writer(kept.cache, size, 700) for _ in range(2)]
    largest = 0
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline()
    while any(writer.poll() is None for writer in writers):
        largest = max(largest, size_of(kept))
    for writer in writers:
        _, said = writer.communicate(timeout=60)
        assert (writer.returncode, said) == (0, "")
    # Each process writes one entry of at most 300 kB at that moment, which may be seen before and after its move.
    assert size // 2 < largest < size + 2 * 2 * 300_000


def test_writer_may_be_killed_at_any_time(kept: ReaderSettings) -> None:
    assert kept.cache is not None
    for _ in range(5):
        writer = start_writer(kept.cache, 16 * 1024**2, -1)
        assert writer.stdout is not None
        for _ in range(3):
            assert writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate(timeout=60)
    cache = Cache(replace(kept, cache_size=16 * 1024**2))
    contents = {key: (number * 7919 % 100_000) * (b"%03d" % number) for number, key in enumerate(names(300))}
    found = {key: cache.get(key) for key in contents}
    assert sum(each is not None for each in found.values()) > 10
    assert all(each is None or bytes(each[0]) == contents[key] for key, each in found.items())
    # The lock is not held by the dead.
    cache.put(KEY, b"0", VERSION)
    assert cache.flush(60)
    assert cache.get(KEY) is not None


def test_what_waits_is_written_when_the_process_ends(kept: ReaderSettings) -> None:
    code = WRITER.replace("cache.flush()\n        print", "print").removesuffix("cache.flush()\n")
    command = [sys.executable, "-c", code, str(kept.cache), str(2**30), "60"]
    subprocess.run(command, check=True, capture_output=True)
    cache = Cache(kept)
    assert all(cache.get(key) is not None for key in names(60))
