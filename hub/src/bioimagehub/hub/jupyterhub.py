"""Sets JupyterHub up: each ``update_*`` function makes the decisions of one area and only assigns."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from bioimagehub.hub.errors import SettingsError
from bioimagehub.hub.installed import installed_path
from bioimagehub.hub.isolation import SHARED_NOTICE, Isolation
from bioimagehub.hub.portal.service import PORTAL_NAME, portal_address, portal_role, portal_service
from bioimagehub.hub.proxy import update_proxy
from bioimagehub.hub.settings import load_settings

if TYPE_CHECKING:
    from traitlets.config import Config

    from bioimagehub.hub.settings import OAuth, Settings

# How long a start may take with the wait for its turn.
QUEUE_SECONDS = 3600
GATEWAY_ACCESS = "access:services!service=dask-gateway"
PORTAL_ACCESS = f"access:services!service={PORTAL_NAME}"


def setup_hub(c: Config, settings: Settings | None = None) -> None:
    """Set JupyterHub up; called by ``hub/deploy/jupyterhub_config.py``.

    Parameters
    ----------
    c : traitlets.config.Config
        JupyterHub's configuration.
    settings : Settings or None
        None reads the settings in force.

    Raises
    ------
    SettingsError
        If the settings cannot be used.
    """
    settings = settings or load_settings()
    isolation = Isolation.of(settings)
    # JupyterHub makes its database with the umask, which lets all users of the machine read it by default.
    os.umask(0o077)
    update_addresses(c, isolation)
    update_proxy(c, isolation)
    update_login(c, isolation)
    update_servers(c, isolation)
    update_services(c, isolation)
    update_notices(c, isolation)


def update_addresses(c: Config, isolation: Isolation) -> None:
    """Set where hub and proxy listen and where the hub keeps its state."""
    settings, folder = isolation.settings, isolation.folder
    c.JupyterHub.bind_url = f"http://{settings.address}:{settings.port}"
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.ports.hub}"
    c.JupyterHub.db_url = f"sqlite:///{folder.private / 'hub.sqlite'}"
    c.JupyterHub.upgrade_db = True
    c.JupyterHub.cookie_secret_file = str(folder.private / "cookie_secret")
    c.JupyterHub.cleanup_servers = True


def update_login(c: Config, isolation: Isolation) -> None:
    """Set who may log in."""
    from bioimagehub.hub.login import LosesEverything, WorkshopAuthenticator, provider_class

    settings, folder = isolation.settings, isolation.folder
    if settings.oauth is not None:
        kind: type[LosesEverything] = provider_class(settings.oauth.provider)
        update_provider(c, settings.oauth)
        c.Authenticator.allowed_users = set(settings.oauth.allowed_users)
    else:
        kind = WorkshopAuthenticator
        c.WorkshopAuthenticator.accounts_file = str(folder.private / "accounts.json")
        c.Authenticator.delete_invalid_users = True
    c.JupyterHub.authenticator_class = kind
    c.Authenticator.admin_users = set(settings.admins)
    c.LosesEverything.isolation = isolation
    c.LosesEverything.gateway_url = f"http://127.0.0.1:{settings.ports.gateway_api}"
    c.LosesEverything.gateway_secret = folder.secret("gateway-private")


def update_provider(c: Config, oauth: OAuth) -> None:
    """Set the identity provider."""
    path = oauth.client_secret_file
    try:
        mode = path.stat().st_mode
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        msg = f"Cannot read oauth.client_secret_file {path}: {error.strerror}. Write the client's secret there, 0600."
        raise SettingsError(msg) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        msg = (
            f"Cannot use oauth.client_secret_file {path}: others may read it (mode {stat.S_IMODE(mode):04o}), expected "
            f"is 0600. Run `chmod 600 {path}`."
        )
        raise SettingsError(msg)
    c.OAuthenticator.client_id = oauth.client_id
    c.OAuthenticator.client_secret = secret
    c.OAuthenticator.oauth_callback_url = oauth.callback_url
    if oauth.allowed_groups:
        c.Authenticator.manage_groups = True
        c.OAuthenticator.allowed_groups = set(oauth.allowed_groups)
    for name, value in oauth.options.items():
        c.OAuthenticator[name] = value


def update_servers(c: Config, isolation: Isolation) -> None:
    """Set how notebook servers are started and what they find."""
    from bioimagehub.hub.spawner import HubSpawner

    settings = isolation.settings
    wanted = settings.servers
    c.JupyterHub.spawner_class = HubSpawner
    c.HubSpawner.isolation = isolation
    # -P: files in the home must not come in the place of modules that the server imports.
    c.Spawner.cmd = [sys.executable, "-P", "-m", "bioimagehub.hub.deferral", "jupyterhub.singleuser"]
    if isolation.kind == "shared" and os.geteuid() == 0:
        c.Spawner.args = ["--allow-root"]
    c.Spawner.ip = "127.0.0.1"
    c.Spawner.default_url = "/lab/tree/welcome.ipynb"
    c.Spawner.mem_limit = wanted.memory and int(wanted.memory)
    c.Spawner.cpu_limit = wanted.cpus
    # With JupyterHub's defaults (100 starts at once, 30 s to answer) a class of 15 on two cores gets no server at
    # all, and with a limit of its own it turns the others away. Here they wait for their turn, see HubSpawner.
    c.JupyterHub.concurrent_spawn_limit = 0
    c.HubSpawner.starts_at_once = wanted.starts_at_once or max(2, 2 * (os.cpu_count() or 1))
    c.HubSpawner.start_seconds = wanted.start_seconds
    c.Spawner.start_timeout = QUEUE_SECONDS
    c.Spawner.http_timeout = wanted.start_seconds
    c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
    c.Spawner.environment = {
        "JUPYTER_CONFIG_PATH": str(installed_path("deploy")),
        "JUPYTER_RUNTIME_DIR": lambda spawner: str(isolation.sockets(spawner.user.name)),
        "DASK_GATEWAY__ADDRESS": f"http://127.0.0.1:{settings.ports.gateway}",
        "DASK_GATEWAY__PROXY_ADDRESS": f"gateway://127.0.0.1:{settings.ports.schedulers}",
        "DASK_GATEWAY__PUBLIC_ADDRESS": "{JUPYTERHUB_SERVICE_PREFIX}dask",
        "DASK_GATEWAY__AUTH__TYPE": "jupyterhub",
        "BIOIMAGEHUB_GATEWAY_PORT": str(settings.ports.gateway),
        **({"BIOIMAGEHUB_PORTAL_URL": portal_address(settings)} if settings.portal.enabled else {}),
    }


def update_services(c: Config, isolation: Isolation) -> None:
    """Set the services and what each of them, and each server's token, may do."""
    settings, folder = isolation.settings, isolation.folder
    portal = settings.portal.enabled
    c.JupyterHub.services = [
        *([portal_service(settings, folder)] if portal else []),
        {"name": "dask-gateway", "api_token": folder.secret("gateway"), "display": False},
        {"name": "idle-culler", "api_token": folder.secret("idle-culler"), "display": False},
        {"name": "operator", "api_token": folder.secret("operator"), "display": False},
    ]
    c.JupyterHub.load_roles = [
        *([portal_role()] if portal else []),
        {
            "name": "idle-culler",
            "services": ["idle-culler"],
            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        },
        # The operator's own commands on this machine (`status`, `users`).
        {
            "name": "operator",
            "services": ["operator"],
            "scopes": ["read:hub", "admin:users", "admin:servers", "tokens"],
        },
    ]
    access = [GATEWAY_ACCESS, *([PORTAL_ACCESS] if portal else [])]
    c.JupyterHub.extra_user_scopes = set(access)
    c.Spawner.server_token_scopes = ["users:activity!user", "access:servers!server", *access]


def update_notices(c: Config, isolation: Isolation) -> None:
    """Show whose hub it is, and say on the log-in page what users must know."""
    c.JupyterHub.logo_file = str(installed_path("deploy") / "logo.svg")
    if isolation.kind == "shared":
        c.JupyterHub.template_vars = {"announcement_login": SHARED_NOTICE}
