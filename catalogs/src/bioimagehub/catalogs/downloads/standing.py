"""Files that are there before they are fetched: ours and whole, or somebody else's."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.hashing import OWN, hash_bytes, hash_file, split_checksum
from bioimagehub.catalogs.downloads.manifest import Entry
from bioimagehub.catalogs.errors import FileInTheWayError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bioimagehub.catalogs.downloads.desk import Desk
    from bioimagehub.catalogs.downloads.folder import Target
    from bioimagehub.catalogs.downloads.items import Item
    from bioimagehub.catalogs.downloads.manifest import Manifest
    from bioimagehub.catalogs.downloads.report import Outcome
    from bioimagehub.catalogs.downloads.tasks import Task


def check_standing(task: Task, desk: Desk) -> Outcome | None:
    """Tell what is known of a file that is there; None if it is to be fetched.

    Raises
    ------
    FileInTheWayError
        If it is not what was fetched, and may not be replaced.
    """
    if not os.path.lexists(f"{desk.target.folder}/{task.name}"):
        return None
    file = desk.target.file(task.name)
    entries = desk.manifest.entries.get(task.name, [])
    found = None if file.is_symlink() or not file.is_file() else _identify(file, task, entries)
    if found is not None and _is_wanted(task, found):
        if desk.settings.sha256 and found.checksum.startswith(f"{OWN}:"):
            found = replace(found, checksum=f"sha256:{hash_file(file, 'sha256')}")
        if found not in entries:
            desk.manifest.add(found)
        return task.outcome("verified", found.size, found.checksum)
    if found is None and task.name in desk.manifest.doubtful:
        task.notes.append("It had not reached the disk when the machine stopped, and was fetched again.")
    elif found is None and not desk.settings.replace:
        known = "It was fetched and has changed since" if entries else "It was not fetched by this command"
        msg = (
            f"{file} is there, and is not the file {task.item.path}. {known}. Move it away, or allow it to be replaced."
        )
        raise FileInTheWayError(msg)
    return None


def require_free(target: Target, items: Iterable[tuple[Item, str]], manifest: Manifest, *, replace: bool) -> None:
    """Make sure, before anything is fetched, that no file of somebody else would be overwritten.

    Files of which the archive states a checksum are left to `check_standing`, which reads them.

    Raises
    ------
    FileInTheWayError
        If there are such files, or a folder lies where a file is to be.
    """
    strangers = []
    for item, name in items:
        if not os.path.lexists(f"{target.folder}/{name}"):
            continue
        file = target.file(name)
        if (file.is_dir() and not file.is_symlink()) or (
            not replace and file.exists() and name not in manifest.entries and not _may_be(item, file)
        ):
            strangers.append(file)
    if strangers:
        shown = ", ".join(str(file) for file in strangers[:5])
        msg = (
            f"{len(strangers)} files are in the way: {shown}. They were not fetched by this command, and nothing was "
            "written. Move them away, choose another folder, or allow them to be replaced."
        )
        raise FileInTheWayError(msg)


def _may_be(item: Item, file: Path) -> bool:
    if item.content is not None:
        return file.stat().st_size == len(item.content)
    states = split_checksum(item.checksum)[1] is not None
    return states and item.size in {None, file.stat().st_size}


def _identify(file: Path, task: Task, entries: list[Entry]) -> Entry | None:
    """Find the entry that a file is what it says; that of the archive's checksum, where nothing was noted."""
    size = file.stat().st_size
    digests: dict[str, str] = {}

    def has(checksum: str) -> bool:
        kind, _, digest = checksum.partition(":")
        if kind not in digests:
            digests[kind] = hash_file(file, kind)
        return digests[kind] == digest

    for entry in reversed(entries):
        if entry.size == size and has(entry.checksum):
            return entry
    kind, expected = split_checksum(task.item.checksum)
    if expected is not None and has(f"{kind}:{expected}"):
        return Entry(task.item.path, task.name, size, f"{kind}:{expected}", "the folder, as it was found")
    if task.item.content is not None and file.read_bytes() == task.item.content:
        digest = hash_bytes(task.item.content, task.own)
        return Entry(task.item.path, task.name, size, f"{task.own}:{digest}", "the folder")
    return None


def _is_wanted(task: Task, found: Entry) -> bool:
    """Tell whether the file that is there is still what the archive lists."""
    item = task.item
    kind, expected = split_checksum(item.checksum)
    if item.content is not None:
        return found.checksum.partition(":")[2] == hash_bytes(item.content, found.checksum.partition(":")[0])
    if found.path != item.path or item.size not in {None, found.size}:
        return False
    is_same_kind = expected is not None and found.checksum.startswith(f"{kind}:")
    # A tag that is no MD5 was noted as such when the file was fetched.
    return not is_same_kind or (item.checksum or "").startswith("etag:") or found.checksum == f"{kind}:{expected}"
