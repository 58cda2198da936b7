"""What an operator runs: a JupyterHub with Dask Gateway, set up from one settings object.

The three ``setup_*`` functions are called by the files in ``hub/deploy`` and make every decision there is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bioimagehub.hub.gateway import setup_gateway
    from bioimagehub.hub.jupyterhub import setup_hub
    from bioimagehub.hub.server import setup_server
    from bioimagehub.hub.settings import Settings, load_settings

__all__ = ["Settings", "load_settings", "setup_gateway", "setup_hub", "setup_server"]

_HOME = {
    "Settings": "settings",
    "load_settings": "settings",
    "setup_gateway": "gateway",
    "setup_hub": "jupyterhub",
    "setup_server": "server",
}


def __getattr__(name: str) -> Any:
    # Looked up when used: each process of the hub needs one of these, and starts the faster without the others.
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
