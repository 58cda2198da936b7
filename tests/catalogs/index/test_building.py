"""Building an index: whole or not at all, whoever else builds or reads, and whatever the records hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.errors import IndexNotWritableError, InvalidEntryError
from bioimagehub.catalogs.index import build_index, build_memory_index, open_index
from catalogs.index.made import Fields, make_records

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60.0


def test_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    build_index(path, [])
    index = open_index(path)
    assert (
        len(index) == len(index.select()) == len(index.select("cell*", {"archive": ["idr"]}, {"size": (1, None)})) == 0
    )
    assert index.select().page() == []
    assert not any(index.select("x").facets().values())
    assert index.suggest("zebrafsh") is None
    assert index.near("idr:idr0001") == index.find_names("idr0001") == []
    assert index.get("idr:idr0001") is None


def test_same_records_in_memory_and_in_a_file(tmp_path: Path, index: Any, made: list[Fields]) -> None:
    in_memory = build_memory_index(made)
    for text in ("", "zornap", "kri*", '"zornap blanap"'):
        assert in_memory.select(text).identifiers(0, 3000) == index.select(text).identifiers(0, 3000)
    assert in_memory.values("gene") == index.values("gene")


def test_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[int] = []
    build_index(tmp_path / "index.sqlite", iter(make_records(2500)), progress=told.append)
    assert told[-1] == 2500
    assert told == sorted(set(told))
    assert len(told) > 5


def test_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    build_index(path, make_records(30))
    old = open_index(path)
    build_index(path, make_records(50))
    assert (len(old), len(open_index(path))) == (30, 50)
    assert len(old.select().page(0, 30)) == 30  # who has the old one open goes on reading it
    assert [file.name for file in tmp_path.iterdir()] == ["index.sqlite"]


def test_failing_records_leave_the_old_index(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    build_index(path, make_records(30))

    def broken() -> Iterator[Fields]:
        yield from make_records(2100)
        raise FileNotFoundError("the table is gone")  # noqa: EM101

    with pytest.raises(FileNotFoundError, match="the table is gone"):
        build_index(path, broken())
    assert len(open_index(path)) == 30
    assert [file.name for file in tmp_path.iterdir()] == ["index.sqlite"]


@pytest.mark.parametrize("identifier", [None, 5, "", "without-archive"])
def test_record_without_identifier(identifier: Any) -> None:
    with pytest.raises(InvalidEntryError, match=r"The entry 2 for the index has the identifier .* like 'idr:idr0062'"):
        build_memory_index([make_records(1)[0], {"identifier": identifier, "title": "x"}])


def test_one_identifier_twice() -> None:
    records = [{"identifier": f"idr:{name}", "title": name} for name in ("a1", "A1", "b2", "a1", "c3")]
    with pytest.raises(InvalidEntryError, match="more than one entry idr:a1"):
        build_memory_index(records)
    index = build_memory_index(records[:3])  # names that differ by case alone are two
    assert index.get("idr:A1") == records[1]
    assert index.get("idr:a1") == records[0]


@pytest.mark.parametrize("inside", ["missing", "a-file"])
def test_folder_that_cannot_be_written(tmp_path: Path, inside: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(IndexNotWritableError, match="Make room or choose another folder"):
        build_index(tmp_path / inside / "index.sqlite", make_records(3))


def run(code: str, *arguments: object) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    build_index(path, make_records(30))
    code = """
import resource, signal, sys
from pathlib import Path
from bioimagehub.catalogs.errors import IndexNotWritableError
from bioimagehub.catalogs.index import build_index
from catalogs.index.made import make_records
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    build_index(Path(sys.argv[1]), make_records(5000))
except IndexNotWritableError as error:
    print(error)
"""
    said, failed = run(code, path).communicate(timeout=PATIENCE)
    assert "cannot be built" in said, failed
    assert "the index that was there is untouched" in said
    assert len(open_index(path)) == 30
    assert [file.name for file in tmp_path.iterdir()] == ["index.sqlite"]


def test_killed_builder_leaves_the_old_index(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    build_index(path, make_records(30))
    code = """
import os, signal, sys
from pathlib import Path
from bioimagehub.catalogs.index import build_index
from catalogs.index.made import make_records
def records():
    yield from make_records(3000)
    os.kill(os.getpid(), signal.SIGKILL)
