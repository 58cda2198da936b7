"""Where the portal's processes run and keep things, and who may read what.

::

    <state>/portal/         0711
    ├── data/               0770  of the portal's uid and its group, in which the workers are
    │   ├── portal.sqlite
    │   ├── inbox/          what is being received
    │   ├── submissions/    what was received: <id>/<file>, never changed
    │   └── challenges/     challenge files by edition, and images that are generated from a secret
    ├── truth/              0700  of the workers' uid alone
    │   └── <edition>/      a challenge file and its truth
    ├── work/               0700  of the workers' uid alone: what is being unpacked
    └── methods/            0700  of the runner's uid alone: methods that are run

Where the hub runs as root, the portal has one private uid, its workers another one, and what runs methods a third. So
whatever goes wrong in the process that answers the network, or in a sandbox, it cannot read the truth. Else all of them
run under the hub's own uid.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 (pydantic reads the annotations)
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from bioimagehub.hub.cgroups import find_controllers
from bioimagehub.hub.errors import SettingsError
from bioimagehub.hub.isolation import Isolation, hidden_above, hub_name, needed_paths

if TYPE_CHECKING:
    from bioimagehub.hub.settings import Settings

CONFIGURATION_VARIABLE = "BIOIMAGEHUB_PORTAL"
# No user of JupyterHub can have a name with a slash.
WEB_USER, WORKER_USER, RUNNER_USER = "portal/web", "portal/worker", "portal/runner"

# Bytes for what is around a method: the image, and the check of its prediction.
RUNNER_MEMORY = 2 * 1024**3


class PortalConfiguration(BaseModel):
    """What the portal's processes need to know; they get it in their environment, since it has secrets.

    Attributes
    ----------
    folder : Path
        The portal's folder in the state folder.
    database : str
        A database URL.
    port : int
        Where the portal listens, on loopback.
    prefix : str
        Where it is in the hub, such as ``/services/challenges``.
    hub_api, hub_public : str
        The hub's API on this machine, and the path of the hub for browsers.
    service : str
        Its name among JupyterHub's services.
    token, cookie_secret : str
        What it shows to JupyterHub, and what it signs with. Empty for workers.
    lease_seconds : float
        How long a worker that was killed keeps its job.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path
    database: str
    port: int
    prefix: str
    hub_api: str
    hub_public: str
    service: str
    token: str
    cookie_secret: str
    organisers: str | None
    submission_size: int
    challenge_size: int
    attempts_per_day: int
    score_seconds: int
    score_memory: int
    session_hours: float
    method_seconds: int
    method_memory: int
    lease_seconds: float = 30.0

    @classmethod
    def of_environment(cls) -> PortalConfiguration:
        """Return the configuration of this process, and forget where it came from.

        Raises
        ------
        SettingsError
            If the hub did not start this process.
        """
        text = os.environ.pop(CONFIGURATION_VARIABLE, None)
        if text is None:
            msg = (
                f"Cannot start a process of the portal: the variable {CONFIGURATION_VARIABLE} is not set. The hub sets "
                "it. Start the hub with `bioimagehub up`."
            )
            raise SettingsError(msg)
        return cls.model_validate_json(text)

    @property
    def data(self) -> Path:
        """What the portal and its workers share."""
        return self.folder / "data"

    @property
    def inbox(self) -> Path:
        """What is being received."""
        return self.data / "inbox"

    @property
    def submissions(self) -> Path:
        """What was received."""
        return self.data / "submissions"

    @property
    def truth(self) -> Path:
        """The challenges with their truth."""
        return self.folder / "truth"

    @property
    def challenges(self) -> Path:
        """What of the challenges is no secret, by edition."""
        return self.data / "challenges"

    @property
    def methods_ready(self) -> Path:
        """Touched again and again by what runs methods, while it can."""
        return self.data / "methods-ready"

    @property
    def methods(self) -> Path:
        """Methods that are run."""
        return self.folder / "methods"

    @property
    def work(self) -> Path:
        """What is being unpacked."""
        return self.folder / "work"


@dataclass(frozen=True)
class Place:
    """The uids of the portal's processes, and their folders.

    Attributes
    ----------
    isolation : Isolation
        How users are kept apart on this hub.
    """

    isolation: Isolation

    @classmethod
    def of(cls, settings: Settings) -> Place:
        """Return the place that these settings give on this machine."""
        return cls(Isolation.of(settings))

    @property
    def folder(self) -> Path:
        """The portal's folder."""
        return self.isolation.folder.root / "portal"

    def make(self) -> None:
        """Make the folders with their owners and permissions; keep what is in them."""
        self.folder.mkdir(mode=0o711, exist_ok=True)
        self.folder.chmod(0o711)
        web, worker, runner = (self.isolation.uid(user) for user in (WEB_USER, WORKER_USER, RUNNER_USER))
        for name, owner, mode in (
            ("data", web, 0o770),
            ("data/inbox", web, 0o770),
            ("data/submissions", web, 0o770),
            ("data/challenges", worker, 0o750),
            ("truth", worker, 0o700),
            ("methods", runner, 0o700),
            ("work", worker, 0o700),
        ):
            path = self.folder / name
            path.mkdir(exist_ok=True)
            if self.isolation.kind == "uid":
                os.chown(path, owner, web, follow_symlinks=False)
            path.chmod(mode if self.isolation.kind == "uid" else 0o700)

    def command(self, module: str, user: str, memory: int | None = None) -> list[str]:
        """Return the command of one of the portal's processes, under its uid and within a limit, where there are any.

        Parameters
        ----------
        module : str
            What is run.
        user : str
            Whose uid it has.
        memory : int or None
            Bytes that it may have with all that it starts, where this machine can limit.
        """
        python = [sys.executable, "-P", "-m", module]
        if self.isolation.kind == "shared":
            return python
        confined = [sys.executable, "-I", "-m", "bioimagehub.hub.confine", "--folder", str(self.folder)]
        confined += ["--uid", str(self.isolation.uid(user)), "--gid", str(self.isolation.uid(WEB_USER))]
        for path in needed_paths(self.isolation.settings):
            if hidden_above(path) is not None:
                confined += ["--show", str(path)]
        if memory is not None and find_controllers() is not None:
            name = f"{hub_name(self.isolation.settings.state)}/{user.replace('/', '-')}"
            confined += ["--group", name, "--memory", str(memory)]
        return [*confined, "--", *python]
