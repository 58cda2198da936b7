"""The state folder: where the hub keeps what, and who may read it.

::

    <state>/                0711
    ├── private/            0700  the hub's alone
    │   ├── hub.sqlite, gateway.sqlite, cookie_secret, accounts.json, uids.json
    │   ├── secrets/        one file a secret, 0600
    │   ├── logs/           one file a process
    │   └── run/            lock, settings in force, process list
    ├── homes/<user>/       0700  the user's alone
    ├── portal/             0711  see `bioimagehub.hub.portal.place`
    │   ├── data/           0770  the database, submissions: the portal's and its workers'
    │   └── truth/          0700  challenges with their truth: the workers' alone
    ├── clusters/<name>/    0700  working folder of a Dask cluster, its owner's alone
    ├── samples/            0755  the sample archive
    ├── index/              0755  the index of the catalogs
    ├── harvest/            0755  tables of archives that were harvested for this hub
    └── layouts/            0755  layouts of images that were indexed for this hub
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioimagehub.hub.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.hub.settings import Settings


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@dataclass(frozen=True)
class StateFolder:
    """The paths in a state folder. Making one touches no disk."""

    root: Path

    @property
    def private(self) -> Path:
        """Databases, secrets, logs: the hub's alone."""
        return self.root / "private"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.private / "logs"

    @property
    def run(self) -> Path:
        """The lock, the settings in force and the process list of a running hub."""
        return self.private / "run"

    @property
    def homes(self) -> Path:
        """The users' home folders."""
        return self.root / "homes"

    @property
    def clusters(self) -> Path:
        """Working folders of the Dask clusters."""
        return self.root / "clusters"

    @property
    def samples(self) -> Path:
        """The sample archive."""
        return self.root / "samples"

    @property
    def index(self) -> Path:
        """The index of the catalogs, which all users search."""
        return self.root / "index"

    @property
    def harvest(self) -> Path:
        """Tables of archives that were harvested for this hub."""
        return self.root / "harvest"

    @property
    def layouts(self) -> Path:
        """Layouts of images that were indexed for this hub."""
        return self.root / "layouts"

    @property
    def settings_file(self) -> Path:
        """The settings in force, as the running hub's processes read them."""
        return self.run / "settings.json"

    def make(self) -> None:
        """Make the folders with their permissions; keep what is there.

        Raises
        ------
        StateError
            If a folder cannot be made, or belongs to another user.
        """
        for path, mode in (
            (self.root, 0o711),
            (self.private, 0o700),
            (self.private / "secrets", 0o700),
            (self.logs, 0o700),
            (self.run, 0o700),
            (self.homes, 0o711),
            (self.clusters, 0o711),
            (self.samples, 0o755),
            (self.index, 0o755),
            (self.harvest, 0o755),
            (self.layouts, 0o755),
        ):
            try:
                path.mkdir(parents=True, exist_ok=True)
                if stat.S_IMODE(path.stat().st_mode) != mode:
                    path.chmod(mode)
            except OSError as error:
                msg = (
                    f"Cannot use the state folder {self.root}: {error.strerror} at {path}. Give the folder to the user "
                    "who runs the hub, or set `state` (or BIOIMAGEHUB_STATE) to another one."
                )
                raise StateError(msg) from error

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_hex(32)) -> str:
        """Return a secret, made at the first call and kept in a 0600 file.

        Parameters
        ----------
        name : str
            Which one.
        make : callable
            Gives the text of a new one; 32 random bytes in hexadecimal by default, the form that
            JupyterHub, both proxies and Dask Gateway take.
        """
        path = self.private / "secrets" / name
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii")
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make())
        return path.read_text(encoding="ascii")

    def make_secrets(self) -> None:
        """Make all secrets that the hub's processes share, before the first of them starts."""
        for name in (
            "proxy", "gateway", "gateway-private", "gateway-proxy", "idle-culler", "operator", "dashboards",
            "portal", "portal-cookies",
        ):  # fmt: skip
            self.secret(name)
        # The form that Fernet takes.
        self.secret("gateway-database", lambda: base64.urlsafe_b64encode(os.urandom(32)).decode())

    def keep_settings(self, settings: Settings) -> None:
        """Write the settings in force, for the processes of the hub to read."""
        write_private(self.settings_file, json.dumps(settings.model_dump(mode="json"), indent=1))
