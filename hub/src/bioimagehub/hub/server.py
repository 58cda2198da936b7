"""Sets a user's Jupyter server up. Runs in the user's own process, with the user's rights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.hub.dashboards import KEY_HEADER, KEY_VARIABLE
from bioimagehub.hub.notebooks import fill_home

if TYPE_CHECKING:
    from traitlets.config import Config


def setup_server(c: Config) -> None:
    """Set a notebook server up; called by ``hub/deploy/jupyter_server_config.py``.

    Parameters
    ----------
    c : traitlets.config.Config
        Jupyter Server's configuration.
    """
    home = Path.home()
    fill_home(home)
    c.ServerApp.root_dir = str(home)
    # Sockets in a folder of the user's own; on TCP ports every user of the machine could listen to the outputs.
    c.KernelManager.transport = "ipc"
    # A revoked token is refused after a second; the hub is asked once a second and token at most.
    c.HubAuth.cache_max_age = 1
    c.HubOAuth.cache_max_age = 1
    # The hub must work without the internet, and tells nobody that it is used.
    c.LabApp.news_url = None
    c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
    c.FileContentsManager.delete_to_trash = False
    update_dashboards(c)


def update_dashboards(c: Config) -> None:
    """Serve the dashboards of the user's own clusters at ``<server>/dask/clusters/<name>/status``."""
    c.ServerProxy.servers = {
        "dask": {
            "command": [],
            "port": int(os.environ["BIOIMAGEHUB_GATEWAY_PORT"]),
            "request_headers_override": {KEY_HEADER: os.environ[KEY_VARIABLE]},
            "launcher_entry": {"enabled": False},
        }
    }
