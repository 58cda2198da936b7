"""How many requests run at once: a number for all, and fewer at a host that asks to be spared."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Slots:
    """Room for requests.

    Parameters
    ----------
    most : int
        Requests that run at once, over all hosts.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all = threading.Semaphore(most)
        self._hosts: dict[str, _Host] = {}

    @contextmanager
    def use(self, host: str) -> Iterator[None]:
        """Wait for room at a host, and take it for a while."""
        # setdefault alone decides which of two that were made at the same time is used.
        room = self._hosts.get(host) or self._hosts.setdefault(host, _Host(self._most))
        room.enter()
        try:
            with self._all:
                yield
        finally:
            room.leave()

    def spare(self, host: str, seconds: float) -> None:
        """Ask a host for nothing for some seconds, and then for half as much at once; it grows again slowly."""
        if (room := self._hosts.get(host)) is not None:
            room.spare(seconds)

    def praise(self, host: str) -> None:
        """Note that a host answered as it should."""
        room = self._hosts[host]
        if room.limit < self._most:
            room.grow()

    def limit(self, host: str) -> int:
        """Tell how many requests may run at once at a host now."""
        room = self._hosts.get(host)
        return self._most if room is None else room.limit


class _Host:
    """Room at one host."""

    def __init__(self, most: int) -> None:
        self.limit = most
        self._most = most
        self._running = 0
        self._good = 0
        self._until = 0.0
        self._changed = threading.Condition(threading.Lock())

    def enter(self) -> None:
        with self._changed:
            while True:
                rest = self._until - time.monotonic() if self._until else 0.0
                if rest > 0:
                    self._changed.wait(rest)
                elif self._running >= self.limit:
                    self._changed.wait()
                else:
                    self._running += 1
                    return

    def leave(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify()

    def spare(self, seconds: float) -> None:
        with self._changed:
            now = time.monotonic()
            # Requests that were under way together are refused together: that counts once.
            if now >= self._until:
                self.limit = max(1, min(self.limit, self._running) // 2)
                self._good = 0
            self._until = max(self._until, now + seconds)

    def grow(self) -> None:
        """Allow one more when as many as are allowed were answered."""
        with self._changed:
            self._good += 1
            if self._good >= 2 * self.limit and self.limit < self._most:
                self.limit, self._good = self.limit + 1, 0
                self._changed.notify()
