"""The images of `environments/`: their checks run here, their Dockerfiles name what exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from locks import PYTHONS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = sorted(path.parent.name for path in (ROOT / "environments").glob("*/Dockerfile"))
each_image = pytest.mark.parametrize("image", IMAGES)


def read_instructions(image: str) -> list[list[str]]:
    """Return the instructions of a Dockerfile, split into words."""
    text = (ROOT / "environments" / image / "Dockerfile").read_text()
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [shlex.split(line) for line in lines if line.strip() and not line.startswith("#")]


def test_there_are_images() -> None:
    assert IMAGES == ["analysis", "base"]


@each_image
def test_folder_is_complete(image: str) -> None:
    folder = ROOT / "environments" / image
    assert {path.name for path in folder.iterdir()} == {"Dockerfile", "lock.txt", "verify"}
    assert os.access(folder / "verify", os.X_OK)


@each_image
def test_verify_succeeds_in_this_environment(image: str) -> None:
    """The environment of the tests holds what the images hold, in the same versions."""
    done = subprocess.run(
        [sys.executable, ROOT / "environments" / image / "verify"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout


@each_image
def test_verify_fails_when_a_version_differs(image: str, tmp_path: Path) -> None:
    for name in IMAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "verify").write_bytes((ROOT / "environments" / name / "verify").read_bytes())
    lock = (ROOT / "environments" / image / "lock.txt").read_text()
    (tmp_path / image / "lock.txt").write_text(re.sub(r"(?m)^zarr==\S+", "zarr==2.0", lock))
    done = subprocess.run([sys.executable, tmp_path / image / "verify"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(r"FAILED: zarr is 3\S+, the lock says 2\.0\. Install the lock", done.stdout)


@each_image
def test_dockerfile_copies_what_exists(image: str) -> None:
    for name, *words in read_instructions(image):
        if name == "COPY":
            for source in words[:-1]:
                assert (ROOT / source).exists(), f"{image}: COPY {source}, but there is no such path in the repository"


@each_image
def test_dockerfile_copies_what_the_wheel_is_made_of(image: str) -> None:
    copied = {source for name, *words in read_instructions(image) if name == "COPY" for source in words[:-1]}
    rooms = {str(path.relative_to(ROOT).parts[0]) for path in ROOT.glob("*/src/bioimagehub")}
    assert rooms | {"pyproject.toml", "README.md", "LICENSE"} <= copied


@each_image
def test_dockerfile_installs_the_lock_and_a_wheel(image: str) -> None:
    runs = [words for name, *words in read_instructions(image) if name == "RUN" and "install" in words]
    locked = [words for words in runs if f"/opt/bioimagehub/environments/{image}/lock.txt" in words]
    assert len(locked) == 1
    assert {"--require-hashes", "--no-deps"} <= set(locked[0])
    (project,) = (words for words in runs if words[-1] == "/opt/bioimagehub")
    assert {"--no-deps", "--no-build-isolation"} <= set(project)
    assert not {"-e", "--editable"} & set(project)


@each_image
def test_dockerfile_ends_as_a_user_with_a_server(image: str) -> None:
    instructions = read_instructions(image)
    (source,) = (words[0] for name, *words in instructions if name == "FROM")
    assert source in {f"python:{python}-slim" for python in PYTHONS}
    users = [words[0] for name, *words in instructions if name == "USER"]
    assert users[-1] not in {"root", "0"}
    assert instructions[-1][0] == "CMD"
    assert "jupyterhub-singleuser" in instructions[-1][1]
