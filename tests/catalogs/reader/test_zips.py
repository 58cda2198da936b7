"""Members of zip files read in place: every method, damage of every kind, changes between two reads."""

from __future__ import annotations

import bz2
import hashlib
import io
import pickle
import random
import struct
import threading
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.errors import (
    ChangedFileError,
    MissingFileError,
    ReadError,
    TruncatedFileError,
    UnreadableZipError,
)
from bioimagehub.catalogs.reader import Place, Version, zips
from bioimagehub.catalogs.reader.recent import Recent
from bioimagehub.catalogs.reader.zip_directory import TAIL
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANCE = random.Random(0)
SMALL = CHANCE.randbytes(30_000)
REGULAR = b"cells " * 20_000
LARGE = CHANCE.randbytes(zips.WHOLE + 300_000)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    file = tmp_path / "set.zip"
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("images/well A1.tif", SMALL)
        target.writestr("images/deflated.tif", REGULAR, zipfile.ZIP_DEFLATED)
        target.writestr("images/bzip2.tif", REGULAR, zipfile.ZIP_BZIP2)
        target.writestr("images/lzma.tif", REGULAR, zipfile.ZIP_LZMA)
        target.mkdir("empty")
        target.writestr("nothing.txt", b"")
        target.writestr("large.mrc", LARGE)
    return file


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreServer]:
    with StoreServer(tmp_path) as server:
        yield server


@pytest.fixture(params=["local", "remote"])
def place(request: pytest.FixtureRequest, packed: Path, store: StoreServer) -> Place:
    return Place(str(packed) if request.param == "local" else f"{store.url}/set.zip")


def member(file: Path, name: str) -> Place:
    return Place(zips.member_url(str(file), name))


def test_members_have_names_and_versions(place: Place) -> None:
    found = dict(zips.members_of(place))
    assert list(found) == [
        "images/well A1.tif", "images/deflated.tif", "images/bzip2.tif", "images/lzma.tif", "nothing.txt", "large.mrc",
    ]  # fmt: skip
    first = found["images/well A1.tif"]
    assert first.version == Version(len(SMALL), f'"crc32-{zlib.crc32(SMALL):08x}"')
    assert first.near == place.near
    assert zips.members_of(Place(f"{place.url}!/images"))[0][0] == "well A1.tif"


