"""The folder that is fetched into: one process at a time, room enough, and a place for what is under way."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import socket
from typing import TYPE_CHECKING, Self

from bioimagehub.catalogs.downloads.names import OWN, PART
from bioimagehub.catalogs.errors import FetchRunningError, FolderNotWritableError, InsufficientSpaceError

if TYPE_CHECKING:
    from pathlib import Path

_SPARE = 16 * 2**20
"""Bytes that are to stay free: the manifest and the journals need some."""


class Target:
    """A folder, locked while it is fetched into; a context manager.

    The system gives the lock back when its holder ends, in whatever way.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own = folder / OWN
        self.journals = self.own / "journals"

    def __enter__(self) -> Self:
        try:
            self.journals.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.own / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            msg = (
                f"The folder {self.folder} cannot be written: {error}. "
                "Expected a folder, or a place where one can be made. Choose another one."
            )
            raise FolderNotWritableError(msg) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._lock, 200, 0).decode(errors="replace")
            os.close(self._lock)
            msg = (
                f"Another process fetches into {self.folder} now: {_describe(holder)}. "
                "Wait until it has ended, or choose another folder."
            )
            raise FetchRunningError(msg) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, json.dumps({"process": os.getpid(), "host": socket.gethostname()}).encode(), 0)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)

    def file(self, name: str) -> Path:
        """Where a file will be."""
        return self.folder / name

    def part(self, name: str) -> Path:
        """Where it is while it is not whole."""
        return self.folder / f"{name}{PART}"

    def journal(self, name: str) -> Path:
        """Where the journal of its parts is."""
        return self.journals / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.jsonl"

    def there(self, name: str) -> int:
        """Give the bytes that a file takes on the disk already, whole or not."""
        for path in (f"{self.folder}/{name}", f"{self.folder}/{name}{PART}"):
            try:
                return os.lstat(path).st_blocks * 512
            except OSError:
                continue
        return 0

    def require_room(self, needed: int) -> None:
        """Make sure that the disk has room.

        Raises
        ------
        InsufficientSpaceError
            If it has not.
        """
        free = free_space(self.folder)
        if needed + _SPARE > free:
            msg = (
                f"The download does not fit into {self.folder}: {free:,} bytes are free, {needed:,} are needed. "
                "Make room, choose another folder, or select less."
            )
            raise InsufficientSpaceError(msg)


def free_space(folder: Path) -> int:
    """Give the bytes that are free for us on the disk of a folder, which need not be there yet."""
    existing = next((each for each in (folder, *folder.absolute().parents) if each.is_dir()), folder)
    found = os.statvfs(existing)
    return found.f_bavail * found.f_frsize


def sync_disk(folder: Path) -> None:
    """Have on the disk all that was written to the file system of a folder.

    For thousands of small files this takes a fraction of the time that one after another takes.
    """
    system = ctypes.CDLL(None, use_errno=True)
    if not hasattr(system, "syncfs"):
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if system.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


def _describe(holder: str) -> str:
    try:
        fields = json.loads(holder)
        return f"process {fields['process']} on {fields['host']}"
    except (ValueError, KeyError, TypeError):
        return "it has not told which one"
