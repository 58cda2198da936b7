"""A file that is not a whole index of this version is found out, at the latest where it is read."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.errors import CatalogNotFoundError, DamagedIndexError
from bioimagehub.catalogs.index import FACETS, SORTS, Index, build_index, open_index
from catalogs.index.made import make_records

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "whole.sqlite"
    build_index(path, make_records(1500))
    return path


def use(index: Index) -> None:
    """Read something of every table."""
    for text in ("zornap", "zor*", '"zornap blanap"', "gen001", "-zornap", "Aus bus"):
        selection = index.select(text)
        selection.page(0, 5)
        selection.facets()
    selection = index.select("", {"organism": ["aus bus"], "use": ["commercial"]}, {"size": (5, 10**9)})
    for sort in SORTS:
        selection.page(30, 5, sort)
    selection.narrow(ranges={"released": ("2015", "2020-06")}).facets(["gene"])
    for facet in FACETS:
        index.values(facet)
    index.suggest("zornop blanpa")
    index.near("one:N0000")
    index.get(index.find_names("N00007")[0])
    for offset in range(0, len(index), 100):
        index.select().page(offset, 1)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(CatalogNotFoundError, match="Build it from the catalogs"):
        open_index(tmp_path / "missing.sqlite")


@pytest.mark.parametrize("kept", [0, 1, 15, 16, 99, 100, 4095, 4096, 4097, 0.1, 0.5, 0.9, -4096, -1])
def test_cut_off(whole: Path, tmp_path: Path, kept: float) -> None:
    content = whole.read_bytes()
    length = int(kept * len(content)) if isinstance(kept, float) else kept
    (tmp_path / "cut.sqlite").write_bytes(content[:length])
    with pytest.raises(DamagedIndexError, match="Build it again"):
        open_index(tmp_path / "cut.sqlite")


def test_longer_than_it_was(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "long.sqlite").write_bytes(whole.read_bytes() + b"\0")
    with pytest.raises(DamagedIndexError, match="bytes, expected"):
        open_index(tmp_path / "long.sqlite")


def test_other_database(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE meta (key, value)")
    with pytest.raises(DamagedIndexError, match="its application is 0x0, expected 0x62694869"):
        open_index(path)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("PRAGMA user_version = 99", "its version is 99, this software reads version"),
        ("DROP TABLE common", "2 of its tables are not those of version"),
        ("ALTER TABLE names ADD COLUMN extra", "1 of its tables are not those of version"),
        ("DELETE FROM meta WHERE key = 'checksum'", "it was not finished"),
        ("UPDATE meta SET value = 7 WHERE key = 'total'", "it was not finished"),
        ("UPDATE meta SET value = 'text' WHERE key = 'dictionary'", "it was not finished"),
    ],
)
def test_other_content(whole: Path, tmp_path: Path, statement: str, said: str) -> None:
    path = tmp_path / "other.sqlite"
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)
    with pytest.raises(DamagedIndexError, match=said):
        open_index(path)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM blocks WHERE id = 20",
        "UPDATE blocks SET body = substr(body, 1, 50) WHERE id = 20",
        "UPDATE blocks SET body = 'text' WHERE id = 20",
        "UPDATE blocks SET body = (SELECT body FROM blocks WHERE id = 93) WHERE id = 20",
        "UPDATE facet_values SET records = zeroblob(length(records))",
        "UPDATE facet_values SET records = substr(records, 1, 2)",
        "UPDATE facet_values SET count = 'many'",
        "UPDATE facet_values SET text = x'05'",
        "UPDATE facet_values SET text = CAST(x'fff0' AS TEXT)",
        "UPDATE columns SET rows = x'00112233'",
        "UPDATE columns SET sets = sets || x'00'",
        "UPDATE orders SET rows = x'' WHERE id < 9",
        "UPDATE orders SET records = x''",
        "UPDATE names SET record = 999999",
        "DELETE FROM name_words_data WHERE id > 20",
    ],
)
def test_damaged_inside(whole: Path, tmp_path: Path, statement: str) -> None:
    """What opens as it should is found out when it is used."""
    path = tmp_path / "damaged.sqlite"
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(statement)
    index = open_index(path)
    with pytest.raises(DamagedIndexError, match=r"Build (it|the index) again"):
        use(index)


def test_flipped_bytes(whole: Path, tmp_path: Path) -> None:
    """Any byte may be another one: it is either found out or does no harm, and many are found out."""
    rng = random.Random(4)
    content = whole.read_bytes()
    path = tmp_path / "flipped.sqlite"
    places = [*range(0, 100, 3), *(rng.randrange(len(content)) for _ in range(120))]
    found_out = 0
    for place in places:
        flipped = bytearray(content)
        for other in (place, *(rng.randrange(len(content)) for _ in range(30))):
            flipped[other] ^= 1 << rng.randrange(8)
        path.write_bytes(flipped)
        try:
            use(open_index(path))
        except DamagedIndexError:
            found_out += 1
    assert found_out > len(places) // 2


def test_whole_file_is_not_touched(whole: Path) -> None:
    before = whole.read_bytes()
    use(open_index(whole))
    assert whole.read_bytes() == before
    assert [file.name for file in whole.parent.iterdir()] == [whole.name]


def test_path_with_signs_of_an_address(tmp_path: Path) -> None:
    folder = tmp_path / "a folder?mode=rw#50%[x]"
    folder.mkdir()
    build_index(folder / "in?dex #1.sqlite", make_records(5))
    assert len(open_index(folder / "in?dex #1.sqlite")) == 5
