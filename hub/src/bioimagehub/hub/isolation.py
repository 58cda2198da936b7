"""Whether and how the users of one machine are kept apart.

``uid``: the hub runs as root, each user under a private uid that has no account on the machine.
``shared``: everything runs under the hub's own uid, and its users are one trust domain.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import site
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bioimagehub.hub.cgroups import Limits, find_controllers
from bioimagehub.hub.errors import IsolationError
from bioimagehub.hub.installed import installed_path
from bioimagehub.hub.state import StateFolder

if TYPE_CHECKING:
    from bioimagehub.hub.settings import Settings

UIDS = 10_000

SHARED_NOTICE = (
    "The users of this hub are one trust domain: they run under one uid and can read each other's files and tokens. "
    "A hub that is started as root keeps them apart."
)


def isolation_kind(settings: Settings) -> Literal["uid", "shared"]:
    """Return how users are kept apart under these settings on this machine."""
    if settings.isolation == "auto":
        return "uid" if os.geteuid() == 0 else "shared"
    return settings.isolation


def hub_name(state: Path) -> str:
    """Return a short name of the hub of a state folder, the same at every start."""
    return f"bioimagehub-{hashlib.sha256(os.fsencode(state.resolve())).hexdigest()[:12]}"


def hidden_above(path: Path) -> Path | None:
    """Return the topmost folder above a path that other uids cannot pass, or None."""
    for folder in reversed(path.resolve().parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def needed_paths(settings: Settings) -> list[Path]:
    """Return the folders that a user's processes must be able to read: Python, the packages, data."""
    paths = {Path(sys.prefix), Path(sys.base_prefix), settings.state / "samples", *settings.catalogs}
    paths |= {settings.state / "index", settings.state / "harvest", settings.state / "layouts"}
    paths |= {installed_path("deploy"), settings.notebooks or installed_path("notebooks")}
    # Where the project is installed from a working tree, its sources lie outside the prefix.
    prefixes = (sys.prefix, sys.base_prefix, site.getusersitepackages())
    paths.update(Path(entry) for entry in sys.path if entry and not entry.startswith(prefixes))
    return sorted({path.resolve() for path in paths if path.exists()})


@dataclass(frozen=True)
class Isolation:
    """Keeps the processes of each user in their place.

    Attributes
    ----------
    kind : {"uid", "shared"}
        How users are kept apart.
    settings : Settings
        The settings in force.
    """

    kind: Literal["uid", "shared"]
    settings: Settings

    @classmethod
    def of(cls, settings: Settings) -> Isolation:
        """Return the isolation that these settings give on this machine."""
        return cls(isolation_kind(settings), settings)

    @property
    def folder(self) -> StateFolder:
        """The state folder."""
        return StateFolder(self.settings.state)

    def uid(self, user: str) -> int:
        """Return the private uid of a user; the hub's own with ``shared``.

        A uid is given once and never to another user, since files of the first may remain.

        Raises
        ------
        IsolationError
            If all private uids are taken.
        """
        if self.kind == "shared":
            return os.geteuid()
        path = self.folder.private / "uids.json"
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            uids: dict[str, int] = json.loads(file.read() or "{}")
            if user not in uids:
                base = self.settings.uid_base
                given = [uid for uid in uids.values() if base <= uid < base + UIDS]
                uids[user] = max(given, default=base - 1) + 1
                if uids[user] >= base + UIDS:
                    msg = (
                        f"Cannot keep user {user!r} apart: all {UIDS} private uids from {self.settings.uid_base} are "
                        "given away. Set uid_base to the begin of a free range."
                    )
                    raise IsolationError(msg)
                file.seek(0)
                file.truncate()
                json.dump(uids, file)
        return uids[user]

    def own(self, user: str, path: Path) -> None:
        """Make a folder that is the user's alone (0700); keep what is in it.

        Raises
        ------
        IsolationError
            If something else is in its place, such as a link.
        """
        uid = self.uid(user)
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            msg = f"Cannot give the folder {path} to user {user!r}: {error.strerror}. Move it away."
            raise IsolationError(msg) from error
        try:
            owner = os.fstat(descriptor).st_uid
            if owner not in (uid, os.geteuid()):
                msg = (
                    f"Cannot give the folder {path} to user {user!r}: it belongs to uid {owner}, expected was {uid}. "
                    "Move it away or change its owner."
                )
                raise IsolationError(msg)
            os.fchown(descriptor, uid, uid if self.kind == "uid" else -1)
            os.fchmod(descriptor, 0o700)
        finally:
            os.close(descriptor)

    @property
    def runtime(self) -> Path:
        """Folder of the kernels' sockets. Short, because a socket's path may have 107 bytes at most."""
        return Path("/run" if os.geteuid() == 0 else tempfile.gettempdir()) / hub_name(self.settings.state)

    def own_runtime(self, user: str) -> Path:
        """Make the folder of a user's sockets, which is the user's alone, and return it."""
        self.runtime.mkdir(exist_ok=True)
        if self.runtime.lstat().st_uid != os.geteuid() or self.runtime.is_symlink():
            msg = (
                f"Cannot use {self.runtime} for sockets: it belongs to uid {self.runtime.lstat().st_uid}, expected was "
                f"{os.geteuid()}. Remove it."
            )
            raise IsolationError(msg)
        self.runtime.chmod(0o711)
        self.own(user, self.sockets(user))
        return self.sockets(user)

    def sockets(self, user: str) -> Path:
        """Return the folder of a user's sockets. Its name is as short for a long user name as for a short one."""
        return self.runtime / hashlib.sha256(user.encode()).hexdigest()[:12]

    def group(self, user: str, name: str) -> str:
        """Return the control group of one of a user's servers or cluster processes.

        Everybody can read the names of groups, so that of a cluster must not be in them.
        """
        return f"{hub_name(self.settings.state)}/{user}.{hashlib.sha256(name.encode()).hexdigest()[:12]}"

    def launcher(self, user: str, folder: Path, name: str, limits: Limits) -> list[str]:
        """Return the command that goes before a user's command and confines it.

        Parameters
        ----------
        user : str
            Under whose uid the command runs.
        folder : Path
            Its working folder.
        name : str
            Which of the user's processes it is, for its control group.
        limits : Limits
            What it may use, where this machine can limit.
        """
        command = [sys.executable, "-I", "-m", "bioimagehub.hub.confine", "--folder", str(folder)]
        if self.kind == "uid":
            command += ["--uid", str(self.uid(user))]
            home = self.folder.homes / user
            # A cluster works in a folder of its own, and finds cache and credentials in the home of its user.
            if home != folder and home.is_dir():
                command += ["--home", str(home)]
            for path in needed_paths(self.settings):
                if hidden_above(path) is not None:
                    command += ["--show", str(path)]
        if find_controllers() is not None:
            command += ["--group", self.group(user, name)]
            if limits.memory is not None:
                command += ["--memory", str(limits.memory)]
            if limits.cpus is not None:
                command += ["--cpus", str(limits.cpus)]
        return [*command, "--"]
