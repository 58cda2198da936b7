"""The sandbox of one machine: Bubblewrap, which makes namespaces of the Linux kernel.

A command in it has no network, sees only what it is shown and its own processes, and cannot gain rights. Where the hub
runs as root, it runs under a private uid and in a control group.

References
----------
https://github.com/containers/bubblewrap; namespaces(7), user_namespaces(7).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.hub.errors import SandboxMissingError
from bioimagehub.hub.isolation import hidden_above
from bioimagehub.hub.sandbox.leftovers import sweep
from bioimagehub.hub.sandbox.limits import MethodLimits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UID_BASE = 1_900_000_000
"""Far from the uids of users, of services and of containers; each worker takes the one of its process id above it."""

LAUNCH = Path(__file__).with_name("launch.py")
SHARED_MEMORY = 256 * 2**20
_LINKS = ("bin", "lib", "lib64", "sbin")
_SHOWN = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts")
_TRIAL = 60


@dataclass(frozen=True)
class Bubblewrap:
    """A sandbox that works on this machine.

    Attributes
    ----------
    program : str
        Path of ``bwrap``.
    uid : int or None
        Uid that commands run under; None where that of the hub is the only one that it can give.
    python : str
        Interpreter that runs methods.
    paths : tuple of Path
        What it needs and is shown, read-only: the interpreter and the packages.
    """

    program: str
    uid: int | None
    python: str
    paths: tuple[Path, ...]

    def command(
        self,
        command: Sequence[str],
        limits: MethodLimits,
        *,
        shown: Mapping[str, Path],
        status: int,
        group: str | None = None,
    ) -> list[str]:
        """Give the command that runs another one in the sandbox.

        Parameters
        ----------
        command : sequence of str
        limits : MethodLimits
        shown : mapping of str to Path
            Where in the sandbox to show a file or a folder, read-only.
        status : int
            Descriptor that Bubblewrap writes to, in JSON, when the command begins and ends.
        group : str or None
            Control group, which the caller removes afterwards.
        """
        return [
            *self._outside(limits, list(shown.values()), group),
            *_limited(limits),
            self.program,
            # The command is the first process: there is no other that it could get hold of, and all end with it.
            *(
                "--as-pid-1",
                "--unshare-user",
                "--unshare-all",
                "--disable-userns",
                "--new-session",
                "--die-with-parent",
            ),
            *("--cap-drop", "ALL", "--hostname", "sandbox", "--clearenv", "--json-status-fd", str(status)),
            *[part for name, value in self.environment(limits).items() for part in ("--setenv", name, value)],
            *_system(),
            *[part for path in self.paths for part in ("--ro-bind", str(path), str(path))],
            *[part for place, path in shown.items() for part in ("--ro-bind", str(path), place)],
            # Of the processes it sees its own; many libraries do not work without.
            *("--proc", "/proc", "--dev", "/dev"),
            *("--size", str(min(SHARED_MEMORY, limits.disk)), "--tmpfs", "/dev/shm"),  # noqa: S108 - in the sandbox
            *("--remount-ro", "/dev", "--size", str(limits.disk), "--tmpfs", "/tmp"),  # noqa: S108 - in the sandbox
            *("--remount-ro", "/", "--chdir", "/tmp", "--"),  # noqa: S108
            *command,
        ]

    def environment(self, limits: MethodLimits) -> dict[str, str]:
        """Return all variables that a command finds."""
        threads = str(max(1, round(limits.cpus)))
        libraries = ("MKL", "NUMBA", "NUMEXPR", "OMP", "OPENBLAS")
        return {
            "HOME": "/tmp",  # noqa: S108 - in the sandbox
            "LANG": "C.UTF-8",
            "NUMBA_CACHE_DIR": "/tmp/.numba",  # noqa: S108
            "PATH": f"{Path(self.python).parent}:/usr/bin:/bin",
            "PYTHONHASHSEED": "0",
            "TMPDIR": "/tmp",  # noqa: S108
            **{f"{name}_NUM_THREADS": threads for name in libraries},
        }

    def _outside(self, limits: MethodLimits, shown: Sequence[Path], group: str | None) -> list[str]:
        """Give the command that takes rights away before Bubblewrap begins; only root has any to take."""
        if self.uid is None:
            return []
        outside = [sys.executable, "-I", "-m", "bioimagehub.hub.confine", "--folder", "/", "--uid", str(self.uid)]
        for path in (*self.paths, *shown):
            if hidden_above(path) is not None:
                outside += ["--show", str(path.resolve())]
        if group is not None:
            outside += ["--group", group, "--memory", str(limits.memory), "--cpus", str(limits.cpus)]
        return [*outside, "--"]


def find_sandbox() -> Bubblewrap:
    """Find the sandbox of this machine, and try it.

    Raises
    ------
    SandboxMissingError
        If there is none, or it does not keep a command apart. Then no method is run here.
    """
    program = shutil.which("bwrap")
    if program is None:
        msg = (
            "There is no sandbox on this machine: bwrap is not installed. Methods of participants are refused. Install "
            "Bubblewrap (Debian: bubblewrap), or take predictions only."
        )
        raise SandboxMissingError(msg)
    sweep()
    uid = UID_BASE + os.getpid() if os.geteuid() == 0 else None
    found = Bubblewrap(program, uid, sys.executable, _needed())
    _try(found)
    return found


def _needed() -> tuple[Path, ...]:
    """Give the folders of the interpreter and of the packages that are not shown anyway."""
    import bioimagehub

    # Where the project is installed from a working tree, its sources lie outside the prefix. Nothing else of
    # `sys.path` is shown: the working folder of a worker may be in it.
    sources = [Path(package).parent for package in bioimagehub.__path__]
    executable = Path(sys.executable).resolve().parent.parent
    folders = sorted({folder.resolve() for folder in (Path(sys.prefix), Path(sys.base_prefix), executable, *sources)})
    shown = [*map(Path, _SHOWN), *folders]
    return tuple(
        folder for folder in folders if not any(folder != other and folder.is_relative_to(other) for other in shown)
        and folder not in map(Path, _SHOWN)
    )  # fmt: skip


def _system() -> list[str]:
    """Give the options that show the system's programs and libraries."""
    options: list[str] = []
    for name in _LINKS:
        path = Path("/") / name
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            options += ["--ro-bind", str(path), str(path)]
    return options + [part for path in _SHOWN if Path(path).exists() for part in ("--ro-bind", path, path)]


