"""How much is asked of a host at once, and how fast bytes may come."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field


@dataclass
class Host:
    """A host, as far as this download knows it; guarded by the lock of the queue.

    Attributes
    ----------
    files, ranges : int
        Requests that may run at once, for small files and for parts of large ones.
    good, spared : int
        Requests that were answered since the limits changed, and by how many these are lower than at first.
    running : int
        Requests that run.
    until : float
        Time before which nothing is asked, on the monotonic clock.
    ahead : bool
        Whether requests for small files may be sent before earlier ones of the same thread are answered.
    answered : float
        When it last answered as it should.
    """

    files: int
    ranges: int
    good: int = 0
    spared: int = 0
    running: int = 0
    until: float = 0.0
    ahead: bool = True
    answered: float = field(default_factory=time.monotonic)

    def has_room(self, now: float, *, large: bool) -> bool:
        """Tell whether one more request may be made."""
        return now >= self.until and self.running < (self.ranges if large else self.files)

    def spare(self, seconds: float) -> None:
        """Ask nothing for some seconds, and then half as much at once."""
        now = time.monotonic()
        # Requests that were under way together are refused together: that counts once.
        if now >= self.until:
            before = self.files
            self.files = max(1, min(self.files, self.running) // 2)
            self.ranges = max(1, min(self.ranges, self.running) // 2)
            self.spared, self.good = self.spared + before - self.files, 0
        self.until = max(self.until, now + seconds)

    def praise(self) -> None:
        """Note that it answered; it is asked for more again, slowly."""
        self.answered = time.monotonic()
        self.good += 1
        if self.spared and self.good >= 2 * self.files:
            self.files, self.ranges, self.spared, self.good = self.files + 1, self.ranges + 1, self.spared - 1, 0


class Rate:
    """Lets so many bytes a second through, over all threads.

    Parameters
    ----------
    limit : float or None
        Bytes a second; None for all.
    """

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self._free_at = time.monotonic()
        self._lock = threading.Lock()

    @property
    def piece(self) -> int | None:
        """Bytes to read at once, so that they come evenly; None for as many as there are."""
        return None if self.limit is None else max(1024, min(65536, int(self.limit / 20)))

    def spend(self, count: int) -> None:
        """Wait until bytes that came are within the limit."""
        if self.limit is None:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - 0.1) + count / self.limit
            wait = self._free_at - now
        if wait > 0:
            time.sleep(wait)