def test_folders(place: Place) -> None:
    root = Place(f"{place.url}!/")
    assert root.names() == ["images/", "large.mrc", "nothing.txt"]
    assert (root / "images").names() == ["bzip2.tif", "deflated.tif", "lzma.tif", "well A1.tif"]
    with pytest.raises(MissingFileError, match=r"no folder 'masks'. Choose"):
        (root / "masks").names()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("images/well A1.tif", SMALL),
        ("images/deflated.tif", REGULAR),
        ("images/bzip2.tif", REGULAR),
        ("images/lzma.tif", REGULAR),
        ("nothing.txt", b""),
        ("large.mrc", LARGE),
    ],
)
def test_every_part_of_a_member(place: Place, name: str, content: bytes) -> None:
    found = Place(f"{place.url}!/") / name
    assert bytes(found.read()) == content
    size = len(content)
    for start, length in ((0, 100), (size // 2, 1000), (max(0, size - 7), None), (-50, None), (size, None)):
        expected = content[start:] if length is None else content[start : start + length]
        if length is None or start + length <= size:
            assert bytes(found.read(start, length)) == expected
    with found.open() as file:
        file.seek(size // 3)
        assert file.read(999) == content[size // 3 :][:999]
        assert file.seek(0, 2) == size
    assert found.stat().size == size
    with pytest.raises(TruncatedFileError, match=r"get it again"):
        found.read(size - 1, 5)
    assert bytes(found.read_some(0, size + 10)[0]) == content


def test_members_go_to_other_processes(place: Place) -> None:
    found = dict(zips.members_of(place))["images/deflated.tif"]
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own
    assert again == found
    assert bytes(again.read(5, 20)) == REGULAR[5:25]


def test_zip_in_a_zip(packed: Path, store: StoreServer) -> None:
    with zipfile.ZipFile(packed.parent / "outer.zip", "w") as outer:
        outer.write(packed, "parts/set.zip")
    for url in (str(packed.parent / "outer.zip"), f"{store.url}/outer.zip"):
        assert bytes(Place(f"{url}!/parts/set.zip!/images/deflated.tif").read()) == REGULAR
        assert len(zips.members_of(Place(f"{url}!/parts/set.zip"))) == 6


# ---- requests


def test_requests(packed: Path, store: StoreServer) -> None:
    """The end of the file by one request, then one for a member."""
    url = f"{store.url}/set.zip"
    found = dict(zips.members_of(Place(url)))
    assert [request.headers["range"] for request in store.requests] == [f"bytes=-{TAIL}"]
    store.reset()
    for start in range(0, 25_000, 5_000):
        found["images/well A1.tif"].read(start, 1_000)
    assert len(store.requests) == 1
    store.reset()
    found["large.mrc"].read(1_000, 4_096)
    found["large.mrc"].read(2_000_000, 4_096)
    assert len(store.requests) == 2
    assert store.bytes < 20_000


def test_long_directory_takes_two_requests(tmp_path: Path, store: StoreServer) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as target:
        for number in range(3_000):
            target.writestr(f"BBBC006_v1_images_z_00/mcf-z-stacks-03212011_a01_s{number}_w1.tif", b"")
    assert len(zips.members_of(Place(f"{store.url}/many.zip"))) == 3_000
    assert len(store.requests) == 2


def test_longest_comment_and_something_before_it(tmp_path: Path) -> None:
    """A comment of 65,535 bytes, and a program in front, as archives that unpack themselves have."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        target.writestr("a.tif", SMALL)
        target.comment = b"c" * 65_535
    (tmp_path / "a.zip").write_bytes(b"#!/bin/sh\n" * 99 + content.getvalue())
    assert bytes(member(tmp_path / "a.zip", "a.tif").read()) == SMALL


def test_zip64(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as target, target.open("a.tif", "w", force_zip64=True) as file:
        file.write(SMALL)
    assert bytes(member(tmp_path / "a.zip", "a.tif").read()) == SMALL


def test_lengths_behind_the_data(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.tif", REGULAR)
    (tmp_path / "a.zip").write_bytes(pipe.getvalue())
    assert bytes(member(tmp_path / "a.zip", "a.tif").read()) == REGULAR


def test_own_header_longer_than_the_directory_says(tmp_path: Path) -> None:
    """Aligned members have extra fields of some kilobytes in their own header alone."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as target:
        told = zipfile.ZipInfo("a.tif")
        told.extra = struct.pack("<HH", 0xD935, 5_000) + bytes(5_000)
        target.writestr(told, SMALL)
        told.extra = b""
    assert bytes(member(tmp_path / "a.zip", "a.tif").read()) == SMALL


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\a.tif", "a//b.tif", "Zellkörper %41#?.tif"])
def test_names_stay_names(name: str, tmp_path: Path, store: StoreServer) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as target:
        target.writestr(name, SMALL)
    for url in (str(tmp_path / "a.zip"), f"{store.url}/a.zip"):
        ((found, place),) = zips.members_of(Place(url))
        assert found == name
        assert bytes(place.read()) == SMALL


# ---- what is not as it should be


def test_missing_member(packed: Path) -> None:
    with pytest.raises(MissingFileError, match=r"no member 'b.tif'. It has images/bzip2.tif.*Choose"):
        member(packed, "b.tif").read()


def test_missing_zip_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"a.zip"):
        member(tmp_path / "a.zip", "a.tif").read()


def test_two_members_of_one_name(tmp_path: Path) -> None:
    for number, contents in enumerate(([SMALL, SMALL], [SMALL, REGULAR])):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w") as target, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            for content in contents:
                target.writestr("a.tif", content)
    assert bytes(member(tmp_path / "0.zip", "a.tif").read()) == SMALL
    with pytest.raises(UnreadableZipError, match=r"2 different members of the name 'a.tif'.*Unpack it"):
        member(tmp_path / "1.zip", "a.tif").read()


def patch(file: Path, offset: int, content: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(offset)
        opened.write(content)


def directory_of(file: Path) -> int:
    return file.read_bytes().index(b"PK\x01\x02")


def write_one(file: Path, content: bytes = REGULAR, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(file, "w", method) as target:
        target.writestr("a.tif", content)
    return file


def test_encrypted(tmp_path: Path) -> None:
    file = write_one(tmp_path / "a.zip")
    patch(file, directory_of(file) + 8, b"\x01")
    with pytest.raises(UnreadableZipError, match=r"is encrypted. Unpack .* password"):
        member(file, "a.tif").read()


def test_unknown_method(tmp_path: Path) -> None:
    """Deflate64, which Windows takes for large files."""
    file = write_one(tmp_path / "a.zip")
    patch(file, directory_of(file) + 10, b"\x09")
    patch(file, 8, b"\x09")
    with pytest.raises(UnreadableZipError, match=r"method 9.*7-Zip"):
        member(file, "a.tif").read()


def test_own_header_of_something_else(tmp_path: Path) -> None:
    file = write_one(tmp_path / "a.zip")
    patch(file, 14, b"\xff\xff")
    with pytest.raises(UnreadableZipError, match=r"header and the directory disagree. Fetch"):
        member(file, "a.tif").read()
    file = write_one(tmp_path / "b.zip")
    patch(file, 0, b"PK\x05\x05")
    with pytest.raises(UnreadableZipError, match=r"not where the directory says"):
        member(file, "a.tif").read()


@pytest.mark.parametrize(("coder", "method"), [(zlib, 8), (bz2, 12)])
def test_bombs_are_not_unpacked(coder: object, method: int, tmp_path: Path) -> None:
    """A member that states 100 bytes, and unpacks to 50 MB."""
    content = bytes(50_000_000)
    file = write_one(tmp_path / "a.zip", content, method)
    begin = directory_of(file)
    for offset in (22, begin + 24):
        patch(file, offset, struct.pack("<I", 100))
    for offset in (14, begin + 16):
        patch(file, offset, struct.pack("<I", zlib.crc32(content[:100])))
    if method == 8:
        with pytest.raises(UnreadableZipError, match=r"give more than is stated"):
            member(file, "a.tif").read()
    else:
        assert len(member(file, "a.tif").read()) == 100


def test_volumes(tmp_path: Path) -> None:
    file = write_one(tmp_path / "a.zip")
    patch(file, directory_of(file) + 34, b"\x02")
    with pytest.raises(UnreadableZipError, match=r"one of several volumes.*Join them"):
        member(file, "a.tif").read()


@pytest.mark.parametrize("content", [b"", b"<html>gone</html>", b"PK\x05\x06" + bytes(18 * 5), b"PK" * 5000])
def test_no_zip_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ReadError, match=r"cannot be read as a zip file|no member"):
        member(tmp_path / "a.zip", "a.tif").read()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**20), st.integers(1, 255), st.booleans())
def test_changed_bytes_never_give_others(tmp_path_factory: pytest.TempPathFactory, at: int, by: int, cut: bool) -> None:
    file = tmp_path_factory.mktemp("zip") / "a.zip"
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("a.tif", REGULAR[:9_000], zipfile.ZIP_DEFLATED)
        target.writestr("b.tif", SMALL[:9_000])
    content = bytearray(file.read_bytes())
    at %= len(content)
    content[at] ^= by
    file.write_bytes(content[:at] if cut else content)
    for name, expected in (("a.tif", REGULAR[:9_000]), ("b.tif", SMALL[:9_000])):
        try:
            found = bytes(member(file, name).read())
        except ReadError:
            continue
        assert found == expected


def test_file_changed_between_two_reads(packed: Path, store: StoreServer) -> None:
    for url in (str(packed), f"{store.url}/set.zip"):
        with zipfile.ZipFile(packed, "w") as target:
            target.writestr("large.mrc", LARGE)
        found = Place(f"{url}!/large.mrc")
        found.read(0, 100)
        with zipfile.ZipFile(packed, "w") as target:
            target.writestr("large.mrc", LARGE[::-1])
        with pytest.raises(ChangedFileError):
            found.read(2_000_000, 100)
        # Whoever opens it again gets the new one.
        assert bytes(Place(f"{url}!/large.mrc").read(0, 100)) == LARGE[::-1][:100]


def test_member_of_another_version(packed: Path) -> None:
    with pytest.raises(ChangedFileError, match=r"not the version that was expected.*Index it anew"):
        Place(f"{packed}!/images/deflated.tif", version=Version(len(REGULAR), '"crc32-00000000"')).read()


# ---- what is kept in memory


def test_recent_makes_each_thing_once() -> None:
    made, begin = [], threading.Barrier(8)
    recent: Recent[bytes] = Recent(100, len)

    def find() -> None:
        begin.wait(timeout=10)
        recent.find("a", lambda: made.append(1) or b"12345")

    threads = [threading.Thread(target=find) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert made == [1]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=60))
def test_recent_is_bounded(asked: list[tuple[int, int]]) -> None:
    recent: Recent[bytes] = Recent(50, len)
    for key, size in asked:
        assert len(recent.find((key, size), lambda size=size: bytes(size))) == size
        assert sum(map(len, recent._kept.values())) == recent._bytes <= 50


def test_what_fails_is_not_kept() -> None:
    recent: Recent[bytes] = Recent(50, len)
    with pytest.raises(ZeroDivisionError):
        recent.find("a", lambda: bytes(1 // 0))
    assert recent.find("a", lambda: b"1") == b"1"


def test_many_threads_read_one_member(packed: Path, store: StoreServer) -> None:
    found = Place(f"{store.url}/set.zip!/images/deflated.tif")
    digests = set()

    def read() -> None:
        digests.add(hashlib.sha256(found.read()).hexdigest())

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert digests == {hashlib.sha256(REGULAR).hexdigest()}
    assert len(store.requests) == 2
