from __future__ import annotations

import argparse
import shutil
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.cli import add_commands
from bioimagehub.catalogs.errors import DamagedSampleError, SamplesNotBuiltError
from bioimagehub.catalogs.samples import list_samples

if TYPE_CHECKING:
    from pathlib import Path


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    chosen = parser.parse_args(["samples", *arguments])
    status: int = chosen.run(chosen)
    return status


def test_list_says_which_are_built(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(samples / "emd-3001", tmp_path / "emd-3001")
    assert _run("list", "--path", str(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list_samples())
    states = {line.split()[0]: "not built" not in line for line in lines}
    assert [name for name, built in states.items() if built] == ["emd-3001"]


def test_build_of_a_whole_archive_does_nothing(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in samples.rglob("*")}
    assert _run("build") == 0
    shown = capsys.readouterr()
    assert shown.out == f"{len(list_samples())} samples are in {samples}\n"
    assert shown.err == "[12/12] done\n"
    assert {path: path.stat().st_mtime_ns for path in samples.rglob("*")} == before


def test_build_shows_progress_and_mends(damaged: Path, samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for record in list_samples():
        if not (damaged / record.name).exists():
            shutil.copytree(samples / record.name, damaged / record.name)
    (damaged / "ctc-timelapse" / "thumbnail.png").unlink()
    assert _run("build") == 0
    assert capsys.readouterr().err.splitlines() == ["[11/12] ctc-timelapse", "[12/12] done"]
    assert _run("verify") == 0
    assert capsys.readouterr().out == f"The sample archive in {damaged} is whole.\n"


def test_verify_tells_what_is_wrong(damaged: Path) -> None:
    (damaged / "ctc-timelapse" / "thumbnail.png").write_bytes(b"")
    with pytest.raises(
        DamagedSampleError, match=r"(?s)11 problems.*ctc-timelapse: thumbnail.png was changed"
    ) as caught:
        _run("verify")
    assert "emd-3001: is not built" in str(caught.value)
    assert "bioimagehub samples build" in str(caught.value)


def test_verify_without_archive(tmp_path: Path) -> None:
    with pytest.raises(SamplesNotBuiltError, match=r"There is no sample archive in .*none"):
        _run("verify", "--path", str(tmp_path / "none"))


@pytest.mark.parametrize("arguments", [[], ["burn"], ["build", "--fast"]])
def test_wrong_usage_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        _run(*arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_every_action_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("build", "list", "verify"):
        with pytest.raises(SystemExit) as caught:
            _run(action, "--help")
        assert caught.value.code == 0
        assert "BIOIMAGEHUB_SAMPLES" in capsys.readouterr().out
