"""Building the sample archive: the same bytes, all or nothing, alone, and readable by everybody."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bioimagehub.catalogs.errors import (
    DamagedSampleError,
    InsufficientSpaceError,
    SamplesNotWritableError,
    SourceImageError,
)
from bioimagehub.catalogs.samples import build, building, list_samples, verify, writing
from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.manifest import RECORD, list_files
from bioimagehub.catalogs.samples.sources import skimage_cell

BUILD = "from bioimagehub.catalogs.samples import build\nbuild()"
SECONDS = 120


def _start(folder: Path, code: str = BUILD, **options: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "BIOIMAGEHUB_SAMPLES": str(folder)}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


def _finish(process: subprocess.Popen[str]) -> int:
    """Wait for the end of a build; what it said on standard error is shown when the test fails."""
    print(process.communicate(timeout=SECONDS)[1])
    return process.returncode


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


NAMES = {record.name for record in list_samples()} | {".lock"}


def test_two_builds_give_the_same_bytes(samples: Path, tmp_path: Path) -> None:
    """In another process, with another hash seed and another umask."""
    assert _finish(_start(tmp_path, f"import os\nos.umask(0o077)\n{BUILD}")) == 0
    assert _names(tmp_path) == _names(samples) == NAMES
    for record in list_samples(samples):
        first, second = samples / record.name, tmp_path / record.name
        assert list_files(first) == list_files(second)
        for path in [*list_files(first), RECORD, "manifest-sha256.txt"]:
            assert (first / path).read_bytes() == (second / path).read_bytes(), path


def test_everybody_can_read_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    assert _finish(_start(folder, f"import os\nos.umask(0o077)\n{BUILD}")) == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    for record in list_samples():
        for path in (folder / record.name, *(folder / record.name).rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def test_killed_build_leaves_nothing_half_made(tmp_path: Path) -> None:
    """Killed while the second dataset is written: the first is there whole, the next build makes the rest."""
    code = (
        "import os, signal\n"
        "from bioimagehub.catalogs.samples import build, writing\n"
        "writing._write_table = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "build()"
    )
    assert _finish(_start(tmp_path, code)) == -signal.SIGKILL
    assert _names(tmp_path) == {".lock", "emd-3001", ".building-cryoet-tomogram"}
    assert not [problem for problem in verify(tmp_path) if problem.startswith("emd-3001")]
    first = (tmp_path / "emd-3001").stat().st_mtime_ns
    build(tmp_path)
    assert verify(tmp_path) == []
    assert _names(tmp_path) == NAMES
    assert (tmp_path / "emd-3001").stat().st_mtime_ns == first  # it was not built again


def test_build_that_is_killed_while_replacing_is_finished_by_the_next(samples: Path, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    shutil.copytree(samples, folder)
    (folder / "emd-3001").rename(folder / ".replaced-emd-3001")
    build(folder)
    assert verify(folder) == []
    assert _names(folder) == NAMES


def test_only_the_damaged_is_built_again(samples: Path, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    shutil.copytree(samples, folder)
    (folder / "skimage-cell" / "thumbnail.png").write_bytes(b"")
    before = {name: (folder / name).stat().st_ino for name in NAMES}
    steps: list[tuple[int, int, str]] = []
    records = build(folder, progress=lambda *step: steps.append(step))
    assert steps == [(11, 12, "skimage-cell"), (12, 12, "done")]
    assert verify(folder) == []
    changed = {name for name in NAMES if (folder / name).stat().st_ino != before[name]}
    assert changed == {"skimage-cell"}
    assert records == list_samples(samples)  # with the same checksums


def test_two_builds_at_once_do_not_clash(tmp_path: Path) -> None:
    both = [_start(tmp_path), _start(tmp_path)]
    assert [_finish(one) for one in both] == [0, 0]
    assert verify(tmp_path) == []
    assert _names(tmp_path) == NAMES


def test_second_build_waits_and_says_so(tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = _start(tmp_path, _COMMAND)
        assert waiting.stderr is not None
        assert waiting.stderr.readline() == "[ 0/12] waiting for another build\n"
        assert _names(tmp_path) == {".lock"}
    rest = waiting.communicate(timeout=SECONDS)[1].splitlines()
    assert waiting.returncode == 0
    assert rest[0] == "[ 0/12] emd-3001"
    assert rest[-1] == "[12/12] done"


_COMMAND = (
    "import argparse\n"
    "from bioimagehub.catalogs.cli import add_commands\n"
    "parser = argparse.ArgumentParser()\n"
    "add_commands(parser.add_subparsers())\n"
    "chosen = parser.parse_args(['samples', 'build'])\n"
    "chosen.run(chosen)\n"
)


def test_full_disk_is_told_before_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "SPACE", 2**62)
    with pytest.raises(InsufficientSpaceError, match=r"does not fit into .* MiB are free, .* are needed. Make room"):
        build(tmp_path)
    assert _names(tmp_path) == {".lock"}


@pytest.mark.parametrize(("number", "expected"), [(errno.ENOSPC, InsufficientSpaceError), (errno.EIO, OSError)])
def test_disk_that_fails_in_between_loses_nothing(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, expected: type[Exception]
) -> None:
    folder = tmp_path / "samples"
    shutil.copytree(samples, folder)
    (folder / "skimage-cell" / "thumbnail.png").write_bytes(b"")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(writing, "write_manifest", fail)
    with pytest.raises(expected, match=r"skimage-cell could not be written.*What was built before is kept.*Make room"):
        build(folder)
    assert _names(folder) == NAMES
    assert (folder / "skimage-cell" / "image.ome.zarr").is_dir()


def test_dataset_that_does_not_come_out_as_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that loses a file between writing and checking."""
    monkeypatch.setattr(writing, "_open_to_all", lambda folder: (folder / "thumbnail.png").unlink())
    with pytest.raises(
        DamagedSampleError, match=r"is not what was written: .*thumbnail.png is missing.*another folder"
    ):
        build(tmp_path)
    assert "emd-3001" not in _names(tmp_path)


