"""The processes of one hub: telling them from others, and ending what is left of them.

Every process that a hub starts, and every process that those start, carries the name of the hub in its
environment. So the hub's own are known after any crash, and a process id that the system has given to
something else meanwhile is never taken for one of them.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

HUB_VARIABLE = "BIOIMAGEHUB_HUB"


def belongs(pid: int, hub: str) -> bool:
    """Tell whether a live process belongs to a hub.

    Parameters
    ----------
    pid : int
        The process.
    hub : str
        The hub's name, see `bioimagehub.hub.isolation.hub_name`.
    """
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"{HUB_VARIABLE}={hub}".encode() in environment.split(b"\0")


def find_processes(hub: str) -> dict[int, str]:
    """Return the live processes of a hub: id and command line, without this process."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid() and belongs(int(entry.name), hub):
            with suppress(OSError):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found


def find_by_uid(uid: int) -> list[int]:
    """Return the ids of the live processes of a uid."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if entry.stat().st_uid == uid and _alive(int(entry.name)):
                    found.append(int(entry.name))
    return found


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def end(pids: list[int], patience: float = 5.0) -> None:
    """End processes: SIGTERM to each, SIGKILL to what is left after a while.

    Parameters
    ----------
    pids : list of int
        The processes.
    patience : float
        Seconds until SIGKILL.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while any(_alive(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.05)
        pids = [pid for pid in pids if _alive(pid)]
