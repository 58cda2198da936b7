"""Run a command in its place: ``python -m bioimagehub.hub.confine [options] -- command``.

The place is a private uid, a working folder, a control group with limits, and a view of the file system in
which other users' processes are not listed and the folders that the command needs can be read although a
folder above them is closed to others (such as ``/root``). The command keeps this process's id.

All of this is done before the command starts and with the rights of the hub; the command cannot undo it.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import stat
import sys
from pathlib import Path

from bioimagehub.hub.cgroups import Limits, find_controllers
from bioimagehub.hub.errors import IsolationError
from bioimagehub.hub.isolation import hidden_above

CLONE_NEWNS = 0x00020000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, action: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        msg = (
            f"Cannot {action}: {os.strerror(number)}. The hub needs the capability CAP_SYS_ADMIN for it; "
            "`bioimagehub check` tells what this machine allows."
        )
        raise IsolationError(number, msg)


def _mount(source: str, target: Path, kind: str = "", flags: int = 0, data: str = "") -> None:
    result = _libc.mount(
        source.encode(),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    _check(result, f"mount {kind or source} on {target}")


def make_private_view(show: list[Path], own: list[Path]) -> None:
    """Give this process its own view of the file system.

    Parameters
    ----------
    show : list of Path
        Folders to be seen, read-only, although a folder above them is closed to others.
        All else under that closed folder disappears from view.
    own : list of Path
        Folders of the user; seen likewise, and writable.

    Raises
    ------
    IsolationError
        If the kernel does not allow it.
    """
    # Folders that lead to a shown one can be passed, not listed.
    os.umask(0o066)
    _check(_libc.unshare(CLONE_NEWNS), "make a private view of the file system")
    _mount("none", Path("/"), flags=MS_REC | MS_PRIVATE)
    closed = {path: above for path in [*show, *own] if (above := hidden_above(path)) is not None}
    opened = {path: os.open(path, os.O_PATH) for path in closed}
    for above in sorted(set(closed.values())):
        _mount("tmpfs", above, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0711,size=1m")
    for path, descriptor in opened.items():
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        _mount(f"/proc/self/fd/{descriptor}", path, flags=MS_BIND | MS_REC)
        os.close(descriptor)
        if path not in own:
            _mount("none", path, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    _mount("proc", Path("/proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2")


def drop_rights(uid: int, gid: int | None = None) -> None:
    """Become a uid for good: no group but one, no way back by setuid programs."""
    gid = uid if gid is None else gid
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "give up gaining rights")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bioimagehub.hub.confine", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="working folder of the command")
    parser.add_argument("--home", type=Path, help="home of the user, where that is another folder; writable, too")
    parser.add_argument("--uid", type=int, help="uid to run under; the present one by default")
    parser.add_argument("--gid", type=int, help="group to be in; that of the uid by default")
    parser.add_argument("--show", type=Path, action="append", default=[], help="folder that must be readable")
    parser.add_argument("--group", help="control group to enter")
    parser.add_argument("--memory", type=int, help="memory limit of the group in bytes")
    parser.add_argument("--cpus", type=float, help="processor limit of the group in cores")
    parser.add_argument("command", nargs="+", help="the command and its arguments")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Confine this process as the arguments say, then become the command."""
    place = _parse(sys.argv[1:] if arguments is None else arguments)
    # A core dump would hold the tokens of the process.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if place.group is not None and (controllers := find_controllers()) is not None:
        try:
            controllers.enter(place.group, Limits(place.memory, place.cpus), os.getpid())
        except OSError as error:
            msg = (
                f"Cannot limit {place.group}: {error.strerror} at {error.filename}. "
                "`bioimagehub check` tells what control groups this machine allows."
            )
            raise IsolationError(msg) from error
    if place.uid is not None:
        make_private_view(place.show, [place.folder, *([] if place.home is None else [place.home])])
        drop_rights(place.uid, place.gid)
    os.umask(0o077)
    os.chdir(place.folder)
    os.execvpe(place.command[0], place.command, os.environ)  # noqa: S606 (the command becomes this process)


if __name__ == "__main__":
    main()
