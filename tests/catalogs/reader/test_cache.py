"""The cache on disk: what is found is what was kept, nobody else can forge it, and nothing of it stops reading."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.reader.cache import Cache, make_key
from bioimagehub.catalogs.reader.settings import ReaderSettings
from bioimagehub.catalogs.reader.versions import Version

if TYPE_CHECKING:
    from pathlib import Path

VERSION = Version(10, '"abc"', "Tue, 01 Jan 2030 00:00:00 GMT")
URL = "https://example.org/image.zarr/0/0.0"
KEY = make_key(URL, None, None, None)


@pytest.fixture
def kept(tmp_path: Path) -> ReaderSettings:
    return ReaderSettings(cache=tmp_path / "cache")


def path_of(chosen: ReaderSettings, key: str = KEY) -> Path:
    assert chosen.cache is not None
    return chosen.cache / key[:2] / key


def names(count: int) -> list[str]:
    return [make_key(f"https://example.org/{number}", None, None, None) for number in range(count)]


def put(chosen: ReaderSettings, key: str, data: bytes) -> Cache:
    cache = Cache(chosen)
    cache.put(key, data, VERSION)
    assert cache.flush(60)
    return cache


# ---- what is kept is what is found ------------------------------------------------


def test_another_cache_finds_what_was_kept(kept: ReaderSettings) -> None:
    put(kept, KEY, b"0123456789")
    found = Cache(kept).get(KEY)
    assert found is not None
    data, version, fresh = found
    assert (bytes(data), version, fresh) == (b"0123456789", VERSION, True)
    assert data.readonly


def test_nothing_is_found_where_nothing_was_kept(kept: ReaderSettings) -> None:
    assert Cache(kept).get(KEY) is None
    put(kept, KEY, b"0")
    assert Cache(kept).get(make_key(URL, 1, None, None)) is None


@given(
    data=st.binary(max_size=2000),
    version=st.builds(
        Version,
        st.none() | st.integers(0, 2**63),
        st.none() | st.text("abcé\"'\\-/", min_size=1, max_size=20),
        st.none() | st.text(max_size=20),
    ),
    kind=st.sampled_from([bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data)).toreadonly()]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_of_any_version(kept: ReaderSettings, data: bytes, version: Version, kind: Any) -> None:
    cache = Cache(kept)
    cache.put(KEY, kind(data), version)
    assert cache.flush(60)
    found = cache.get(KEY)
    assert found is not None
    assert (bytes(found[0]), found[1]) == (data, version)


def test_a_part_of_a_larger_buffer(kept: ReaderSettings) -> None:
    cache = Cache(kept)
    cache.put(KEY, memoryview(b"0123456789")[2:5], VERSION)
    cache.flush()
    found = cache.get(KEY)
    assert found is not None
    assert bytes(found[0]) == b"234"


def test_what_changes_after_it_was_put_is_kept_as_it_was(kept: ReaderSettings) -> None:
    cache = Cache(kept)
    data = bytearray(b"before")
    # The first one keeps the thread busy while the second one changes.
    cache.put(names(1)[0], bytes(16 * 1024**2), VERSION)
    cache.put(KEY, data, VERSION)
    data[:] = b"after!"
    cache.flush()
    found = cache.get(KEY)
    assert found is not None
    assert bytes(found[0]) == b"before"


def test_version_that_is_too_long_is_not_kept(kept: ReaderSettings) -> None:
    cache = Cache(kept)
    cache.put(KEY, b"0", replace(VERSION, etag='"' + "a" * 300 + '"'))
    assert cache.flush(60)
    assert cache.get(KEY) is None


def test_entry_that_is_too_large_is_not_kept(kept: ReaderSettings) -> None:
    chosen = replace(kept, cache_largest=1000)
    assert put(chosen, KEY, bytes(1001)).get(KEY) is None
    assert put(chosen, KEY, bytes(1000)).get(KEY) is not None


# ---- names ------------------------------------------------------------------------


def test_same_bytes_have_one_name() -> None:
    """Mirrors have the same entity tag and other dates; the first byte may be named or not."""
    assert make_key(URL, None, None, None) == make_key(URL, 0, None, None)
    assert make_key(URL, None, 5, VERSION) == make_key(URL, 0, 5, replace(VERSION, modified="another", size=None))


def test_other_bytes_have_other_names() -> None:
    versions = [None, Version(), Version(10), Version(11), Version(10, None, "a"), Version(10, '"a"'), Version(0, "a")]
    ranges = [(None, None), (0, 1), (1, None), (1, 1), (-1, None), (-1, 1), (11, 1)]
    keys = [make_key(url, *each, version) for url in ("a", "a1") for each in ranges for version in versions]
    assert len(set(keys)) == len(keys)


# ---- time -------------------------------------------------------------------------


def age(path: Path, days: float) -> None:
    then = time.time() - days * 86400
    os.utime(path, (then, then))


def test_old_entry_is_not_fresh_until_it_is_confirmed(kept: ReaderSettings) -> None:
    cache = put(kept, KEY, b"0")
    age(path_of(kept), 6.9)
    found = cache.get(KEY)
    assert found is not None
    assert found[2]
    age(path_of(kept), 7.1)
    found = cache.get(KEY)
    assert found is not None
    assert not found[2]
    cache.touch(KEY)
    found = cache.get(KEY)
    assert found is not None
    assert found[2]


def test_entry_from_the_future_is_not_fresh(kept: ReaderSettings) -> None:
    cache = put(kept, KEY, b"0")
    age(path_of(kept), -1)
    found = cache.get(KEY)
    assert found is not None
    assert not found[2]


def test_no_days_ask_each_time(kept: ReaderSettings) -> None:
    found = put(replace(kept, cache_days=0), KEY, b"0").get(KEY)
    assert found is not None
    assert not found[2]


def test_use_is_noted_and_does_not_make_it_fresh(kept: ReaderSettings) -> None:
    cache = put(kept, KEY, b"0")
    age(path_of(kept), 8)
    before = path_of(kept).stat()
    cache.get(KEY)
    after = path_of(kept).stat()
    assert after.st_mtime_ns == before.st_mtime_ns
    assert after.st_atime > time.time() - 60


def test_touch_and_remove_of_nothing(kept: ReaderSettings) -> None:
    cache = put(kept, KEY, b"0")
    cache.remove(KEY)
    cache.remove(KEY)
    cache.touch(KEY)
    assert cache.get(KEY) is None


# ---- damage -----------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_entry_is_a_miss_and_goes(kept: ReaderSettings, data: st.DataObject) -> None:
    cache = put(kept, KEY, bytes(range(200)))
    path = path_of(kept)
    whole = path.read_bytes()
    damage = data.draw(st.sampled_from(["flip", "cut", "more", "empty"]))
    if damage == "flip":
        place = data.draw(st.integers(0, len(whole) - 1))
        changed = bytearray(whole)
        changed[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(changed)
    elif damage == "cut":
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    elif damage == "more":
        path.write_bytes(whole + b"\0")
    else:
        path.write_bytes(b"")
    assert cache.get(KEY) is None
    assert not path.exists()


def test_entry_of_another_name_is_a_miss(kept: ReaderSettings) -> None:
    cache = put(kept, KEY, b"0")
    other = make_key("https://example.org/another", None, None, None)
    path_of(kept, other).parent.mkdir(exist_ok=True)
    path_of(kept).rename(path_of(kept, other))
    assert cache.get(other) is None
    assert not path_of(kept, other).exists()


def test_link_is_not_followed(kept: ReaderSettings, tmp_path: Path) -> None:
    cache = put(kept, KEY, b"0")
    path_of(kept).rename(tmp_path / "elsewhere")
    path_of(kept).symlink_to(tmp_path / "elsewhere")
    assert cache.get(KEY) is None


def test_folder_that_is_removed_is_made_again(kept: ReaderSettings) -> None:
    cache = put(kept, KEY, b"0")
    subprocess.run(["rm", "-r", str(kept.cache)], check=True)
    assert cache.get(KEY) is None
    cache.put(KEY, b"1", VERSION)
    assert cache.flush(60)
    assert cache.get(KEY) is not None
    assert stat.S_IMODE(path_of(kept).parents[1].stat().st_mode) == 0o700


# ---- forks ------------------------------------------------------------------------


def _use_in_fork(cache: Cache, answers: Any) -> None:
    cache.put(KEY, b"from the fork", VERSION)
    answers.put((cache.flush(30), cache.get(KEY) is not None))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_fork_writes_by_itself(kept: ReaderSettings) -> None:
    cache = put(kept, names(1)[0], b"0")
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=_use_in_fork, args=(cache, answers))
    process.start()
    process.join(60)
    assert answers.get() == (True, True)
    found = cache.get(KEY)
    assert found is not None
    assert bytes(found[0]) == b"from the fork"


# ---- folders ----------------------------------------------------------------------


def test_nobody_else_may_read_it(kept: ReaderSettings) -> None:
    put(kept, KEY, b"0")
    assert kept.cache is not None
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in [kept.cache, *kept.cache.rglob("*")]}
    assert modes == {True: 0o700, False: 0o600}


def check_refused(folder: Path, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        cache = put(ReaderSettings(cache=folder), KEY, b"0")
        assert cache.get(KEY) is None
        cache.put(KEY, b"1", VERSION)
        assert cache.flush(60)
        assert cache.get(KEY) is None
    (warning,) = caplog.messages
    assert f"The cache {folder} cannot be used: {reason}" in warning
    assert "Reading goes on without" in warning
    assert "BIOIMAGEHUB_READER_CACHE" in warning


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o702, 0o1777])
def test_folder_that_others_may_write_is_refused(tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(mode)
    check_refused(folder, "others may write to it, and so forge what is read.", caplog)
    assert not list(folder.iterdir())


def test_folder_of_another_user_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    (tmp_path / "cache").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    check_refused(tmp_path / "cache", f"it belongs to user {owner}, not to you", caplog)


def test_entry_of_another_user_is_a_miss(kept: ReaderSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = put(kept, KEY, b"0")
    assert cache.get(KEY) is not None
    cache._uid += 1
    assert cache.get(KEY) is None


def test_folder_that_cannot_be_made_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    check_refused(tmp_path / "file" / "cache", "Not a directory.", caplog)


def test_folder_that_cannot_be_written_is_read(
    kept: ReaderSettings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(kept, KEY, b"0")

    def refuse(*arguments: object) -> int:
        raise OSError(30, "Read-only file system")

    cache = Cache(kept)
    assert cache.get(KEY) is not None
    monkeypatch.setattr("bioimagehub.catalogs.reader.eviction.fcntl.flock", refuse)
    with caplog.at_level(logging.WARNING):
        for key in names(3):
            cache.put(key, b"0", VERSION)
        assert cache.flush(60)
    assert [message.partition(". Reading")[0] for message in caplog.messages] == [
        f"The cache {kept.cache} cannot be used: Read-only file system"
    ]
    assert cache.get(KEY) is not None


FULL = """
import json, resource, sys
from pathlib import Path
from bioimagehub.catalogs.reader.cache import Cache, make_key
from bioimagehub.catalogs.reader.settings import ReaderSettings
from bioimagehub.catalogs.reader.versions import Version

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
cache = Cache(ReaderSettings(cache=Path(sys.argv[1])))
keys = [make_key(f"https://example.org/{number}", None, None, None) for number in range(4)]
for key, size in zip(keys, (50_000, 99_900, 50_000, 50_000), strict=True):
    cache.put(key, bytes(size), Version(size))
    cache.flush()
print(json.dumps([cache.get(key) is not None for key in keys]))
"""


def test_full_disk_stops_keeping_and_not_reading(kept: ReaderSettings) -> None:
    """A limit for the size of files fails as a full disk does: in the middle of a write."""
    command = [sys.executable, "-c", FULL, str(kept.cache)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == [True, False, False, False]
    assert done.stderr.count("cannot be used: File too large. Reading goes on") == 1
    assert kept.cache is not None
    assert not list((kept.cache / "new").iterdir())
