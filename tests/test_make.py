"""The Makefile: it lists its commands, and says what to do when the machine lacks something."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TARGETS = ("bench", "check", "clean", "hub", "lock", "notebooks", "test")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a space in its name that holds what the Makefile looks at, and no .venv."""
    folder = tmp_path / "a checkout"
    for room in ("catalogs", "hub", "notebooks", "widgets", "environments/hub"):
        (folder / room).mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    (folder / "environments" / "hub" / "lock.txt").touch()
    return folder


def make(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make without what the make that runs these tests hands down."""
    handed_down = {"ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHON"}
    inherited = {name: value for name, value in os.environ.items() if name not in handed_down}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=checkout,
        env=inherited | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_make_alone_lists_every_command(checkout: Path) -> None:
    done = make(checkout)
    assert done.returncode == 0, done.stderr
    for target in TARGETS:
        assert re.search(rf"(?m)^  make {target} +\w", done.stdout), f"`make` does not tell about `make {target}`"


def test_every_command_of_the_makefile_is_listed(checkout: Path) -> None:
    (line,) = re.findall(r"(?m)^\.PHONY: (help .*)$", (ROOT / "Makefile").read_text())
    # `browser`, `database` and `sandbox` are steps of `make test`, not commands.
    assert set(line.split()) == {*TARGETS, "help", "browser", "database", "sandbox"}


def test_virtual_environment_is_made_once(checkout: Path) -> None:
    first = make(checkout, ".venv/.stamps/hub", f"PYTHON={sys.executable}")
    assert first.returncode == 0, first.stderr
    assert "Making .venv" in first.stdout
    python = checkout / ".venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "--version"], check=True, capture_output=True)
    second = make(checkout, ".venv/.stamps/hub", f"PYTHON={sys.executable}")
    assert (second.returncode, second.stdout) == (0, "make: '.venv/.stamps/hub' is up to date.\n")
    moved = checkout.rename(checkout.with_name("moved"))
    third = make(moved, "--dry-run", ".venv/.stamps/hub", f"PYTHON={sys.executable}")
    assert "venv --clear" in third.stdout, "the scripts in a .venv that was moved point to where it was"


def test_no_python_that_fits(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "cat", "find", "id", "make", "uname"):
        (tools / name).symlink_to(shutil.which(name) or name)
    done = make(checkout, "hub", PATH=str(tools))
    assert done.returncode == 2
    assert "No Python 3.11, 3.12 or 3.13 was found on PATH" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_python_that_is_too_old(checkout: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    done = make(checkout, "hub", f"PYTHON={old}")
    assert done.returncode == 2
    assert "python3.9 is Python 3.9.2; Python 3.11, 3.12 or 3.13 is needed" in done.stderr


@pytest.mark.parametrize("module", ["ensurepip", "venv"])
def test_python_without_venv(checkout: Path, tmp_path: Path, module: str) -> None:
    """Debian's python3 comes without them."""
    (tmp_path / f"{module}.py").write_text("raise ModuleNotFoundError\n")
    done = make(checkout, "hub", f"PYTHON={sys.executable}", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "cannot make virtual environments" in done.stderr
    assert "apt-get install python3-venv" in done.stderr


def test_wheel_is_made_again_when_a_file_of_it_changes(checkout: Path) -> None:
    stamps = checkout / ".venv" / ".stamps"
    stamps.mkdir(parents=True)
    (stamps / "venv").write_text(f"{checkout.resolve()}\n")
    (stamps / "project").touch()
    wheel = (".venv/.stamps/project", "--question")
    assert make(checkout, *wheel).returncode == 0
    entry = checkout / "catalogs" / "entries.yml"
    entry.touch()
    assert make(checkout, *wheel).returncode == 1
    (stamps / "project").touch()
    assert make(checkout, *wheel).returncode == 0


def test_peers_have_an_environment_of_their_own(checkout: Path) -> None:
    """They want other versions of what the hub has, so only `make bench` has them, and not in .venv itself."""
    lock = checkout / "environments" / "peers" / "lock.txt"
    lock.parent.mkdir()
    lock.touch()
    (checkout / "environments" / "develop").mkdir()
    (checkout / "environments" / "develop" / "lock.txt").touch()
    planned = make(checkout, "--dry-run", "bench", f"PYTHON={sys.executable}")
    assert planned.returncode == 0, planned.stderr
    installs = [
        line for line in planned.stdout.splitlines() if str(lock.relative_to(checkout)) in line and "pip" in line
    ]
    assert len(installs) == 1
    assert installs[0].startswith(".venv/peers/bin/python -m pip")
    assert "--require-hashes --no-deps" in installs[0]
    for other in ("test", "hub", "check"):
        assert "peers" not in make(checkout, "--dry-run", other, f"PYTHON={sys.executable}").stdout
    made = make(checkout, ".venv/.stamps/peers", f"PYTHON={sys.executable}")
    assert made.returncode == 0, made.stderr
    python = checkout / ".venv" / "peers" / "bin" / "python"
    where = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix)"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert Path(where).resolve() == (checkout / ".venv" / "peers").resolve()


def test_ci_runs_the_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text().splitlines() if "make " in line]
    assert commands == ["exec make test </dev/null"]
    assert "make test" in (ROOT / "README.md").read_text()
    assert "make hub" in (ROOT / "README.md").read_text()


def test_benchmarks_are_found_without_the_peers() -> None:
    """They run by another command than the tests: here it is seen at least that they can be imported."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "tests/benchmarks"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert found.returncode == 0, found.stdout[-4000:]
    assert " tests collected" in found.stdout