def test_move_that_fails_puts_the_old_back(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "old").write_text("old")
    with pytest.raises(FileNotFoundError):
        building._put_in_place(tmp_path / "nothing", tmp_path / "place")
    assert (tmp_path / "place" / "old").read_text() == "old"
    assert _names(tmp_path) == {"place"}


@pytest.mark.parametrize("place", ["file/samples", "file"])
def test_place_that_is_no_folder_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SamplesNotWritableError, match=r"cannot be written to .*file.*set BIOIMAGEHUB_SAMPLES, or give"):
        build(tmp_path / place)
    assert (tmp_path / "file").read_text() == "mine"


def test_read_only_place_is_told() -> None:
    """In a file system that even root cannot write to."""
    folder = Path("/sys/bioimagehub-samples")
    with pytest.raises(SamplesNotWritableError, match=rf"cannot be written to {folder}: .*this user may write to"):
        build(folder)


def test_whole_archive_is_not_written_to(samples: Path, tmp_path: Path) -> None:
    """Users of a hub share one archive that they may not write to, and find it built."""
    folder = tmp_path / "samples"
    shutil.copytree(samples, folder, ignore=shutil.ignore_patterns(".lock"))
    folder.chmod(0o555)
    before = folder.stat().st_mtime_ns
    assert build(folder) == list_samples(samples)
    assert folder.stat().st_mtime_ns == before
    folder.chmod(0o755)


def test_missing_source_is_told_before_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skimage_cell, "INPUTS", (Input("skimage", "data/none.png", "0"),))
    with pytest.raises(SourceImageError, match=r"data/none\.png was not found.*bioimagehub\[samples\]"):
        build(tmp_path)
    assert _names(tmp_path) == {".lock"}


def test_missing_reader_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra `samples` there is no tifffile."""
    monkeypatch.delitem(sys.modules, "bioimagehub.catalogs.samples.sources.bbbc038_nuclei", raising=False)
    monkeypatch.setitem(sys.modules, "tifffile", None)
    told = r"bbbc038-nuclei cannot be read: the package tifffile is not installed.*bioimagehub\[samples\]"
    with pytest.raises(SourceImageError, match=told):
        build(tmp_path)
    assert _names(tmp_path) == {".lock"}
