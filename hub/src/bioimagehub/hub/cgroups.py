"""Memory and processor limits by Linux control groups, version 1 or 2.

Kernel documentation: https://docs.kernel.org/admin-guide/cgroup-v2.html and
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
PERIOD_US = 100_000


@dataclass(frozen=True)
class Limits:
    """What a group of processes may use.

    Attributes
    ----------
    memory : int or None
        Bytes; None for no limit.
    cpus : float or None
        Cores; None for no limit.
    """

    memory: int | None = None
    cpus: float | None = None


@dataclass(frozen=True)
class Controllers:
    """The controllers of this machine that can be written.

    Attributes
    ----------
    version : int
        1 or 2.
    memory, cpu : Path or None
        The folder under which groups are made for that controller; None where it cannot be used.
        With version 2 both are the same folder.
    """

    version: int
    memory: Path | None
    cpu: Path | None

    @property
    def folders(self) -> list[Path]:
        """The folders under which a group is made, each once."""
        return sorted({folder for folder in (self.memory, self.cpu) if folder is not None})

    def enter(self, group: str, limits: Limits, pid: int) -> None:
        """Put a process into a group with these limits; make the group where it is missing.

        Parameters
        ----------
        group : str
            Name of the hub, a slash, name of the group.
        limits : Limits
            What the group may use.
        pid : int
            The process.

        Raises
        ------
        OSError
            If the kernel refuses. The caller knows for whom the group was meant and says so.
        """
        if self.version == 2:
            self._delegate(group)
        for folder in self.folders:
            (folder / group).mkdir(parents=True, exist_ok=True)
            # Its processes can read their limits, and nobody can list the groups of others.
            (folder / group).parent.chmod(0o711)
            (folder / group).chmod(0o755)
        self._limit(group, limits)
        for folder in self.folders:
            (folder / group / "cgroup.procs").write_text(str(pid))

    def _delegate(self, group: str) -> None:
        """Let the children of every folder above the group have the controllers (version 2 only)."""
        folder = self.folders[0]
        for part in Path(group).parts:
            wanted = [name for name in ("memory", "cpu") if getattr(self, name) is not None]
            (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))
            folder = folder / part
            folder.mkdir(exist_ok=True)

    def _limit(self, group: str, limits: Limits) -> None:
        if self.memory is not None and limits.memory is not None:
            name = "memory.max" if self.version == 2 else "memory.limit_in_bytes"
            (self.memory / group / name).write_text(str(limits.memory))
        if self.cpu is not None and limits.cpus is not None:
            quota = int(limits.cpus * PERIOD_US)
            if self.version == 2:
                (self.cpu / group / "cpu.max").write_text(f"{quota} {PERIOD_US}")
            else:
                (self.cpu / group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
                (self.cpu / group / "cpu.cfs_quota_us").write_text(str(quota))

    def members(self, group: str) -> set[int]:
        """Return the ids of the processes in a group and in the groups under it."""
        pids: set[int] = set()
        for folder in self.folders:
            for procs in (folder / group).rglob("cgroup.procs"):
                pids.update(int(line) for line in procs.read_text().split())
        return pids

    def remove(self, group: str) -> None:
        """Remove a group and the groups under it. Groups with processes in them stay."""
        for folder in self.folders:
            top = folder / group
            if not top.is_dir():
                continue
            below = sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True)
            for path in [*below, top]:
                try:
                    path.rmdir()
                except OSError:
                    # Busy: its processes are still ending. The next removal takes it.
                    continue


def find_controllers(root: Path = CGROUP_ROOT) -> Controllers | None:
    """Return the controllers that this process may use, or None where there are none.

    Parameters
    ----------
    root : Path
        Where the control groups are mounted.
    """
    if (root / "cgroup.controllers").is_file():
        names = (root / "cgroup.controllers").read_text().split()
        usable = os.access(root / "cgroup.subtree_control", os.W_OK)
        memory, cpu = (root if usable and name in names else None for name in ("memory", "cpu"))
        version = 2
    else:
        memory, cpu = (
            root / name if os.access(root / name / "cgroup.procs", os.W_OK) else None for name in ("memory", "cpu")
        )
        if cpu is not None and not (cpu / "cpu.shares").exists():
            cpu = None
        version = 1
    if memory is None and cpu is None:
        return None
    return Controllers(version, memory, cpu)
