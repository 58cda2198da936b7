"""Zip files: nothing gets out of the folder, nothing fills disk or memory, and each answer says what to do."""

from __future__ import annotations

import io
import stat
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges.submissions.archive import unpack
from bioimagehub.challenges.submissions.expected import Caps
from challenges.submissions import attacks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.challenges.submissions import Problem, Report

MIB = 2**20


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def told(problems: list[Problem]) -> str:
    assert problems
    assert all(problem.cure.endswith(".") for problem in problems)
    return "\n".join(map(str, problems))


def size_of(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("../a.tif", "leads out of its folder"),
        ("b/../../a.tif", "leads out of its folder"),
        ("/etc/a.tif", "is absolute"),
        ("C:\\a.tif", "is absolute, or has a backslash"),
        ("C:/a.tif", "is absolute, or has a backslash or a drive"),
        ("..\\a.tif", "has a backslash"),
        ("b//a.tif", "has an empty part"),
        ("a\x1b[31m.tif", "has control characters"),
        ("a\u202efit.a", "has control characters"),
        ("a" * 300 + ".tif", "is longer than"),
        ("/".join("b" * 40), "is longer than"),
    ],
)
def test_names_that_lead_elsewhere(name: str, wrong: str, tmp_path: Path, place: Path) -> None:
    problems = unpack(attacks.zip_of(tmp_path / "a.zip", {"good.tif": b"1", name: b"2"}), place, Caps())
    message = told(problems)
    assert wrong in message
    assert message.isprintable()
    assert not list(place.iterdir())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.zip", "place"]


def test_name_that_ends_at_a_zero_byte(tmp_path: Path, place: Path) -> None:
    path = attacks.zip_of(tmp_path / "a.zip", {"a.tif_.png": b"1"})
    path.write_bytes(path.read_bytes().replace(b"a.tif_.png", b"a.tif\0.png"))
    assert "has a zero byte" in told(unpack(path, place, Caps()))


@pytest.mark.parametrize(
    ("mode", "wrong"),
    [
        (stat.S_IFLNK | 0o777, "is a link"),
        (stat.S_IFCHR | 0o666, "is a device"),
        (stat.S_IFIFO | 0o666, "a pipe"),
        (stat.S_IFSOCK | 0o666, "a socket"),
    ],
)
def test_links_and_devices(mode: int, wrong: str, tmp_path: Path, place: Path) -> None:
    path = attacks.zip_of(tmp_path / "a.zip", {"a.tif": b"/etc/passwd"}, external_attr=mode << 16)
    assert wrong in told(unpack(path, place, Caps()))
    assert not list(place.iterdir())


@pytest.mark.parametrize(
    "names", [("a.tif", "A.tif"), ("b/a.tif", "B/a.tif"), ("a", "a/b"), ("a/b", "A"), ("é.tif", "e\u0301.tif")]
)
def test_names_that_clash(names: tuple[str, str], tmp_path: Path, place: Path) -> None:
    path = attacks.zip_of(tmp_path / "a.zip", dict.fromkeys(names, b""))
    assert "are the same file on some systems" in told(unpack(path, place, Caps()))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice(tmp_path: Path, place: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.tif", b"1")
        archive.writestr("a.tif", b"2")
    assert "'a.tif' and 'a.tif' are the same file" in told(unpack(tmp_path / "a.zip", place, Caps()))


def test_bomb_of_one_member(tmp_path: Path, place: Path) -> None:
    path = attacks.zip_of(tmp_path / "a.zip", {"a.tif": b"\0" * (64 * MIB)})
    assert path.stat().st_size < MIB
    tracemalloc.start()
    problems = unpack(path, place, Caps(unpacked=8 * MIB))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "unpacks to more than 8388608 bytes" in told(problems)
    assert size_of(place) <= 8 * MIB
    assert peak < 16 * MIB


def test_size_in_the_header_is_not_believed(tmp_path: Path, place: Path) -> None:
    problems = unpack(attacks.lying_zip(tmp_path / "a.zip", "a.tif", 64 * MIB), place, Caps(unpacked=MIB))
    assert size_of(place) <= MIB
    assert problems or size_of(place) == 10


def test_members_that_overlap(tmp_path: Path, place: Path) -> None:
    path = attacks.overlapping_zip(tmp_path / "a.zip", 1000, 4 * MIB)
    assert "overlaps another member" in told(unpack(path, place, Caps()))
    assert not list(place.iterdir())


def test_archives_within_are_not_opened(tmp_path: Path, check: Callable[..., Report], labels: np.ndarray) -> None:
    """As in 42.zip: each level holds sixteen of the one below."""
    content = b"\0" * MIB
    for _ in range(4):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(16):
                archive.writestr(f"{number}.zip", content)
        content = stream.getvalue()
    (tmp_path / "42.zip").write_bytes(content)
    report = check(tmp_path / "42.zip", caps={"unpacked": 64 * MIB})
    assert "'0.zip', which is no case" in str(report)
    assert len(report.problems) == 18


def test_too_many_members(tmp_path: Path, place: Path) -> None:
    path = attacks.zip_of(tmp_path / "a.zip", {f"{number}.tif": b"" for number in range(300)})
    assert "has 300 members" in told(unpack(path, place, Caps(files=299)))
    # The count at the end of the file may be a lie.
    path.write_bytes(
        path.read_bytes().replace(b"PK\x05\x06\0\0\0\0\x2c\x01\x2c\x01", b"PK\x05\x06\0\0\0\0\x01\0\x01\0")
    )
    assert "has 300 members" in told(unpack(path, place, Caps(files=299)))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_without_bounds(method: int, tmp_path: Path, place: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("a.tif", b"\0" * MIB)
    assert "Expected Deflate, or none" in told(unpack(tmp_path / "a.zip", place, Caps()))


def test_password(tmp_path: Path, place: Path) -> None:
    path = attacks.zip_of(tmp_path / "a.zip", {"a.tif": b"1"})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "is encrypted" in told(unpack(path, place, Caps()))


def test_damaged_zip_files_never_raise(tmp_path: Path, place: Path) -> None:
    whole = attacks.zip_of(tmp_path / "a.zip", {"a.tif": b"1" * 500, "b/c.tif": b"2"}).read_bytes()
    chance = np.random.default_rng(5)
    for number in range(300):
        content = bytearray(whole)
        for _ in range(int(chance.integers(1, 4))):
            content[chance.integers(len(content))] ^= int(chance.integers(1, 256))
        cut = len(content) if chance.random() < 0.7 else int(chance.integers(len(content)))
        (tmp_path / "a.zip").write_bytes(content[:cut])
        target = tmp_path / f"{number}"
        target.mkdir()
        unpack(tmp_path / "a.zip", target, Caps(unpacked=MIB))
        assert size_of(target) <= MIB
    assert not [one for one in tmp_path.iterdir() if one.name not in {"a.zip", "place"} and not one.name.isdigit()]


def test_what_systems_leave_in_folders_is_passed_over(tmp_path: Path, place: Path) -> None:
    names = ["__MACOSX/._a.tif", ".DS_Store", "a.tif", "b.zarr/.zattrs", "._a.tif"]
    assert unpack(attacks.zip_of(tmp_path / "a.zip", dict.fromkeys(names, b"1")), place, Caps()) == []
    assert sorted(str(one.relative_to(place)) for one in place.rglob("*") if one.is_file()) == [
        "a.tif",
        "b.zarr/.zattrs",
    ]
    assert oct((place / "a.tif").stat().st_mode & 0o777) == "0o600"
