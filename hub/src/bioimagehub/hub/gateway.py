"""Sets Dask Gateway up, and lets in who has a valid token of the hub."""

from __future__ import annotations

import asyncio
import hmac
import os
import sys
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from dask_gateway_server.auth import JupyterHubAuthenticator, unauthorized
from traitlets import Unicode

from bioimagehub.hub.clusters import HubBackend
from bioimagehub.hub.isolation import Isolation
from bioimagehub.hub.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dask_gateway_server.models import User
    from traitlets.config import Config

    from bioimagehub.hub.settings import Settings


class TokenAuthenticator(JupyterHubAuthenticator):
    """Asks the hub about the token of every request.

    The base class lets a cookie stand for the token for ten minutes. That would outlive the revocation of a
    token and the deletion of a user, so there is no cookie here.
    """

    gateway_secret = Unicode(help="Opens the private part, which ends a user's clusters.").tag(config=True)

    async def setup(self, app: web.Application) -> None:
        """Connect to the hub and add the private route."""
        await super().setup(app)
        app.router.add_delete("/api/private/users/{user}/clusters", self.stop_clusters)

    async def authenticate_and_handle(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Handle a request of a user, if the hub knows the token."""
        request["user"] = await self.authenticate(request)
        return await handler(request)

    async def authenticate(self, request: web.Request) -> User:
        """Return the user whose token a request carries."""
        try:
            return await super().authenticate(request)
        except web.HTTPInternalServerError as error:
            # The hub answers 403 to a token that it does not know any more.
            msg = "jupyterhub"
            raise unauthorized(msg) from error
        except aiohttp.ClientError as error:
            reason = "JupyterHub does not answer, so the token cannot be checked. Try again in a few seconds."
            raise web.HTTPServiceUnavailable(reason=reason) from error

    async def stop_clusters(self, request: web.Request) -> web.Response:
        """End all clusters of a user who has been deleted, and answer when they have ended."""
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode(), self.gateway_secret.encode()):
            raise web.HTTPForbidden(reason="This part of the gateway is the hub's alone.")
        backend = request.app["backend"]
        clusters = await backend.list_clusters(username=request.match_info["user"])
        for cluster in clusters:
            await backend.stop_cluster(cluster.name)
        await asyncio.gather(*(self._wait_stopped(backend, cluster.name) for cluster in clusters))
        return web.json_response({"stopped": [cluster.name for cluster in clusters]})

    async def _wait_stopped(self, backend: HubBackend, name: str) -> None:
        cluster = backend.db.get_cluster(name)
        if cluster is not None:
            await cluster.shutdown


def setup_gateway(c: Config, settings: Settings | None = None) -> None:
    """Set Dask Gateway up; called by ``hub/deploy/dask_gateway_config.py``.

    Parameters
    ----------
    c : traitlets.config.Config
        Dask Gateway's configuration.
    settings : Settings or None
        None reads the settings in force.
    """
    settings = settings or load_settings()
    isolation = Isolation.of(settings)
    folder = isolation.folder
    os.umask(0o077)
    update_addresses(c, settings)
    c.DaskGateway.authenticator_class = TokenAuthenticator
    c.TokenAuthenticator.jupyterhub_api_url = f"http://127.0.0.1:{settings.ports.hub}/hub/api"
    c.TokenAuthenticator.jupyterhub_api_token = folder.secret("gateway")
    # Without the name every token of the hub would open the gateway, whatever it was made for.
    c.TokenAuthenticator.jupyterhub_service_name = "dask-gateway"
    c.TokenAuthenticator.gateway_secret = folder.secret("gateway-private")
    c.DaskGateway.backend_class = HubBackend
    c.HubBackend.isolation = isolation
    c.HubBackend.clusters_directory = str(folder.clusters)
    c.HubBackend.inherited_environment = ["LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ"]
    # On disk, so that a gateway that was killed finds its clusters again.
    c.HubBackend.db_url = f"sqlite:///{folder.private / 'gateway.sqlite'}"
    c.HubBackend.db_encrypt_keys = [folder.secret("gateway-database").encode()]
    c.HubBackend.stop_clusters_on_shutdown = True
    c.HubBackend.cluster_start_timeout = settings.clusters.start_seconds
    c.HubBackend.worker_start_timeout = settings.clusters.start_seconds
    # A gateway that is being restarted misses heartbeats; its clusters are not to be taken for dead.
    c.HubBackend.cluster_heartbeat_period = 10
    c.HubBackend.cluster_heartbeat_timeout = 120
    update_limits(c, settings)


def update_addresses(c: Config, settings: Settings) -> None:
    """Set where the gateway and its proxy listen. The proxy is a process of the hub, not of the gateway."""
    ports = settings.ports
    c.DaskGateway.address = f"127.0.0.1:{ports.gateway_api}"
    c.Proxy.address = f"127.0.0.1:{ports.gateway}"
    c.Proxy.tcp_address = f"127.0.0.1:{ports.schedulers}"
    c.Proxy.externally_managed = True
    c.Proxy.api_token = Isolation.of(settings).folder.secret("gateway-proxy")


def update_limits(c: Config, settings: Settings) -> None:
    """Set what a cluster is started with and may use."""
    dask = [sys.executable, "-m", "dask"]
    guard = ["--preload", "bioimagehub.hub.dashboards"]
    c.ClusterConfig.scheduler_cmd = [*dask, "scheduler", *guard]
    # A worker listens on all interfaces by default.
    c.ClusterConfig.worker_cmd = [*dask, "worker", *guard, "--host", "127.0.0.1"]
    c.ClusterConfig.idle_timeout = settings.clusters.idle_seconds
    c.ClusterConfig.worker_cores = settings.clusters.worker_cores
    c.ClusterConfig.worker_memory = int(settings.clusters.worker_memory)
    c.ClusterConfig.cluster_max_workers = settings.clusters.max_workers
