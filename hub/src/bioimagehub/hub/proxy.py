"""The proxy in front of hub and servers: traefik, whose routes are in a file that JupyterHub writes.

So a proxy that was killed knows all its routes again as soon as it is back, with or without the hub.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bioimagehub.hub.state import write_private

if TYPE_CHECKING:
    from traitlets.config import Config

    from bioimagehub.hub.isolation import Isolation
    from bioimagehub.hub.settings import Settings
    from bioimagehub.hub.state import StateFolder

API_USER = "hub"


def proxy_path() -> Path:
    """Return the path of traefik, which its package on PyPI puts beside Python."""
    return Path(sys.executable).with_name("traefik")


def _routes_path(folder: StateFolder) -> Path:
    # In a folder of its own: the proxy watches the whole folder.
    return folder.private / "proxy" / "routes.toml"


def _static_configuration(settings: Settings, folder: StateFolder) -> dict[str, Any]:
    return {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "WARN", "noColor": True},
        "api": {},
        "providers": {
            "providersThrottleDuration": "0s",
            "file": {"filename": str(_routes_path(folder)), "watch": True},
        },
        "entryPoints": {
            "http": {
                "address": f"{settings.address}:{settings.port}",
                # TLS ends in front, on this machine.
                "forwardedHeaders": {"trustedIPs": ["127.0.0.1/32"]},
                "http": {"aliasHeadersStrategy": "delete"},
                # An image may take longer to upload than the minute that is the default.
                "transport": {"respondingTimeouts": {"readTimeout": 0}},
            },
            "auth_api": {"address": f"127.0.0.1:{settings.ports.proxy_api}"},
        },
    }


def proxy_command(settings: Settings, folder: StateFolder) -> list[str]:
    """Write the proxy's configuration and return its command."""
    routes = _routes_path(folder)
    routes.parent.mkdir(mode=0o700, exist_ok=True)
    if not routes.exists():
        # Without the file the proxy would never look for it again.
        write_private(routes, "")
    path = folder.run / "proxy.yaml"
    write_private(path, yaml.safe_dump(_static_configuration(settings, folder)))
    return [str(proxy_path()), f"--configfile={path}"]


def update_proxy(c: Config, isolation: Isolation) -> None:
    """Tell JupyterHub of the proxy. It is a process beside the hub, so that notebooks stay connected without it."""
    import bcrypt

    settings, folder = isolation.settings, isolation.folder
    c.JupyterHub.proxy_class = "traefik_file"
    c.TraefikProxy.should_start = False
    c.TraefikProxy.traefik_api_url = f"http://127.0.0.1:{settings.ports.proxy_api}"
    c.TraefikProxy.traefik_api_username = API_USER
    password = folder.secret("proxy")
    c.TraefikProxy.traefik_api_password = password
    # The password is 32 random bytes, which nobody guesses: a slow hash adds nothing. With the default hash the
    # proxy computes for a quarter of a second at each request of the hub, and each start of a server makes several.
    c.TraefikProxy.traefik_api_hashed_password = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()
    c.TraefikFileProviderProxy.dynamic_config_file = str(_routes_path(folder))
