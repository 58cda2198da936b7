"""How far a download is."""

from __future__ import annotations

import time
from dataclasses import dataclass

_WINDOW = 5.0


@dataclass(frozen=True, slots=True)
class FileProgress:
    """A file that is under way.

    Attributes
    ----------
    path : str
        Its path in the dataset.
    came : int
        Bytes that are there.
    size : int or None
        Bytes of the file; None where that is not known yet.
    """

    path: str
    came: int
    size: int | None


@dataclass(frozen=True)
class Progress:
    """A moment of a download.

    Attributes
    ----------
    files, files_total : int
        Files that are dealt with, and all of them.
    size : int
        Bytes that are there.
    size_total : int or None
        Bytes of all files; None where the size of some is not known.
    moved : int
        Bytes that came over the network.
    rate : float
        Bytes a second, over the last seconds.
    seconds : float
        Since the beginning.
    seconds_left : float or None
        Where the size of some files is not known, they are taken for as large as those that came. None where it
        cannot be told.
    failed : int
        Files that could not be had.
    held : bool
        Whether it is held.
    under_way : tuple of FileProgress
        Some of the files that are under way.
    """

    files: int
    files_total: int
    size: int
    size_total: int | None
    moved: int
    rate: float
    seconds: float
    seconds_left: float | None
    failed: int
    held: bool = False
    under_way: tuple[FileProgress, ...] = ()


class Meter:
    """Counts bytes of several threads, each in a place of its own, and tells their rate."""

    def __init__(self) -> None:
        self._counts: dict[int, list[int]] = {}
        self._began = time.monotonic()
        self._seen: list[tuple[float, int]] = [(self._began, 0)]

    def place(self, thread: int) -> list[int]:
        """Give the counter of a thread: a list of one number, for that thread alone to increase."""
        return self._counts.setdefault(thread, [0])

    @property
    def moved(self) -> int:
        """Bytes that came so far."""
        return sum(count[0] for count in list(self._counts.values()))

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def rate(self) -> float:
        """Bytes a second over the last seconds."""
        now, moved = time.monotonic(), self.moved
        self._seen.append((now, moved))
        while len(self._seen) > 2 and self._seen[1][0] < now - _WINDOW:
            self._seen.pop(0)
        then, before = self._seen[0]
        return (moved - before) / (now - then) if now > then else 0.0