build_index(Path(sys.argv[1]), records())
"""
    builder = run(code, path)
    builder.communicate(timeout=PATIENCE)
    assert builder.returncode == -signal.SIGKILL
    assert len(open_index(path)) == 30
    left = [file for file in tmp_path.iterdir() if file != path]
    assert left
    build_index(path, make_records(40))
    assert all(file.exists() for file in left)  # it might still be at work
    for file in left:
        os.utime(file, (time.time() - 2 * 86400,) * 2)
    build_index(path, make_records(50))
    assert list(tmp_path.iterdir()) == [path]


def test_several_builders_at_once(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    failed: list[Exception] = []

    def build(count: int) -> None:
        try:
            build_index(path, make_records(count))
        except Exception as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    builders = [threading.Thread(target=build, args=(count,)) for count in (300, 400, 500)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(PATIENCE)
    assert not failed
    assert len(open_index(path)) in {300, 400, 500}
    assert list(tmp_path.iterdir()) == [path]


READER = """
import json, sys
from pathlib import Path
from bioimagehub.catalogs.index import open_index
path, stop, seen = Path(sys.argv[1]), Path(sys.argv[2]), set()
while not stop.exists() or not seen:
    index = open_index(path)
    selection = index.select("generation")
    page = selection.page(len(index) - 20, 20)
    generations = {value for value, _ in selection.facets(["anatomy"])["anatomy"]}
    seen.add((len(index), len(selection), len(page), *sorted(generations), *{fields["title"] for fields in page}))
    index.close()
print(json.dumps(sorted(seen)))
"""


def test_readers_never_see_half_an_index(tmp_path: Path) -> None:
    """Four processes open and read the index again and again while it is built anew, each time with other records."""
    path, stop = tmp_path / "index.sqlite", tmp_path / "stop"

    def records(generation: int) -> list[Fields]:
        name = f"generation {generation}"
        return [
            {"identifier": f"one:N{number}", "title": name, "anatomy": [{"name": name}]}
            for number in range(300 + 50 * generation)
        ]

    build_index(path, records(0))
    readers = [run(READER, path, stop) for _ in range(4)]
    for generation in range(1, 16):
        build_index(path, records(generation))
    stop.touch()
    seen = set()
    for reader in readers:
        said, failed = reader.communicate(timeout=PATIENCE)
        assert reader.returncode == 0, failed
        seen |= {tuple(one) for one in json.loads(said)}
    whole = {(300 + 50 * n, 300 + 50 * n, 20, f"generation {n}", f"generation {n}") for n in range(16)}
    assert seen <= whole
    assert len(seen) > 1


HOSTILE = [
    {"title": '<script>alert(1)</script> & "quotes" \'DROP TABLE blocks; --'},
    {"title": "control \x1b[31m\x00\x07 characters \r\n\t"},
    {"title": "half \ud800 of a character \udfff"},
    {"title": "\U0001f9ec \u202e right to left \u0000"},
    {"title": None, "organisms": None, "genes": [None, 5, {"name": None}, {"id": 7}, "text"], "authors": "nobody"},
    {"title": 5, "size": -3, "released": "soon", "modified": 20210101, "files": True, "images": 2**80},
    {"title": "deep", "access": [], "licence": ["CC0"], "keywords": {"a": 1}, "driver": 7, "publications": [[]]},
    {"title": '"AND" NEAR(a b) title:x ^y * OR NOT', "keywords": ["a" * 5000, "", " ", "*", '"']},
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_records_do_no_harm(tmp_path: Path, hostile: Fields) -> None:
    path = tmp_path / "index.sqlite"
    record = {"identifier": "bad:B1", **hostile}
    build_index(path, [*make_records(20), record])
    index = open_index(path)
    assert len(index.select()) == 21
    assert index.get("bad:B1") == record
    assert index.select("B1").page()[0] == record
    found = index.select("", {"archive": ["bad"]})
    assert found.page() == [record]
    for counted in found.facets().values():
        assert all(text.isprintable() and count == 1 for text, count in counted)


def test_huge_texts_are_kept_and_indexed_only_in_part(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    huge = "needle " + "hay " * 25_000_000 + "thread"
    records = [{"identifier": "bad:B1", "title": huge}, {"identifier": "bad:B2", "title": "x" * 10**8}]
    build_index(path, records)
    index = open_index(path)
    assert len(index.select("needle hay")) == 1
    assert len(index.select("thread")) == 0
    assert index.get("bad:B1") == records[0]
    assert path.stat().st_size < 2_000_000


class Counted(dict[str, Any]):
    """A record that is counted as long as it is kept."""

    kept = 0
    most = 0

    def __init__(self, fields: Fields) -> None:
        super().__init__(fields)
        Counted.kept += 1
        Counted.most = max(Counted.most, Counted.kept)

    def __del__(self) -> None:
        Counted.kept -= 1


def test_few_records_are_kept_at_a_time(tmp_path: Path) -> None:
    records = make_records(5000)
    build_index(tmp_path / "index.sqlite", (Counted(record) for record in records))
    assert Counted.kept == 0
    assert Counted.most < 1000
