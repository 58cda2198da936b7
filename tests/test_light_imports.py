"""What must start fast stays light: importing it brings in none of the large packages."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "dask",
    "distributed",
    "matplotlib",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "skimage",
    "xarray",
    "zarr",
}


@pytest.mark.parametrize("name", ["bioimagehub.catalogs", "bioimagehub.hub", "bioimagehub.hub.cli"])
def test_import_is_light(name: str) -> None:
    code = f"import {name}, sys; print(*{{module.partition('.')[0] for module in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found = sorted(HEAVY & set(done.stdout.split()))
    assert not found, f"import {name} brings in {', '.join(found)}; import these inside the functions that need them"


def test_help_is_light() -> None:
    """`bioimagehub --help` loads the commands of every room."""
    code = "import sys\nfrom bioimagehub.hub.cli import make_parser\nmake_parser().format_help()\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not HEAVY & {module.partition(".")[0] for module in done.stdout.split()}
