"""How large the cache on disk may be, over all processes that share it, and what goes when it is full.

The sum of all entries is kept in one file, which is locked while an entry is added to the sum: so no process has to
look at what the others write. The sum is an upper bound; where it reaches the limit, the entries are looked at, what
was used least recently is removed, and the sum is put right.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ARRIVALS = "new"
"""Folder of files that are being written, and of those that a killed process left."""

_SUM = "sum"
_NUMBER = struct.Struct("<Q")
_BLOCK = 4096
_SHARE = 4
"""A cache takes at most one part in so many of what is free on its disk, its own entries counted as free."""
_KEPT = 0.9
"""Part of the limit that is left full by an eviction, so that the next one is not due at once."""
_LEFTOVER = 3600.0
"""A file that has been written for so many seconds is what a killed process left."""
_PAUSE = 5.0
"""Seconds until the next eviction where one did not make room."""


class Room:
    """The room that a cache has on its disk.

    Parameters
    ----------
    root : str
        Folder of the cache.
    size : int
        Bytes that it may hold.
    """

    def __init__(self, root: str, size: int) -> None:
        self.root = root
        self.size = size
        self._paused_until = 0.0

    def reserve(self, length: int) -> bool:
        """Make room for an entry, and count it; False where there is none for it.

        Any number of processes may do so at once.

        Parameters
        ----------
        length : int
            Bytes of the file.

        Raises
        ------
        OSError
            If the folder cannot be written or locked.
        """
        needed = _occupied(length)
        file = self._open_sum()
        try:
            # Closing the file gives the lock back, also when the process is killed.
            fcntl.flock(file, fcntl.LOCK_EX)
            content = os.pread(file, _NUMBER.size, 0)
            known: int | None = _NUMBER.unpack(content)[0] if len(content) == _NUMBER.size else None
            limit = self._limit(known or 0)
            if needed > limit:
                return False
            if known is None or known + needed > limit:
                if time.monotonic() < self._paused_until:
                    return False
                known = evict(self.root, int(_KEPT * limit) - needed, limit - needed)
                if known + needed > limit:
                    self._paused_until = time.monotonic() + _PAUSE
                    needed = 0
            os.pwrite(file, _NUMBER.pack(known + needed), 0)
        finally:
            os.close(file)
        return needed > 0

    def _open_sum(self) -> int:
        path, flags = f"{self.root}/{_SUM}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            # Who clears the cache removes the folder, at any time.
            Path(self.root).mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(path, flags, 0o600)

    def _limit(self, known: int) -> int:
        disk = os.statvfs(self.root)
        return min(self.size, (disk.f_bavail * disk.f_frsize + known) // _SHARE)


def evict(root: str, target: int, limit: int) -> int:
    """Where the entries of a cache are more than `limit`, remove those used least recently until `target` is left.

    Parameters
    ----------
    root : str
        Folder of the cache.
    target, limit : int
        Bytes.

    Returns
    -------
    int
        Bytes that the entries take, with those that are being written.
    """
    found = sorted(_entries(root))
    total = sum(size for _, size, _ in found) + _arrivals(root)
    if total <= limit:
        return total
    for _, size, path in found:
        if total <= target:
            break
        # Another process may have found it damaged, and removed it.
        with suppress(FileNotFoundError):
            Path(path).unlink()
        total -= size
    return total


def _entries(root: str) -> Iterator[tuple[int, int, str]]:
    """Give the time of use, the bytes on disk and the path of each entry; nothing else in the folder is looked at."""
    for name in (f"{number:02x}" for number in range(256)):
        with suppress(FileNotFoundError), os.scandir(f"{root}/{name}") as folder:
            for each in folder:
                if each.name.startswith(name) and each.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):
                        status = each.stat(follow_symlinks=False)
                        yield status.st_atime_ns, _occupied(status.st_size), each.path


def _arrivals(root: str) -> int:
    """Count what is being written, and remove what killed processes left."""
    total = 0
    now = time.time()
    with suppress(FileNotFoundError), os.scandir(f"{root}/{ARRIVALS}") as folder:
        for each in folder:
            with suppress(FileNotFoundError):
                status = each.stat(follow_symlinks=False)
                if now - status.st_mtime > _LEFTOVER:
                    Path(each.path).unlink()
                else:
                    total += _occupied(status.st_size)
    return total


def _occupied(length: int) -> int:
    return -(-max(length, 1) // _BLOCK) * _BLOCK
