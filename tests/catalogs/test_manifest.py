from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.samples.manifest import MANIFEST, compare, list_files, read_manifest, write_manifest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "a").write_text("one")
    (tmp_path / "b" / "c" / "d").write_text("two")
    (tmp_path / "record.json").write_text("{}")
    return tmp_path


def test_files_are_sorted_without_the_bookkeeping(tree: Path) -> None:
    write_manifest(tree)
    assert list_files(tree) == ["a", "b/c/d"]


def test_checksum_tells_trees_apart(tree: Path) -> None:
    first = write_manifest(tree)
    assert write_manifest(tree) == first
    (tree / "a").rename(tree / "e")
    assert write_manifest(tree) != first


def test_whole_tree_has_no_problems(tree: Path) -> None:
    assert compare(tree, write_manifest(tree), content=True) == []


def test_sha256sum_reads_the_manifest(tree: Path) -> None:
    write_manifest(tree)
    subprocess.run(["sha256sum", "--check", "--strict", MANIFEST], cwd=tree, check=True, capture_output=True)


def test_problems_are_told(tree: Path) -> None:
    checksum = write_manifest(tree)
    (tree / "a").write_text("ONE")
    (tree / "b" / "c" / "d").unlink()
    (tree / "b" / "x").write_text("")
    quick = ["b/c/d is missing", "b/x does not belong there"]
    assert compare(tree, checksum, content=False) == quick
    assert compare(tree, checksum, content=True) == [*quick, "a was changed"]


def test_another_manifest_is_told(tree: Path) -> None:
    checksum = write_manifest(tree)
    (tree / "a").write_text("ONE")
    write_manifest(tree)
    assert compare(tree, checksum, content=True) == [f"{MANIFEST} is not the one that record.json names"]


def test_missing_and_broken_manifests_are_told(tree: Path) -> None:
    assert "cannot be read" in compare(tree, None, content=True)[0]
    (tree / MANIFEST).write_text("nonsense\n")
    assert "'nonsense' is not a line of a manifest" in compare(tree, None, content=True)[0]
    (tree / MANIFEST).write_bytes(b"\xff\xfe")
    assert "cannot be read" in compare(tree, None, content=True)[0]


def test_dangling_links_are_files(tree: Path) -> None:
    """A link to nothing is in the list, so that it is told."""
    checksum = write_manifest(tree)
    (tree / "a").unlink()
    (tree / "a").symlink_to(tree / "nowhere")
    assert compare(tree, checksum, content=True) == ["a cannot be read: No such file or directory"]


def test_manifest_is_read_back(tree: Path) -> None:
    checksum = write_manifest(tree)
    entries, found = read_manifest(tree)
    assert list(entries) == ["a", "b/c/d"]
    assert found == checksum
