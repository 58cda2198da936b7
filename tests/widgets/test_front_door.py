"""The front door of the widgets gives functions, and imports no widget before one is called."""

from __future__ import annotations

import subprocess
import sys

from servers.endless import EndlessServer

NAMES = ("browse", "challenge", "cluster", "download", "view")


def run(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_it_is_light() -> None:
    heavy = {"anywidget", "dask", "ipywidgets", "numpy", "pandas", "pydantic", "xarray", "zarr"}
    assert not heavy & run("import sys, bioimagehub.widgets; print(*{name.partition('.')[0] for name in sys.modules})")


def test_packages_do_not_take_the_place_of_functions() -> None:
    modules = "; ".join(f"import bioimagehub.widgets.{name}" for name in NAMES)
    code = f"{modules}\nfrom bioimagehub.widgets import {', '.join(NAMES)}\nprint(*map(type, ({', '.join(NAMES)})))"
    assert run(code) == {"<class", "'function'>"}


def test_an_image_is_opened_and_painted_without_what_it_does_not_need() -> None:
    with EndlessServer(size=1000, levels=2, delay=0) as server:
        found = run(
            f"""
import sys
from bioimagehub.widgets import view
view({server.url!r}).wait().as_static()
print(*(name.partition('.')[0] for name in sys.modules))
"""
        )
    assert "xarray" in found
    assert not {"dask", "matplotlib", "pint", "pydantic", "scipy"} & found
