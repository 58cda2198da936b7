"""Where the compiled code is kept: a user of a hub cannot write to the installation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bioimagehub.catalogs
import bioimagehub.challenges

CODE = """
import sys
from pathlib import Path
import bioimagehub.challenges as challenges

assert Path(challenges.__file__).is_relative_to(sys.argv[1]), challenges.__file__
assert challenges.score_image([[1, 1, 0, 2]], [[1, 0, 0, 2]]).score("panoptic_quality") == 0.75
from bioimagehub.challenges.kernel import _add_runs
print(sum(_add_runs.stats.cache_hits.values()))
"""


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """A copy of the package, and of the one that it imports, in a folder that cannot be written."""
    root = tmp_path / "site-packages"
    for package in (bioimagehub.catalogs, bioimagehub.challenges):
        source = Path(package.__file__).parent
        shutil.copytree(source, root / "bioimagehub" / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        folder.chmod(0o555)
    return root


def run(installation: Path, home: Path) -> int:
    """Score in a process that has no right to override permissions, and return the hits of the cache."""
    # Root may write everywhere, until it gives up that capability.
    unprivileged = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG", "PYTHON"))}
    # An editable installation is found by a hook that goes before the path; -S leaves the hook out.
    paths = [str(installation), *(path for path in sys.path if path.endswith("site-packages"))]
    environment = keep | {"HOME": str(home), "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*unprivileged, sys.executable, "-S", "-c", CODE, str(installation)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_compiled_code_is_kept_in_the_home(installation: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert run(installation, home) == 0
    assert list(home.rglob("*.nbi"))
    assert not list(installation.rglob("*.nbi"))
    assert run(installation, home) == 1


def test_home_that_cannot_be_written(installation: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    assert run(installation, home) == 0
    assert run(installation, home) == 0
    assert not list(home.iterdir())
