"""The place that a user's command runs in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

UID = 299_998


def confine(*options: str, code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-m", "bioimagehub.hub.confine", *options]
    return subprocess.run(
        [*command, "--", sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def shown() -> list[str]:
    from bioimagehub.hub.isolation import hidden_above, needed_paths
    from bioimagehub.hub.settings import Settings

    if os.geteuid() != 0:
        assert "CI" not in os.environ
        pytest.skip("another uid needs root")
    return [part for path in needed_paths(Settings()) if hidden_above(path) for part in ("--show", str(path))]


def test_without_a_uid_it_runs_as_this_one_in_its_folder(tmp_path: Path) -> None:
    result = confine("--folder", str(tmp_path), code="import os; print(os.getuid(), os.getcwd(), oct(os.umask(0)))")
    assert result.stdout.split() == [str(os.getuid()), str(tmp_path), "0o77"]


def test_a_private_uid_cannot_get_back(tmp_path: Path, shown: list[str]) -> None:
    tmp_path.chmod(0o755)
    code = """
import json, os
result = {"ids": os.getresuid() + os.getresgid(), "groups": os.getgroups()}
for name in ("setuid", "setgid"):
    try:
        getattr(os, name)(0)
        result[name] = "done"
    except PermissionError:
        result[name] = "refused"
result["gains"] = [line for line in open("/proc/self/status") if line.startswith("NoNewPrivs")][0].split()[1]
result["processes"] = [p for p in os.listdir("/proc") if p.isdigit() and p != str(os.getpid())]
print(json.dumps(result))
"""
    result = confine("--folder", str(tmp_path), "--uid", str(UID), *shown, code=code)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {
        "ids": [UID] * 6, "groups": [], "setuid": "refused", "setgid": "refused", "gains": "1", "processes": [],
    }  # fmt: skip


def test_a_closed_folder_shows_what_is_needed_and_nothing_else(tmp_path: Path, shown: list[str]) -> None:
    closed = tmp_path / "closed"
    for name in ("needed", "other", "home"):
        (closed / name).mkdir(parents=True)
        (closed / name / "file").write_text(name)
    closed.chmod(0o700)
    os.chown(closed / "home", UID, UID)
    code = f"""
import os
closed = {str(closed)!r}
print(open(closed + "/needed/file").read(), os.path.exists(closed + "/other"))
open(closed + "/home/new", "w").write("x")
for folder in ("/needed", ""):
    try:
        open(closed + folder + "/new", "w")
        print("written")
    except OSError:
        print("refused")
"""
    options = ["--folder", str(closed / "home"), "--uid", str(UID), "--show", str(closed / "needed")]
    result = confine(*options, *shown, code=code)
    assert result.stdout.split() == ["needed", "False", "refused", "refused"], result.stderr
    assert (closed / "home" / "new").read_text() == "x"
    assert not (closed / "needed" / "new").exists()


def test_what_is_mounted_stays_private(tmp_path: Path, shown: list[str]) -> None:
    before = Path("/proc/self/mounts").read_text()
    (tmp_path / "closed" / "needed").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    tmp_path.chmod(0o755)
    confine("--folder", "/", "--uid", str(UID), "--show", str(tmp_path / "closed" / "needed"), *shown, code="1")
    assert Path("/proc/self/mounts").read_text() == before


def test_the_home_is_seen_and_writable_beside_the_working_folder(tmp_path: Path, shown: list[str]) -> None:
    tmp_path.chmod(0o700)
    folders = [tmp_path / name for name in ("work", "home", "other")]
    for folder in folders:
        folder.mkdir(mode=0o700)
        os.chown(folder, UID, UID)
    work, home, other = folders
    code = f"""
from pathlib import Path
Path({str(work)!r}, "a").touch()
Path({str(home)!r}, "b").touch()
print(Path({str(other)!r}).exists())
"""
    result = confine("--folder", str(work), "--home", str(home), "--uid", str(UID), *shown, code=code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "False"
    assert (work / "a").exists()
    assert (home / "b").exists()
