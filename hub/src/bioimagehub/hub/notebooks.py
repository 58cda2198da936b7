"""The hub's notebooks in a user's home, with the challenge files that they read: originals, and the user's own copies.

``originals/`` holds them read-only as they come with the hub; it follows the hub when that is upgraded.
Beside it lies a copy of each, made once and never touched again.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from contextlib import suppress
from pathlib import Path

from bioimagehub.hub.errors import NotebookCopyError
from bioimagehub.hub.installed import installed_path

BESIDE = "challenge.yaml"
"""What a notebook may read beside itself."""

ORIGINALS = "originals"
NOTEBOOKS_VARIABLE = "BIOIMAGEHUB_NOTEBOOKS"


def notebooks_path() -> Path:
    """Return the folder of the hub's notebooks: ``$BIOIMAGEHUB_NOTEBOOKS``, else the installed ones."""
    chosen = os.environ.get(NOTEBOOKS_VARIABLE)
    return Path(chosen) if chosen else installed_path("notebooks")


def list_notebooks(source: Path | None = None) -> list[Path]:
    """Return the hub's notebooks as paths relative to their folder, sorted.

    Parameters
    ----------
    source : Path or None
        Folder of the notebooks; None for the hub's.
    """
    source = source or notebooks_path()
    found = (path.relative_to(source) for path in source.rglob("*.ipynb"))
    return sorted(path for path in found if not any(part.startswith(".") for part in path.parts))


def _list_files(source: Path) -> list[Path]:
    """Give the notebooks and what they read beside them."""
    notebooks = list_notebooks(source)
    beside = {path.parent / BESIDE for path in notebooks}
    return sorted([*notebooks, *(path for path in beside if (source / path).is_file())])


def _copy(source: Path, target: Path, mode: int) -> None:
    """Copy a file whole or not at all."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, temporary)
        temporary.chmod(mode)
        temporary.replace(target)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        msg = (
            f"Cannot copy {source.name} of the hub's notebooks to {target}: {error.strerror}. "
            "Make room in the home folder, or check its permissions."
        )
        raise NotebookCopyError(msg) from error


def fill_home(home: Path, source: Path | None = None) -> None:
    """Put the hub's notebooks into a home: renew the originals, add the copies that were never made.

    A copy that its user has changed, moved or deleted is left as it is; what was copied is kept in
    ``.bioimagehub-copied``.

    Parameters
    ----------
    home : Path
        The home folder.
    source : Path or None
        Folder of the notebooks; None for the hub's.

    Raises
    ------
    NotebookCopyError
        If a copy cannot be written.
    """
    source = source or notebooks_path()
    files = _list_files(source)
    list_path = home / ".bioimagehub-copied"
    copied = set(list_path.read_text(encoding="utf-8").splitlines()) if list_path.exists() else set()
    for name in files:
        original = home / ORIGINALS / name
        if not original.exists() or not filecmp.cmp(source / name, original, shallow=False):
            _copy(source / name, original, 0o444)
        if str(name) not in copied and not (home / name).exists():
            _copy(source / name, home / name, 0o644)
    new = sorted(copied | {str(name) for name in files})
    if new != sorted(copied):
        list_path.write_text("\n".join(new) + "\n", encoding="utf-8")


def copy_fresh(name: str, folder: Path, source: Path | None = None) -> Path:
    """Make a fresh copy of one of the hub's notebooks under a name that is free, and return its path.

    Parameters
    ----------
    name : str
        The notebook's path in the hub's folder, or the end of it.
    folder : Path
        Where to put the copy, under the notebook's own sub-folder.
    source : Path or None
        Folder of the notebooks; None for the hub's.

    Raises
    ------
    NotebookCopyError
        If there is no such notebook or the copy cannot be written.
    """
    source = source or notebooks_path()
    known = list_notebooks(source)
    wanted = name.removesuffix(".ipynb") + ".ipynb"
    found = [path for path in known if str(path) == wanted] or [path for path in known if path.name == wanted]
    if not found:
        listing = ", ".join(str(path) for path in known) or "none"
        msg = f"Cannot copy the notebook {name!r}: no such notebook; known are {listing}. Name one of them."
        raise NotebookCopyError(msg)
    target = folder / found[0]
    number = 2
    while target.exists():
        target = folder / found[0].with_stem(f"{found[0].stem}-{number}")
        number += 1
    _copy(source / found[0], target, 0o644)
    beside = found[0].parent / BESIDE
    if (source / beside).is_file() and not (folder / beside).exists():
        _copy(source / beside, folder / beside, 0o644)
    return target