def _limited(limits: MethodLimits) -> list[str]:
    """Give the command that sets the limits of each process; it runs under the uid of the method."""
    set_to = {"as": limits.memory, "cpu": limits.cpu_seconds, "fsize": limits.disk, "nproc": limits.processes}
    options = [f"{name}={value}" for name, value in {**set_to, "core": 0, "nofile": 1024}.items()]
    return [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), *options, "--"]


def _try(sandbox: Bubblewrap) -> None:
    """Run a command that tells how far it is kept apart: every machine has `/etc/passwd`, and it is never shown."""
    code = (
        "import os, socket; print(sum(name.isdigit() for name in os.listdir('/proc')) < 5, "
        "os.path.exists('/etc/passwd'), len(socket.if_nameindex()), 'ready')"
    )
    read, write = os.pipe()
    try:
        command = sandbox.command([sandbox.python, "-I", "-B", "-c", code], MethodLimits(), shown={}, status=write)
        result = subprocess.run(
            command, capture_output=True, text=True, pass_fds=(write,), timeout=_TRIAL, check=False, env={}
        )
        told = (result.stderr or result.stdout).strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        told = str(error)
        result = None
    finally:
        os.close(read)
        os.close(write)
    if result is None or result.stdout.split() != ["True", "False", "1", "ready"]:
        reason = " ".join(told.split())[-300:]
        msg = (
            f"There is no sandbox on this machine: {sandbox.program} does not work: {reason}. Methods of "
            "participants are refused. Allow user namespaces (sysctl user.max_user_namespaces; on Ubuntu also "
            "kernel.apparmor_restrict_unprivileged_userns=0), or take predictions only."
        )
        raise SandboxMissingError(msg)
