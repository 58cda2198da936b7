"""The index of a set of catalog files on this machine: found, built where there is none, kept current.

An index is a file in a folder, named after the state of all files that it was built from. Beside it lies a small
note, named after the catalog files that were asked for: it tells which index is theirs and what state of the files
it stands for, so that opening needs no more than a few looks at the file system.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from platformdirs import user_cache_path

from bioimagehub.catalogs.entries import harvest_path, iterate_fields, list_files
from bioimagehub.catalogs.errors import CatalogError, IndexNotWritableError, InvalidEntryError
from bioimagehub.catalogs.index import SCHEMA_VERSION, Index, build_index, build_memory_index, open_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

State = list[list[Any]]
"""Path, size in bytes and time of change in nanoseconds of each file; the last two are -1 where there is none."""


def index_paths() -> list[Path]:
    """Folders of indexes: the one of ``BIOIMAGEHUB_INDEX``, which a hub fills for all, then the user's cache folder."""
    chosen = os.environ.get("BIOIMAGEHUB_INDEX")
    return [*([Path(chosen)] if chosen else []), user_cache_path("bioimagehub") / "indexes"]


def open_catalog_index(files: Sequence[Path]) -> Index:
    """Open the index of some catalog files, and build it first where it is missing, damaged or out of date.

    Any number of processes may do so at once: one builds, the others wait for it. Where no folder can be
    written, the index is built in memory and a warning says so.

    Parameters
    ----------
    files : sequence of Path
        Catalog files; what is nested in them belongs to them.

    Raises
    ------
    CatalogNotFoundError, InvalidEntryError
        If a file is missing, or not a catalog of valid records with one identifier each.
    """
    files = [file.absolute() for file in files]
    note = f"{_digest(['catalogs', SCHEMA_VERSION, *map(str, files), str(harvest_path())])}.json"
    folders = index_paths()
    for folder in folders:
        found = _open_noted(folder, folder / note)
        if found is not None:
            return found
    failures: list[OSError] = []
    for folder in folders:
        try:
            return _build_in(folder, note, files)
        except IndexNotWritableError as error:
            failures.append(error)
        except OSError as error:
            if isinstance(error, CatalogError) or error.errno not in _NOT_WRITABLE:
                raise
            failures.append(error)
    warnings.warn(
        f"The index of the catalogs cannot be kept: {'; '.join(map(str, failures))}. It was built in memory, which "
        "takes a while each time. Make one of these folders writable, or name another one with BIOIMAGEHUB_INDEX.",
        stacklevel=3,
    )
    return build_memory_index(_iterate(files))


_UNTOLD = 3600.0
"""An index without a note is left alone for so long, in seconds: another process may be about to write the note."""
_NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.EEXIST}


def _build_in(folder: Path, note: str, files: Sequence[Path]) -> Index:
    folder.mkdir(parents=True, exist_ok=True)
    with _locked((folder / note).with_suffix(".lock")):
        return _open_noted(folder, folder / note) or _build(folder, folder / note, files)


def _open_noted(folder: Path, note: Path) -> Index | None:
    """Open the index that a note tells of, or give None where there is none that is whole and current."""
    told = _read_note(note)
    if told is None or told.state != [_look_at(Path(path)) for path, _, _ in told.state]:
        return None
    # A damaged index is cured by building, as one that is gone.
    with suppress(OSError):
        return open_index(folder / told.file)
    return None


class _Note(NamedTuple):
    file: str
    state: State


def _read_note(note: Path) -> _Note | None:
    """Read which index a note tells of; None where there is no note, or one that was cut off or tampered with."""
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        told = json.loads(note.read_bytes())
        state = [[str(path), int(size), int(time)] for path, size, time in told["files"]]
        # The name alone: a note cannot lead out of its folder.
        return _Note(Path(told["index"]).name, state) if state else None
    return None


def _build(folder: Path, note: Path, files: Sequence[Path]) -> Index:
    state = [_look_at(path) for file in files for path in list_files(file)] + [_look_at(harvest_path())]
    index = folder / f"{_digest([SCHEMA_VERSION, *state])}.sqlite"
    build_index(index, _iterate(files))
    replaced = _read_note(note)
    temporary = note.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps({"index": index.name, "files": state}))
    temporary.replace(note)
    if replaced is not None and replaced.file != index.name:
        # Processes that have it open go on reading it.
        (folder / replaced.file).unlink(missing_ok=True)
    _sweep(folder)
    return open_index(index)


def _sweep(folder: Path) -> None:
    """Remove what nobody can come back to: notes of catalogs that are gone, and indexes that no note tells of."""
    told = set()
    for note in folder.glob("*.json"):
        content = _read_note(note)
        if content is not None and Path(content.state[0][0]).exists():
            told.add(content.file)
        else:
            with suppress(OSError):
                note.unlink()
                note.with_suffix(".lock").unlink()
    before = time.time() - _UNTOLD
    for index in folder.glob("*.sqlite"):
        # A new one may not have its note yet.
        with suppress(OSError):
            if index.name not in told and index.stat().st_mtime < before:
                index.unlink()


def _iterate(files: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    """Give the fields of all records, each identifier once."""
    seen: dict[str, Path] = {}
    for file in files:
        for where, fields in iterate_fields(file):
            identifier = fields["identifier"]
            if identifier in seen:
                msg = (
                    f"The catalogs hold more than one entry {identifier}: in {seen[identifier]} and in {where}; an "
                    "identifier must belong to one entry. Rename the entry in one of the files, or leave that file "
                    "out of BIOIMAGEHUB_CATALOGS."
                )
                raise InvalidEntryError(msg)
            seen[identifier] = where
            yield fields


def _look_at(path: Path) -> list[Any]:
    try:
        found = path.stat()
    except OSError:
        return [str(path), -1, -1]
    return [str(path), found.st_size, found.st_mtime_ns]


def _digest(parts: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
