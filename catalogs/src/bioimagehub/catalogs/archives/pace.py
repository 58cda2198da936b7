"""The pace of requests: so many a second and host, whoever asks."""

from __future__ import annotations

import threading
import time


class Pace:
    """Gives each request to a host its turn; shared by all threads of a client.

    Parameters
    ----------
    rate : float
        Requests a second and host.
    """

    def __init__(self, rate: float) -> None:
        self._distance = 1 / rate
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str) -> float:
        """Wait for the next turn at a host; give the seconds waited."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + self._distance
        time.sleep(turn - now)
        return turn - now

    def hold(self, host: str, seconds: float) -> None:
        """Let nobody ask a host for some seconds, because it said so."""
        with self._lock:
            self._next[host] = max(self._next.get(host, 0.0), time.monotonic() + seconds)
