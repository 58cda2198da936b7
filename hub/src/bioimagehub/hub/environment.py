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
from bioimagehub.hub.state import StateFolder

if TYPE_CHECKING:
    from bioimagehub.hub.isolation import Isolation
    from bioimagehub.hub.settings import Settings


def dashboard_key(isolation: Isolation, user: str) -> str:
    """Return the key that opens a user's dashboards. It is known to the user's processes alone."""
    secret = isolation.folder.secret("dashboards")
    return hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()


def catalog_environment(settings: Settings) -> dict[str, str]:
    """Return the variables that say where the catalogs of a hub are, and the index of them."""
    folder = StateFolder(settings.state)
    return {
        "BIOIMAGEHUB_SAMPLES": str(folder.samples),
        "BIOIMAGEHUB_CATALOGS": os.pathsep.join(map(str, settings.catalogs)),
        "BIOIMAGEHUB_INDEX": str(folder.index),
        "BIOIMAGEHUB_HARVEST": str(folder.harvest),
    }


def reader_environment(settings: Settings, user: str) -> dict[str, str]:
    """Return the variables of the reader layer: the same for a user's servers, schedulers and workers.

    So a worker uses the credentials of its user, and the chunks that the user's notebook has read, and the other way
    round.
    """
    folder = StateFolder(settings.state)
    home = folder.homes / user
    layouts = (home / ".local/share/bioimagehub/layouts", folder.layouts)
    return {
        "BIOIMAGEHUB_LAYOUTS": os.pathsep.join(map(str, layouts)),
        "BIOIMAGEHUB_READER_CACHE": str(home / ".cache/bioimagehub/chunks"),
        "BIOIMAGEHUB_CREDENTIALS": str(home / ".config/bioimagehub/credentials.yml"),
    }


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
        **catalog_environment(settings),
        **reader_environment(settings, user),
        "BIOIMAGEHUB_NOTEBOOKS": str(settings.notebooks or installed_path("notebooks")),
    }
