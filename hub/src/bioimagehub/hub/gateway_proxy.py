"""The proxy of Dask Gateway: a program that comes with ``dask_gateway_server``.

Its command is built here, because importing Dask Gateway to ask for it takes as long as half a start of the hub.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.hub.settings import Settings
    from bioimagehub.hub.state import StateFolder


def gateway_proxy_path() -> Path | None:
    """Return the path of the program, or None where ``dask_gateway_server`` is not installed."""
    spec = importlib.util.find_spec("dask_gateway_server")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent / "proxy" / "dask-gateway-proxy"


def gateway_proxy_command(settings: Settings, folder: StateFolder) -> tuple[list[str], dict[str, str]]:
    """Return the command of the proxy and what it needs in its environment."""
    ports = settings.ports
    command = [
        str(gateway_proxy_path()),
        *("-address", f"127.0.0.1:{ports.gateway}"),
        *("-tcp-address", f"127.0.0.1:{ports.schedulers}"),
        *("-api-url", f"http://127.0.0.1:{ports.gateway_api}/api/v1/routes"),
        *("-log-level", "warn"),
    ]
    return command, {"DASK_GATEWAY_PROXY_TOKEN": folder.secret("gateway-proxy")}
