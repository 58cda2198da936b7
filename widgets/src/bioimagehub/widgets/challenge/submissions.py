"""One's own submissions on a hub: what became of them, asked for again and again while something is open."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.errors import PortalError
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OPEN = ("waiting", "running", "checking", "scoring")
"""States from which something follows."""
MOST, MOST_PROBLEMS = 50, 20
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
"""Seconds between two questions, at first and after long waiting."""

_MEANINGS = {
    "waiting": "in the queue",
    "running": "the method runs",
    "checking": "a worker checks it",
    "scoring": "a worker scores it",
    "scored": "there is a result, and a row on the leaderboard",
    "refused": "it cannot be scored; this costs nothing",
    "unfinished": "it passed a limit of time or memory, or a method failed; this counts",
    "failed": "the hub failed; this costs nothing",
    "withdrawn": "taken back; this costs nothing",
}


def tell_submission(view: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what became of a submission."""
    problems = view["problems"]
    return {
        "id": view["id"],
        "phase": view["phase"],
        "entry": clean(view["entry"]),
        "filename": clean(view["filename"]),
        "size": view["size"],
        "received": view["received"],
        "state": clean(view["state"]),
        "meaning": _MEANINGS.get(view["state"], ""),
        "open": view["state"] in OPEN,
        "ahead": view["ahead"],
        "stage": clean(view["stage"]) if view["stage"] and view["state"] in OPEN else None,
        "counts": view["counts"],
        "problems": [{name: clean(text or "", 400) for name, text in one.items()} for one in problems[:MOST_PROBLEMS]],
        "more": max(0, len(problems) - MOST_PROBLEMS),
    }


class Watch:
    """Asks a hub now, and again and again as long as something is open.

    Parameters
    ----------
    ask : callable
        Asks, shows what it found, and tells whether something is open; in any thread, one at a time.
    fail : callable
        Is given the error when the hub does not answer while this waits.
    """

    def __init__(self, ask: Callable[[], bool], fail: Callable[[PortalError], None]) -> None:
        self._ask, self._fail = ask, fail
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._again = False

    def refresh(self) -> None:
        """Ask now; go on by itself if something is open.

        Raises
        ------
        PortalError
            If the hub does not answer.
        """
        if not self._ask_once():
            return
        with self._lock:
            self._again = True
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._go_on, name="bioimagehub-submissions", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._ended.set()

    def _ask_once(self) -> bool:
        # One after the other, so that an older answer is never shown after a newer one.
        with self._asking:
            return not self._ended.is_set() and self._ask()

    def _go_on(self) -> None:
        pause = FIRST_PAUSE
        while not self._ended.wait(pause):
            with self._lock:
                pause = FIRST_PAUSE if self._again else min(1.3 * pause, LONGEST_PAUSE)
                self._again = False
            try:
                is_open = self._ask_once()
            except PortalError as error:
                pause, is_open = LONGEST_PAUSE, True
                self._fail(error)
            with self._lock:
                if not is_open and not self._again:
                    self._thread = None
                    return
