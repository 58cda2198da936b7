"""Tutorials come with what their widgets leave in a saved notebook, for those who read them where nothing runs.

With ``BIOIMAGEHUB_RENEW_PICTURES=1`` in the environment the pictures are written anew. Look at them before they are
committed.
"""

from __future__ import annotations

import base64
import copy
import io
import itertools
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from servers.pictures import RENEW, Picture, find_differences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parents[2] / "notebooks" / "tutorials"
TUTORIALS = sorted(path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
DEADLINE_S = 300
BYTES = 900_000
SETTLE = """
import gc as _gc
from bioimagehub.widgets.view import viewer as _viewer
from bioimagehub.widgets.widget import HubWidget as _HubWidget

_viewer.WAIT = 120
for _each in [each for each in _gc.get_objects() if isinstance(each, _HubWidget)]:
    if not hasattr(_each, "_is_settled"):
        if hasattr(_each, "wait"):
            _each.wait(120)
        _each.keep()
        _each._is_settled = True
"""
"""Run after each cell: what a widget shows once it is there, however slow the machine is."""


def run(path: Path, folder: Path) -> list[dict[str, Any]]:
    """Run a notebook in a copy of its folder; give by cell what its widgets leave, right after the cell."""
    place = shutil.copytree(path.parent, folder / path.parent.name, ignore=shutil.ignore_patterns("results"))
    notebook = nbformat.read(place / path.name, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = [each for cell in cells for each in (cell, nbformat.v4.new_code_cell(SETTLE))]
    client = NotebookClient(notebook, timeout=DEADLINE_S, resources={"metadata": {"path": str(place)}})
    found = []
    with client.setup_kernel(cwd=str(place)):
        for at in range(0, len(notebook.cells), 2):
            client.execute_cell(notebook.cells[at], at)
            client.execute_cell(notebook.cells[at + 1], at + 1)
            found.append(copy.deepcopy(take_saved(notebook.cells[at].outputs)))
    # A path of this machine means nothing elsewhere.
    return [json.loads(json.dumps(data).replace(f"{place}/", "")) for data in found]


def take_saved(outputs: list[Any]) -> dict[str, Any]:
    """Give what stands behind the style that hides it while the widget is alive; nothing where there is no widget."""
    saved = [
        output.data for before, output in itertools.pairwise(outputs)
        if 'class="bih-saved"' in before.get("data", {}).get("text/html", "")
    ]  # fmt: skip
    assert len(saved) <= 1, "show one widget a cell"
    return dict(saved[0]) if saved else {}


def read_saved(notebook: NotebookNode) -> list[dict[str, Any]]:
    """Give by cell of code what is in the file."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(len(cell.outputs) <= 1 for cell in cells), "there is more than what a widget leaves"
    return [dict(cell.outputs[0].data) if cell.outputs else {} for cell in cells]


def write(path: Path, found: list[dict[str, Any]]) -> None:
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, (cell, data) in enumerate(zip(cells, found, strict=True), 1):
        # Readers of notebooks, and nbval, take outputs of a cell without a number for a mistake.
        cell.execution_count = number if data else None
        cell.outputs = [nbformat.v4.new_output("display_data", data)] if data else []
    nbformat.write(notebook, path)


def read_picture(data: dict[str, Any]) -> Any:
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="module")
def shipped(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a new user has: the catalog as it ships, whatever other tests have harvested."""
    folder = tmp_path_factory.mktemp("shipped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIOIMAGEHUB_SAMPLES", str(samples))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        for name in ("INDEX", "HARVEST"):
            patch.setenv(f"BIOIMAGEHUB_{name}", str(folder / name.lower()))
        patch.delenv("DASK_GATEWAY__ADDRESS", raising=False)
        yield


def test_there_are_tutorials() -> None:
    assert len(TUTORIALS) >= 3


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_what_widgets_leave_is_current(path: Path, tmp_path: Path) -> None:
    found = run(path, tmp_path)
    assert any(found), f"{path.name} shows no widget"
    if os.environ.get(RENEW):
        write(path, found)
    expected = read_saved(nbformat.read(path, as_version=4))
    assert path.stat().st_size < BYTES, "show smaller pictures"
    advice = f"{path.name} is not what it shows: set {RENEW}=1, and look at what is written"
    for data, kept in zip(found, expected, strict=True):
        assert data.keys() == kept.keys(), advice
        for kind in ("text/plain", "text/html"):
            assert data.get(kind) == kept.get(kind), advice
        if "image/png" in data:
            assert find_differences(Picture(read_picture(data)), read_picture(kept)) == [], advice
