"""What a portal or a command needs of the catalogs loads none of the large packages."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs import open_catalog

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    "dask",
    "fsspec",
    "intake",
    "mrcfile",
    "numpy",
    "pandas",
    "PIL",
    "pyarrow",
    "skimage",
    "tifffile",
    "xarray",
    "zarr",
}


def _loaded(code: str) -> set[str]:
    code = f"{code}\nimport sys\nprint('modules:', *{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return HEAVY & set(done.stdout.rpartition("modules:")[2].split())


@pytest.mark.parametrize(
    "code",
    [
        "import bioimagehub.catalogs",
        "import bioimagehub.catalogs.cli",
        "import bioimagehub.catalogs.samples",
        "from bioimagehub.catalogs import open_catalog\nprint(open_catalog().search('nuclei', scale='cells'))",
        "from bioimagehub.catalogs import open_catalog\nfor one in open_catalog().page(0, 50): print(one, one.cite())",
        "from bioimagehub.catalogs.samples import list_samples, verify\nlist_samples(), verify()",
    ],
)
def test_catalog_is_light(samples: Path, code: str) -> None:
    open_catalog()  # so that the index is there: building it reads tables
    assert _loaded(code) == set()


def test_opening_loads_no_intake(samples: Path) -> None:
    code = "from bioimagehub.catalogs import open_catalog\nopen_catalog()['samples:bbbc038-nuclei'].open().load()"
    assert not _loaded(code) & {"intake", "pandas_gbq", "skimage", "tifffile", "mrcfile"}


def test_front_door_is_lighter_still() -> None:
    """What takes time to import is imported when it is used: not even pydantic, YAML or SQLite."""
    code = "import sys; before = set(sys.modules); import bioimagehub.catalogs; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "bioimagehub" in loaded
    assert not loaded & {"pydantic", "yaml", "sqlite3", "pyroaring", "platformdirs", *HEAVY}
