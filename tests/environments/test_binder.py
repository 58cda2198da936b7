"""What repo2docker would build of `binder/`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import BuildPack, CondaBuildPack

from locks import PYTHONS, ROOT, pins_for

BINDER = ROOT / "binder"


@pytest.fixture
def buildpack(monkeypatch: pytest.MonkeyPatch) -> BuildPack:
    """The build pack that repo2docker chooses for this repository."""
    monkeypatch.chdir(ROOT)
    app = Repo2Docker()
    for kind in app.buildpacks:
        candidate: BuildPack = kind(base_image=app.base_image)
        if candidate.detect():
            candidate.platform = "linux/amd64"
            return candidate
    pytest.fail("No build pack of repo2docker takes this repository")


def commands() -> list[str]:
    """Return the lines of postBuild that do something."""
    lines = (BINDER / "postBuild").read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", "set "))]


def test_folder_holds_what_repo2docker_reads_and_nothing_else() -> None:
    assert {path.name for path in BINDER.iterdir()} == {"README.md", "environment.yml", "postBuild"}


def test_repo2docker_takes_the_environment(buildpack: BuildPack) -> None:
    assert type(buildpack) is CondaBuildPack
    assert buildpack.binder_dir == "binder"
    assert buildpack.python_version in PYTHONS
    assert buildpack.get_post_build_scripts() == ["binder/postBuild"]


def test_rendered_image_runs_postbuild_in_the_repository(buildpack: BuildPack) -> None:
    dockerfile = buildpack.render()
    copied = dockerfile.index("COPY --chown=1000:1000 src/ ${REPO_DIR}/")
    assert '--file "binder/environment.yml"' in dockerfile[:copied]
    assert dockerfile.index("RUN ./binder/postBuild") > copied


def test_environment_brings_python_and_pip_only() -> None:
    environment = yaml.safe_load((BINDER / "environment.yml").read_text())
    (python, pip) = environment["dependencies"]
    assert re.fullmatch(r"python=(\d+\.\d+)", python)
    assert pip == "pip"


def test_postbuild_can_be_run() -> None:
    assert os.access(BINDER / "postBuild", os.X_OK)
    subprocess.run(["bash", "-n", BINDER / "postBuild"], check=True)
    assert (BINDER / "postBuild").read_text().splitlines()[2] == "set -euo pipefail"


def test_postbuild_installs_a_lock_then_the_wheel_then_the_samples() -> None:
    lock, wheel, samples = commands()
    path = lock.split()[-1]
    assert {"--require-hashes", "--no-deps"} <= set(lock.split())
    assert (ROOT / path).is_file()
    assert wheel.split()[-1] == "."
    assert {"--no-deps", "--no-build-isolation"} <= set(wheel.split())
    assert not {"-e", "--editable"} & set(wheel.split())
    assert samples == "bioimagehub samples build"


def test_lock_of_binder_holds_what_the_notebooks_and_the_samples_need(buildpack: BuildPack) -> None:
    environment = Path(commands()[0].split()[-1]).parent.name
    assert {"distributed", "jupyterlab", "scikit-image", "stardist"} <= set(
        pins_for(environment, buildpack.python_version)
    )


def test_command_of_postbuild_exists() -> None:
    command = [Path(sys.executable).parent / "bioimagehub", *commands()[-1].split()[1:], "--help"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "usage: bioimagehub samples build" in done.stdout
