"""The manifest of a built dataset: the digest of every file, in the form that ``sha256sum --check`` reads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "manifest-sha256.txt"
RECORD = "record.json"
_OUTSIDE = {MANIFEST, RECORD}


def list_files(folder: Path) -> list[str]:
    """Paths of the files of a dataset, relative and sorted, without manifest and record."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(path for path in found if path not in _OUTSIDE)


def write_manifest(folder: Path) -> str:
    """Write the manifest of a finished dataset.

    Returns
    -------
    str
        ``sha256:`` and the digest of the manifest. As the manifest holds the digest of each file under its
        path, in order, it is a checksum of the whole tree.
    """
    lines = [f"{_digest(folder / path)}  {path}\n" for path in list_files(folder)]
    text = "".join(lines).encode()
    (folder / MANIFEST).write_bytes(text)
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def read_manifest(folder: Path) -> tuple[dict[str, str], str]:
    """Read a manifest: the digest of each path, and the checksum of the manifest itself.

    Raises
    ------
    OSError, ValueError
        If it is missing, or no manifest.
    """
    text = (folder / MANIFEST).read_bytes()
    entries = {}
    for line in text.decode().splitlines():
        digest, separator, path = line.partition("  ")
        if not separator:
            msg = f"{line!r} is not a line of a manifest"
            raise ValueError(msg)
        entries[path] = digest
    return entries, f"sha256:{hashlib.sha256(text).hexdigest()}"


def compare(folder: Path, checksum: str | None, *, content: bool) -> list[str]:
    """Compare a dataset with its manifest.

    Parameters
    ----------
    folder : Path
        The dataset.
    checksum : str or None
        What the record says the checksum of the manifest is.
    content : bool
        Whether to read every file; if not, only their presence is looked at, which takes milliseconds.

    Returns
    -------
    list of str
        What is wrong, one line each; empty when all is well.
    """
    try:
        entries, found = read_manifest(folder)
    except (OSError, ValueError) as error:
        return [f"{MANIFEST} cannot be read: {error}"]
    problems = [] if found == checksum else [f"{MANIFEST} is not the one that {RECORD} names"]
    present = set(list_files(folder))
    problems += [f"{path} is missing" for path in sorted(entries.keys() - present)]
    problems += [f"{path} does not belong there" for path in sorted(present - entries.keys())]
    if content:
        checked = (_check(folder, path, entries[path]) for path in sorted(entries.keys() & present))
        problems += [problem for problem in checked if problem]
    return problems


def _check(folder: Path, path: str, digest: str) -> str | None:
    try:
        return None if _digest(folder / path) == digest else f"{path} was changed"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
