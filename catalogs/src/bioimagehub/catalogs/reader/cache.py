"""What was read, kept on disk for all processes of a user.

Each range that was read is one file. Its name is a digest of the address, the range and the version that was expected.
It is written under another name and then moved, so it is there as a whole or not at all; what is damaged all the same
is found by its checksum. Its time of change is when its store last said that it is current, its time of access when it
was last used.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import queue
import secrets
import threading
import time
import weakref
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.catalogs.reader.entry import HEADER_SIZE, pack_header, unpack_header
from bioimagehub.catalogs.reader.eviction import ARRIVALS, Room

if TYPE_CHECKING:
    from bioimagehub.catalogs.reader.settings import ReaderSettings
    from bioimagehub.catalogs.reader.versions import Version

_log = logging.getLogger(__name__)

QUEUE = 64 * 1024**2
"""Bytes that may wait to be written."""
_MINUTE = 60.0
_DAY = 86400.0
_AT_EXIT = 2.0
"""Seconds that the end of a process waits for what is still to be written."""
_CACHES: weakref.WeakSet[Cache] = weakref.WeakSet()


def make_key(
    url: str, start: int | None, length: int | None, expected: Version | None, edition: str | None = None
) -> str:
    """Give the name of what is read: the same bytes of the same version have the same name.

    Parameters
    ----------
    url : str
        The address as the entry has it, before the rules for hosts, so that all mirrors share the name.
    start, length : int or None
        As in `Place.read`.
    expected : Version or None
        Version that was asked for; None for the current one.
    edition : str or None
        What tells the state of the dataset that the file is part of; see `Place`.

    Returns
    -------
    str
        40 hexadecimal digits.

    Examples
    --------
    >>> make_key("https://example.org/a", None, None, None) == make_key("https://example.org/a", 0, None, None)
    True
    """
    # Mirrors have dates of their own; where there is a strong entity tag, it decides alone.
    version = expected and (expected.etag or (expected.size, expected.modified))
    told = (url, start or 0, length, version, *([] if edition is None else [edition]))
    return hashlib.blake2b(repr(told).encode(), digest_size=20).hexdigest()


class Cache:
    """A bounded cache on disk; safe to share between threads and processes.

    It never fails: where it cannot keep or find something, that is read from its store.

    Parameters
    ----------
    settings : ReaderSettings
    """

    def __init__(self, settings: ReaderSettings) -> None:
        self._folder = settings.cache
        self._largest = min(settings.cache_largest, settings.cache_size, QUEUE)
        self._size = settings.cache_size
        self._seconds = settings.cache_days * _DAY
        self._uid = os.geteuid()
        self._unique = secrets.token_hex(8)
        self._numbers = count()
        self._start()
        _CACHES.add(self)

    def _start(self) -> None:
        """Begin in this process; a fork has neither the thread nor what waited for it."""
        self._lock = threading.Lock()
        self._root: str | None = None
        self._usable = self._folder is not None and self._size > 0
        self._keeps = True
        self._waiting = 0
        self._thread: threading.Thread | None = None
        self._jobs: queue.SimpleQueue[tuple[str, memoryview, Version] | threading.Event] = queue.SimpleQueue()

    def get(self, key: str) -> tuple[memoryview, Version, bool] | None:
        """Find what was kept.

        Returns
        -------
        tuple of memoryview, Version and bool, or None
            The bytes, their version, and whether they may be used without asking the store. None where there is
            nothing, or nothing that is whole.
        """
        if self._root is None and not self._prepare():
            return None
        path = f"{self._root}/{key[:2]}/{key}"
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            # Whatever keeps it from being read, its store has it, too.
            return None
        try:
            status = os.fstat(file)
            header = os.read(file, HEADER_SIZE if status.st_uid == self._uid else 0)
            content = os.read(file, max(0, status.st_size - HEADER_SIZE)) if header else b""
        except OSError:
            header = content = b""
        finally:
            os.close(file)
        version = unpack_header(key, header, content)
        if version is None:
            self.remove(key)
            return None
        now = time.time()
        if now - status.st_atime > _MINUTE:
            with suppress(OSError):
                os.utime(path, ns=(int(now * 1e9), status.st_mtime_ns))
        # The clock of a file server may be a little ahead of this one.
        return memoryview(content), version, -_MINUTE < now - status.st_mtime < self._seconds

    def put(self, key: str, data: memoryview | bytes | bytearray, version: Version) -> None:
        """Keep what was read, soon: it is written by another thread. It is left out where too much waits for that.

        Parameters
        ----------
        key : str
            Of `make_key`.
        data : memoryview, bytes or bytearray
            It must not change any more; what is not read-only is copied for this.
        version : Version
            That was found.
        """
        view = memoryview(data)
        length = view.nbytes
        if not self._keeps or length > self._largest or (self._root is None and not self._prepare()):
            return
        with self._lock:
            if self._waiting + length > QUEUE:
                return
            self._waiting += length
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="bioimagehub-cache", daemon=True)
                self._thread.start()
                atexit.register(self.flush, _AT_EXIT)
        self._jobs.put((key, view if view.readonly else memoryview(bytes(view)), version))

    def touch(self, key: str) -> None:
        """Note that the store said that it is still the same."""
        if self._root is not None:
            with suppress(OSError):
                os.utime(f"{self._root}/{key[:2]}/{key}")

    def remove(self, key: str) -> None:
        """Remove what was kept; nothing happens where there is nothing."""
        if self._root is not None:
            with suppress(OSError):
                Path(f"{self._root}/{key[:2]}/{key}").unlink()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was put is written.

        Parameters
        ----------
        timeout : float or None
            Seconds; None to wait as long as it takes.

        Returns
        -------
        bool
            Whether it is.
        """
        if self._thread is None:
            return True
        done = threading.Event()
        self._jobs.put(done)
        return done.wait(timeout)

    def _prepare(self) -> bool:
        """Make and check the folder when it is first needed; tell whether there is a cache."""
        if not self._usable or self._folder is None:
            return False
        with self._lock:
            if self._usable and self._root is None:
                trouble = _find_trouble(self._folder, self._uid)
                if trouble is None:
                    self._room = Room(str(self._folder), self._size)
                    self._root = str(self._folder)
                else:
                    self._usable = False
                    _warn(self._folder, trouble)
        return self._usable

    def _write(self) -> None:
        jobs = self._jobs
        while True:
            job = jobs.get()
            if isinstance(job, threading.Event):
                job.set()
                continue
            key, view, version = job
            length = view.nbytes
            try:
                if self._keeps:
                    self._store(key, _as_bytes(view), version)
            except OSError as error:
                self._keeps = False
                if self._folder is not None:
                    _warn(self._folder, error.strerror or str(error))
            # Given back before the next one is waited for.
            del job, view
            with self._lock:
                self._waiting -= length

    def _store(self, key: str, content: bytes, version: Version) -> None:
        header = pack_header(key, content, version)
        if header is None or not self._room.reserve(len(header) + len(content)):
            return
        arrivals = Path(f"{self._root}/{ARRIVALS}")
        temporary = arrivals / f"{self._unique}-{os.getpid()}-{next(self._numbers)}"
        try:
            _write_file(temporary, header, content)
            target = Path(f"{self._root}/{key[:2]}/{key}")
            try:
                temporary.rename(target)
            except FileNotFoundError:
                target.parent.mkdir(mode=0o700, exist_ok=True)
                temporary.rename(target)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise


