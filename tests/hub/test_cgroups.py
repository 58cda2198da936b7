"""Limits by control groups: the files of both versions, and the real ones where they can be written."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bioimagehub.hub.cgroups import Limits, find_controllers

if TYPE_CHECKING:
    from pathlib import Path


def test_none_where_nothing_is_mounted(tmp_path: Path) -> None:
    assert find_controllers(tmp_path) is None


def test_version_2_files(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu memory pids")
    (tmp_path / "cgroup.subtree_control").write_text("")
    found = find_controllers(tmp_path)
    assert found is not None
    found.enter("hub/ann.1", Limits(1000, 1.5), 77)
    group = tmp_path / "hub" / "ann.1"
    assert (group / "memory.max").read_text() == "1000"
    assert (group / "cpu.max").read_text() == "150000 100000"
    assert (group / "cgroup.procs").read_text() == "77"
    assert (tmp_path / "hub" / "cgroup.subtree_control").read_text() == "+memory +cpu"
    assert found.members("hub") == {77}


def test_version_2_without_the_memory_controller(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu")
    (tmp_path / "cgroup.subtree_control").write_text("")
    found = find_controllers(tmp_path)
    assert found is not None
    found.enter("hub/ann.1", Limits(1000, None), 77)
    assert not (tmp_path / "hub" / "ann.1" / "memory.max").exists()


def test_version_1_files(tmp_path: Path) -> None:
    for name in ("memory", "cpu"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").write_text("")
    (tmp_path / "cpu" / "cpu.shares").write_text("1024")
    found = find_controllers(tmp_path)
    assert found is not None
    found.enter("hub/ann.1", Limits(1000, 0.5), 77)
    assert (tmp_path / "memory" / "hub" / "ann.1" / "memory.limit_in_bytes").read_text() == "1000"
    assert (tmp_path / "cpu" / "hub" / "ann.1" / "cpu.cfs_quota_us").read_text() == "50000"


def test_a_process_that_takes_too_much_is_ended() -> None:
    found = find_controllers()
    if found is None or found.memory is None:
        assert os.geteuid() != 0 or "CI" not in os.environ, "as root in CI control groups are expected"
        pytest.skip("control groups cannot be written here")
    hungry = "print(len(bytearray(600 * 1024**2)))"
    command = [sys.executable, "-I", "-m", "bioimagehub.hub.confine", "--folder", "/", "--group", "bioimagehub-test/x"]
    command += ["--memory", str(200 * 1024**2), "--", sys.executable, "-c", hungry]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    finally:
        found.remove("bioimagehub-test")
    assert result.returncode == -9
    assert result.stdout == ""
    assert not (found.memory / "bioimagehub-test").exists()
