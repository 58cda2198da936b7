"""`bioimagehub up` on machines that are not as they should be: one clear message, and nothing is lost."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from bioimagehub.catalogs import samples as archive
from servers.hub import RunningHub

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def hub(tmp_path: Path, samples: Path) -> RunningHub:
    """A hub that has not been started."""
    return RunningHub(tmp_path, samples, {"users": ["ann"]})


def test_a_port_that_is_taken(hub: RunningHub) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", hub.settings["ports"]["gateway"]))
        other.listen()
        result = hub.run("up")
    assert result.returncode == 1
    assert f"ports.gateway {hub.settings['ports']['gateway']} (Address already in use)" in result.stderr
    assert "set other ports" in result.stderr
    assert hub.marked() == {}


@pytest.mark.parametrize(
    ("content", "part"),
    [("port: [", "it is not YAML"), ("colour: blue", "colour: there is no such setting"), ("port: high", "port: ")],
)
def test_settings_that_cannot_be_used(hub: RunningHub, content: str, part: str) -> None:
    hub.settings_file.write_text(content)
    result = hub.run("up")
    assert result.returncode == 1
    assert part in result.stderr
    assert str(hub.settings_file) in result.stderr
    assert list(hub.state.iterdir()) == []


def test_a_full_disk(hub: RunningHub) -> None:
    """On a real small disk: a tmpfs of 8 MB."""
    if os.geteuid() != 0:
        assert "CI" not in os.environ
        pytest.skip("mounting a small disk needs root")
    mount = f"mount -t tmpfs -o size=8m tmpfs {shlex.quote(str(hub.state))}"
    script = f"{mount} && exec {shlex.join(hub.command('up'))}"
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 1
    assert "disk: only 0.0 GB free" in result.stderr
    assert "Make room or move the state folder" in result.stderr


def test_a_state_folder_of_somebody_else(hub: RunningHub, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        assert "CI" not in os.environ
        pytest.skip("being somebody else needs root")
    from bioimagehub.hub.isolation import hidden_above, needed_paths
    from bioimagehub.hub.settings import Settings

    needed = [*needed_paths(Settings()), hub.settings_file]
    shown = [part for path in needed if hidden_above(path) for part in ("--show", str(path))]
    confine = [sys.executable, "-I", "-m", "bioimagehub.hub.confine", "--folder", str(tmp_path), "--uid", "54321"]
    hub.settings_file.chmod(0o644)
    tmp_path.chmod(0o755)
    result = subprocess.run(
        [*confine, *shown, "--", *hub.command("up")], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 1
    assert f"cannot write to the state folder {hub.state}" in result.stderr
    assert "Set `state`" in result.stderr


@pytest.mark.hub
def test_a_damaged_sample_archive_is_mended(start_hub: Callable[..., RunningHub], samples: Path) -> None:
    hub = start_hub({"users": ["ann"]})
    hub.stop()
    chunk = next(path for path in sorted((hub.state / "samples").rglob("c/*")) if path.is_file() or path.is_dir())
    victim = chunk if chunk.is_file() else next(path for path in sorted(chunk.rglob("*")) if path.is_file())
    victim.write_bytes(b"broken")
    assert archive.verify(hub.state / "samples") != []
    hub.start()
    assert archive.verify(hub.state / "samples") == []
    assert yaml.safe_load(hub.settings_file.read_text())["users"] == ["ann"]
