"""Sets a user's Jupyter server up. Runs in the user's own process, with the user's rights."""

from __future__ import annotations

import logging
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_config_dir, jupyter_path
from jupyter_server.config_manager import BaseJSONConfigManager

from bioimagehub.hub.dashboards import KEY_HEADER, KEY_VARIABLE
from bioimagehub.hub.kernels import WorkingKernels
from bioimagehub.hub.notebooks import fill_home

if TYPE_CHECKING:
    from traitlets.config import Config


class KernelSpecs(KernelSpecManager):
    """Looks for kernels where Jupyter does, and does not import all of IPython to name the last of these folders."""

    def _kernel_dirs_default(self) -> list[str]:
        ipython = Path(os.environ.get("IPYTHONDIR", Path.home() / ".ipython"))
        return [*jupyter_path("kernels"), str(ipython / "kernels")]


def setup_server(c: Config) -> None:
    """Set a notebook server up; called by ``hub/deploy/jupyter_server_config.py``.

    Parameters
    ----------
    c : traitlets.config.Config
        Jupyter Server's configuration.
    """
    home = Path.home()
    prepare_home(home)
    c.ServerApp.root_dir = str(home)
    # Sockets in a folder of the user's own; on TCP ports every user of the machine could listen to the outputs.
    c.KernelManager.transport = "ipc"
    c.ServerApp.kernel_manager_class = WorkingKernels
    # A revoked token is refused after a second; the hub is asked once a second and token at most.
    c.HubAuth.cache_max_age = 1
    c.HubOAuth.cache_max_age = 1
    # The hub must work without the internet, and tells nobody that it is used.
    c.LabApp.news_url = None
    c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
    c.FileContentsManager.delete_to_trash = False
    update_start(c)
    update_dashboards(c)


def prepare_home(home: Path) -> None:
    """Put the hub's notebooks into the home. A home that takes no more must open all the same, to be tidied up."""
    try:
        fill_home(home)
    except OSError as error:
        logging.getLogger("ServerApp").error("%s", error)


def update_start(c: Config) -> None:
    """Leave out what costs time and memory at each start and serves nobody here."""
    # No language server is installed, and the other one is for extensions of the classic notebook. Whoever has use
    # for them enables them in ~/.jupyter/jupyter_server_config.json, which would otherwise count less than this.
    c.ServerApp.jpserver_extensions = {"jupyter_lsp": False, "notebook_shim": False, **extensions_of_home()}
    c.ServerApp.kernel_spec_manager_class = KernelSpecs
    import_jupyterlab()


def extensions_of_home() -> dict[str, bool]:
    """Return which extensions of Jupyter Server the user's own configuration enables (True) and disables (False)."""
    manager = BaseJSONConfigManager(config_dir=jupyter_config_dir(), read_directory=True)
    try:
        return dict(manager.get("jupyter_server_config")["ServerApp"]["jpserver_extensions"])
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        # None are named, or the file is broken, which Jupyter Server says in its log. This must not fail:
        # Jupyter Server would leave out all that is set here, and start.
        return {}


def import_jupyterlab() -> None:
    """Import JupyterLab where it finds no Node.

    At import it asks Node, if there is one, which registry ``jupyter lab build`` would fetch from. This hub builds
    nothing, and the answer takes a third of a second.
    """
    path = os.environ["PATH"]
    os.environ["PATH"] = os.devnull
    try:
        import_module("jupyterlab.labapp")
    finally:
        os.environ["PATH"] = path


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
