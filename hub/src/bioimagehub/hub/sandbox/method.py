"""A submitted method: a Python module, a notebook, or a zip file of a module with what it needs.

It has one function, ``predict(image)``. The image is an `xarray.DataArray` with the dimensions t c z y x that it has,
coordinates in micrometres and seconds; what is returned is a prediction of the kind of the challenge, as
`bioimagehub.challenges.submissions.write_submission` takes it.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.submissions import Caps
from bioimagehub.challenges.submissions.archive import is_zip, unpack
from bioimagehub.challenges.submissions.report import clean
from bioimagehub.challenges.submissions.tree import fold, list_tree
from bioimagehub.hub.errors import MethodError

if TYPE_CHECKING:
    from pathlib import Path

FUNCTION = "predict"
MODULE = "method.py"
TAG = "method"
"""Cells of a notebook that are tagged so are the method; where none is, all are."""

LONGEST = 10 * 2**20
"""Bytes of a module or a notebook."""


@dataclass(frozen=True)
class Method:
    """A method that can be run; nothing of it was run yet.

    Attributes
    ----------
    folder : Path
        Holds ``method.py``, and the other files of a zip file.
    digest : str
        ``sha256:`` and the SHA-256 of the names and contents of its files.
    """

    folder: Path
    digest: str


def load_method(path: Path, folder: Path, caps: Caps | None = None) -> Method:
    """Put a method into a folder, and look whether it is one. Nothing of it is run.

    Parameters
    ----------
    path : Path
        A file ``.py`` or ``.ipynb``, or a zip file with ``method.py`` (or one ``.ipynb``) at its top.
    folder : Path
        An empty or a new folder.
    caps : Caps, optional
        How large a zip file may be, packed and unpacked.

    Raises
    ------
    MethodError
        If there is no such function, the text is no Python, or the file is too large or dangerous.
    """
    caps = caps or Caps()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_size > caps.packed:
        msg = f"The method has {path.stat().st_size} bytes. Expected at most {caps.packed}. Send a smaller one."
        raise MethodError(msg)
    if is_zip(path):
        problems = unpack(path, folder, caps)
        if problems:
            msg = f"The method cannot be unpacked: {'; '.join(map(str, problems[:5]))}"
            raise MethodError(msg)
        _find_module(folder)
    else:
        text = _read(path)
        is_notebook = path.suffix.lower() == ".ipynb" or text.lstrip().startswith("{")
        (folder / MODULE).write_text(_join_cells(text) if is_notebook else text, encoding="utf-8")
    _check_source(_read(folder / MODULE))
    tree, problems = list_tree(folder, caps)
    if problems:
        msg = f"The method cannot be taken: {problems[0]}"
        raise MethodError(msg)
    for one in folder.rglob("*"):
        one.chmod(0o755 if one.is_dir() else 0o644)
    folder.chmod(0o755)
    return Method(folder, fold(tree.digests()))


def _find_module(folder: Path) -> None:
    if (folder / MODULE).is_file():
        return
    notebooks = sorted(folder.glob("*.ipynb"))
    if len(notebooks) != 1:
        msg = (
            f"The zip file has no {MODULE} and {len(notebooks)} notebooks at its top. Expected {MODULE}, or one "
            "notebook. Pack the files themselves, not the folder that they are in."
        )
        raise MethodError(msg)
    (folder / MODULE).write_text(_join_cells(_read(notebooks[0])), encoding="utf-8")


def _read(path: Path) -> str:
    if path.stat().st_size > LONGEST:
        msg = f"The method has a text of {path.stat().st_size} bytes. Expected at most {LONGEST}. Clear its outputs."
        raise MethodError(msg)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        msg = f"The method is no text in UTF-8: {error.reason}. Expected a module of Python or a notebook. Save it so."
        raise MethodError(msg) from error


def _join_cells(text: str) -> str:
    """Give the code of a notebook: of the cells with the tag, or of all."""
    try:
        document: Any = json.loads(text)
        cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
        tagged = [cell for cell in cells if TAG in cell.get("metadata", {}).get("tags", [])]
        return "\n\n".join("".join(cell["source"]) for cell in tagged or cells) + "\n"
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        msg = f"The notebook cannot be read: {clean(error)}. Expected a notebook of format 4. Save it again."
        raise MethodError(msg) from error


def _check_source(source: str) -> None:
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
        msg = (
            f"The method is no Python: {clean(getattr(error, 'msg', error))}{line}. Expected plain Python, without "
            f"commands of the notebook such as %matplotlib or !pip. Tag the cells of the method with {TAG!r}."
        )
        raise MethodError(msg) from error
    names: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
    if FUNCTION not in names:
        listed = ", ".join(sorted(names)[:10]) or "nothing"
        msg = (
            f"The method has no function {FUNCTION!r}: it defines {clean(listed)}. Expected def {FUNCTION}(image) at "
            "its top level. Rename the function that gives the prediction of one image."
        )
        raise MethodError(msg)