def _as_bytes(view: memoryview) -> bytes:
    """Give the bytes of a view, without a copy where it shows all of an object of that type."""
    whole = view.obj
    return whole if isinstance(whole, bytes) and len(whole) == view.nbytes else view.tobytes()


def _write_file(path: Path, header: bytes, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        file = os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        file = os.open(path, flags, 0o600)
    try:
        written = os.writev(file, [header, content])
        if written < len(header) + len(content):
            # The disk is full, or nearly: writing the rest tells why, or is done.
            rest = memoryview(header + content)[written:]
            while rest:
                rest = rest[os.write(file, rest) :]
    finally:
        os.close(file)


def _find_trouble(folder: Path, uid: int) -> str | None:
    """Make the folder of a cache, and tell what speaks against it: who may write to it can forge what is read."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        return error.strerror or str(error)
    if status.st_uid != uid:
        return f"it belongs to user {status.st_uid}, not to you"
    if status.st_mode & 0o022:
        return "others may write to it, and so forge what is read"
    return None


def _warn(folder: Path, trouble: str) -> None:
    _log.warning(
        "The cache %s cannot be used: %s. Reading goes on without keeping what is read. Make it a folder that you "
        "alone may write (mode 700), on a disk with room, or name another one with BIOIMAGEHUB_READER_CACHE.",
        folder,
        trouble,
    )


def _start_in_fork() -> None:
    for cache in _CACHES:
        cache._start()


os.register_at_fork(after_in_child=_start_in_fork)
