"""Starts a command with limits, which ends with its parent: ``python -I -S launch.py PARENT NAME=LIMIT… -- command``.

The command keeps this process's id. A parent that ended before this began is noticed, too.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Set the limits and become the command."""
    parent, *rest = sys.argv[1:]
    end = rest.index("--")
    for option in rest[:end]:
        name, _, value = option.partition("=")
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (int(value), int(value)))
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != int(parent):
        sys.exit("The worker has ended, so the method is not begun.")
    command = rest[end + 1 :]
    os.execv(command[0], command)  # noqa: S606 - the command becomes this process


if __name__ == "__main__":
    main()
