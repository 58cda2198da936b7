"""What every process of a user finds in its environment, in a server and in a cluster alike."""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.hub.dashboards import KEY_VARIABLE
from bioimagehub.hub.installed import installed_path
from bioimagehub.hub.isolation import hub_name
from bioimagehub.hub.processes import HUB_VARIABLE

if TYPE_CHECKING:
    from bioimagehub.hub.isolation import Isolation


def dashboard_key(isolation: Isolation, user: str) -> str:
    """Return the key that opens a user's dashboards. It is known to the user's processes alone."""
    secret = isolation.folder.secret("dashboards")
    return hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()


def user_environment(isolation: Isolation, user: str, home: Path) -> dict[str, str]:
    """Return the environment of a user's process.

    Parameters
    ----------
    isolation : Isolation
        How users are kept apart.
    user : str
        Whose process it is.
    home : Path
        Home folder of the process: the user's for a server, the cluster's working folder for a worker.
    """
    settings = isolation.settings
    return {
        "HOME": str(home),
        "USER": user,
        "SHELL": "/bin/bash",
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}:/usr/local/bin",
        HUB_VARIABLE: hub_name(settings.state),
        KEY_VARIABLE: dashboard_key(isolation, user),
        "BIOIMAGEHUB_SAMPLES": str(isolation.folder.samples),
        "BIOIMAGEHUB_CATALOGS": os.pathsep.join(map(str, settings.catalogs)),
        "BIOIMAGEHUB_NOTEBOOKS": str(settings.notebooks or installed_path("notebooks")),
    }
