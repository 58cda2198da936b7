"""A download in a process of its own, as another process sees it: begun, found again, held, ended."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.background.order import read_order, write_order
from bioimagehub.catalogs.downloads.background.state import (
    RunState,
    read_failures,
    read_state,
    write_state,
    write_wish,
)
from bioimagehub.catalogs.downloads.names import OWN
from bioimagehub.catalogs.errors import FetchRunningError, FolderNotWritableError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bioimagehub.catalogs.downloads.background.order import Order
    from bioimagehub.catalogs.downloads.background.state import Failure

_LOCK, _LOG = "process", "process.log"
_PATIENCE, _GLANCE = 10.0, 0.02
_TOLD = 2000  # letters of the log of a process that ended by itself


class BackgroundRun:
    """The download of a folder, in whatever process it is or was.

    It speaks with that process by files in the folder, so that any process of the same user may: another kernel, or
    this one after it was started anew.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def order(self) -> Order | None:
        """What it is to do.

        Raises
        ------
        InvalidSelectionError
            If that cannot be read.
        """
        return read_order(self.folder)

    @property
    def is_alive(self) -> bool:
        """Whether there is a process."""
        try:
            lock = os.open(self.folder / OWN / _LOCK, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def state(self) -> RunState:
        """Tell how far it is."""
        # In this order: a process that ends in between has told its last state.
        alive = self.is_alive
        state = read_state(self.folder) or RunState(state="interrupted")
        if alive or not state.is_active:
            return state
        found = f" It said last: {said}." if (said := self._last_words()) else ""
        msg = (
            f"The process that fetches into {self.folder} ended before it was done.{found} "
            "Let it go on: what came is kept, and the rest is fetched."
        )
        return replace(state, state="interrupted", under_way=(), rate=0.0, seconds_left=None, problem=msg)

    def failures(self) -> list[Failure]:
        """List the files that could not be had."""
        return list(read_failures(self.folder))

    def pause(self) -> None:
        """Wish that it waits."""
        write_wish(self.folder, "paused")

    def go_on(self) -> None:
        """Wish that it goes on after a pause; in a new process, if the old one has ended.

        Raises
        ------
        MissingFileError
            If nothing was ordered for the folder.
        """
        write_wish(self.folder, "running")
        told = read_state(self.folder)
        if told is None or not told.is_active or not self.is_alive:
            _launch(self.folder, [])

    def cancel(self) -> None:
        """Wish that it ends. What came is kept; `go_on` gets the rest."""
        write_wish(self.folder, "cancelled")

    def fetch_again(self) -> None:
        """Fetch what failed, and nothing else.

        Raises
        ------
        FetchRunningError
            If it has not ended yet.
        """
        write_wish(self.folder, "running")
        _launch(self.folder, ["--again"])

    def _last_words(self) -> str:
        try:
            lines = (self.folder / OWN / _LOG).read_text(encoding="utf-8", errors="replace")[-_TOLD:].splitlines()
        except FileNotFoundError:
            return ""
        return next((line.strip().rstrip(".") for line in reversed(lines) if line.strip()), "")


def start_run(order: Order, folder: Path) -> BackgroundRun:
    """Begin a download in a process of its own.

    The process leads a session of its own: it is not stopped with the kernel, the terminal or the browser. It ends
    with the machine, or with the control group that a hub puts a user's server into; then `BackgroundRun.go_on`
    continues it.

    Parameters
    ----------
    order : Order
    folder : Path
        Made if it is missing.

    Raises
    ------
    FetchRunningError
        If a process fetches into the folder now.
    FolderNotWritableError
        If the folder cannot be made or written.
    """
    try:
        (folder / OWN).mkdir(parents=True, exist_ok=True)
        run = BackgroundRun(folder)
        if run.is_alive:
            raise _running(folder)
        write_order(order, folder)
        write_wish(folder, "running")
    except FetchRunningError:
        raise
    except OSError as error:
        msg = (
            f"The folder {folder} cannot be written: {error}. Expected a folder, or a place where one can be made. "
            "Choose another one."
        )
        raise FolderNotWritableError(msg) from error
    _launch(folder, [])
    return run


def find_run(folder: Path) -> BackgroundRun | None:
    """Find the download of a folder, whether it is under way or has ended; None where there was none."""
    return None if read_state(folder) is None else BackgroundRun(folder)


def _launch(folder: Path, options: Sequence[str]) -> None:
    """Start the process; it holds the lock from its first moment, as it inherits it."""
    if read_order(folder) is None:
        msg = f"Nothing was to be fetched into {folder}: it has no {OWN}/order.json. Begin a download into it."
        raise MissingFileError(msg)
    lock = os.open(folder / OWN / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _take(lock, folder)
        write_state(folder, RunState(state="planning"))
        module = "bioimagehub.catalogs.downloads.background.process"
        with (folder / OWN / _LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, str(folder.absolute()), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=[lock],
            )  # fmt: skip
    finally:
        os.close(lock)
    # Somebody has to take note of its end, or the system keeps it as a zombie.
    threading.Thread(target=process.wait, name="fetch-ended", daemon=True).start()


def _take(lock: int, folder: Path) -> None:
    """Take the lock; wait for a process that has told its last state, and for one that only looks."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            told = read_state(folder)
            if time.monotonic() > until or (told is not None and told.is_active):
                raise _running(folder) from error
            time.sleep(_GLANCE)
        else:
            return


def _running(folder: Path) -> FetchRunningError:
    msg = f"Another process fetches into {folder} now. Wait until it has ended, or choose another folder."
    return FetchRunningError(msg)
