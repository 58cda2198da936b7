"""What a notebook imports from `bioimagehub.challenges` is there, and brings in no compiler and no image library."""

from __future__ import annotations

import subprocess
import sys

from bioimagehub import challenges

WORK = {"check_challenge", "compare_boards", "export_board", "Lineage", "make_board", "score", "submit", "Tracks"}


def test_all_names_are_there_and_sorted() -> None:
    assert set(challenges.__all__) >= WORK
    assert list(challenges.__all__) == sorted(challenges.__all__)
    assert all(hasattr(challenges, name) for name in challenges.__all__)


def test_import_waits_for_no_large_package() -> None:
    code = "import sys, bioimagehub.challenges; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"numba", "pandas", "scipy", "skimage", "sklearn", "tifffile", "zarr"} & set(done.stdout.split())
