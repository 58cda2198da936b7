"""The command line: what it does without a running hub, and how it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bioimagehub.hub.cli import main, make_parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """`up` sets it for its process, which is here that of all tests."""
    umask = os.umask(0o022)
    yield
    os.umask(umask)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIOIMAGEHUB_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("BIOIMAGEHUB_SETTINGS", raising=False)
    return tmp_path / "state"


def test_help_lists_the_commands_of_all_rooms() -> None:
    text = make_parser().format_help()
    for command in ("up", "down", "status", "check", "users", "notebooks", "samples"):
        assert command in text


def test_users_are_added_reset_and_removed(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state.mkdir()
    (state / "settings.yaml").write_text("users: [bob]\nisolation: shared\ntrust_each_other: true\n")
    assert main(["users", "add", "ann", "bob"]) == 0
    added = capsys.readouterr().out
    assert "ann   password " in added
    assert main(["users", "reset", "ann"]) == 0
    assert capsys.readouterr().out.split()[2] not in added
    assert main(["users", "remove", "bob"]) == 0
    said = capsys.readouterr().out
    assert "The home stays" in said
    assert "The settings still name bob" in said
    assert main(["users", "list"]) == 0
    assert capsys.readouterr().out.split() == ["ann"]


def test_nobody_is_added_where_users_are_not_kept_apart(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state.mkdir()
    (state / "settings.yaml").write_text("isolation: shared\nusers: [bob]\n")
    assert main(["users", "add", "bob"]) == 0
    assert main(["users", "add", "ann"]) == 1
    assert "one trust domain" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["users", "add"], ["expected one name or more"]),
        (["users", "reset", "eve"], ["'eve': known are none", "Use `add`"]),
        (["users", "remove", "eve"], ["no such user", "Check the name"]),
        (["users", "add", "Eve"], ["1 to 31 of a-z", "Choose another name"]),
        (["down"], ["none is running there", "--settings"]),
        (["up", "--settings", "/no/file"], ["/no/file", "Check the path"]),
        (["notebooks", "copy", "no"], ["no such notebook", "Name one of them"]),
    ],
)
def test_failures_are_one_message_and_status_1(
    state: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], parts: list[str]
) -> None:
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("bioimagehub: Cannot")
    for part in parts:
        assert part in said


def test_status_says_that_none_runs(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 1
    assert f"No hub runs on {state}" in capsys.readouterr().out


def test_wrong_usage_is_status_2() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["fly"])


def test_check_finds_this_machine_good(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0, capsys.readouterr().out
    assert "ok    versions" in capsys.readouterr().out


def test_up_refuses_an_unwritable_state_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_STATE", "/proc/hub")
    assert main(["up"]) == 1
    assert "cannot write to the state folder /proc/hub" in capsys.readouterr().err


def test_a_reader_that_has_gone_is_no_error(state: Path) -> None:
    command = f"'{sys.executable}' -m bioimagehub.hub.cli check | head -n 1"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in result.stderr
