"""Clusters that a Dask Gateway starts: those of the hub."""

from __future__ import annotations

import asyncio
import ipaddress
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bioimagehub.reanalysis.errors import (
    ClusterEndedError,
    ClusterLimitError,
    ClusterOptionError,
    ClusterRefusedError,
    ClusterStartError,
    ClusterTimeoutError,
    ClusterUnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

_POLL_S = 0.2
# A gateway answers at once, also where it only notes what it will do.
_ANSWER_TIMEOUT_S = 30


class GatewayBackend:
    """One cluster of the gateway at ``DASK_GATEWAY__ADDRESS``, ended with this object.

    Parameters
    ----------
    worker_cores, worker_memory : optional
        Asked of the gateway only when they are given; memory in GiB.
    deadline : float
        Time of `time.monotonic` until which the scheduler must run.
    """

    def __init__(self, worker_cores: int | None, worker_memory: float | None, deadline: float) -> None:
        asked = {"worker_cores": worker_cores, "worker_memory": worker_memory}
        self._settings = _read_settings()
        self._scaled_to = 0
        self.name = self._submit({name: value for name, value in asked.items() if value is not None})
        try:
            report = self._wait_until_running(deadline)
        except BaseException:
            self.close()
            raise
        self._scheduler_address: str = report.scheduler_address
        self._security = report.security
        self.dashboard_link: str | None = report.dashboard_link

    def connect(self, deadline: float) -> Any:
        """Return a client, on the gateway's own machine directly and elsewhere through its TLS proxy.

        A client that loses its connection loses its computation, so the proxy should not be in between for nothing.
        """
        try:
            client = self._connect(self._scheduler_address, deadline)
            if not _is_loopback(self._address):
                return client
            with client:
                address = client.scheduler_info(n_workers=0)["address"]
            return self._connect(address, deadline)
        except OSError as error:  # TimeoutError is one of them
            msg = (
                f"Cluster {self.name} runs, but its scheduler cannot be reached at {self._scheduler_address}: {error}. "
                "Try again; if it stays so, the operator should look at the gateway's proxy."
            )
            raise ClusterTimeoutError(msg) from error

    def _connect(self, address: str, deadline: float) -> Any:
        from distributed import Client

        start: Any = Client
        return start(address, security=self._security, timeout=max(1.0, deadline - time.monotonic()))

    def scale(self, workers: int) -> None:
        """Ask the gateway for `workers`; when that is more than it allows, go back to what was."""
        from dask_gateway.client import GatewayWarning

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", GatewayWarning)
                self._ask("scale_cluster", self.name, workers)
        except GatewayWarning as limit:
            self._ask("scale_cluster", self.name, self._scaled_to)
            msg = (
                f"Cluster {self.name} cannot have {workers} workers. The gateway at {self._address} says: "
                f"{str(limit).split('. ')[0]}. Ask for no more than that."
            )
            raise ClusterLimitError(msg) from limit
        self._scaled_to = workers

    def state(self) -> str:
        """Say how the gateway sees this cluster and which others the user has."""
        status = self._ask("get_cluster", self.name).status.name.lower()
        others = sorted(report.name for report in self._ask("list_clusters") if report.name != self.name)
        told = f"The gateway at {self._address} says that the cluster is {status};"
        if not others:
            return f"{told} you have no other clusters."
        return f"{told} you have {len(others)} other clusters that may hold the places: {', '.join(others)}."

    def close(self) -> None:
        """Have the gateway end the cluster, unless it has ended by itself."""
        try:
            with suppress(ClusterEndedError):
                self._ask("stop_cluster", self.name)
        except (ClusterRefusedError, ClusterUnreachableError) as error:
            msg = f"Cluster {self.name} could not be ended and ends by itself when it has been idle. {error}"
            raise type(error)(msg) from error

    @property
    def _address(self) -> str:
        return str(self._settings["address"])

    def _ask(self, method: str, *arguments: object, **options: object) -> Any:
        """Call a method of the gateway's client and wait for what it returns.

        The client lives for this one call and in its asynchronous form. In its other form it waits for its own event
        loop when it is deleted, and does so for ever when the garbage collector deletes it on the thread of that loop.
        """
        import dask.config
        from dask_gateway import Gateway

        async def ask() -> Any:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S), Gateway(asynchronous=True) as gateway:
                return await getattr(gateway, method)(*arguments, **options)

        with dask.config.set(gateway=self._settings), _explained(self._address):
            return _run(ask())

    def _submit(self, options: dict[str, float]) -> str:
        try:
            name: str = self._ask("submit", **options)
        except ClusterEndedError as error:
            # The gateway's answer to what it will not start, too: its client does not tell the two apart.
            said = error.__cause__
            if not options:
                msg = (
                    f"The gateway at {self._address} does not start a cluster: {said}. "
                    "Close clusters that you do not need, or ask the operator for more."
                )
                raise ClusterLimitError(msg) from error
            offered = ", ".join(sorted(self._ask("cluster_options"))) or "none"
            given = ", ".join(f"{name}={value!r}" for name, value in sorted(options.items()))
            msg = (
                f"The gateway at {self._address} does not start a cluster with {given}: {said}. "
                f"Options that it offers: {offered}. Leave the others out, or keep within the range."
            )
            raise ClusterOptionError(msg) from error
        return name

    def _wait_until_running(self, deadline: float) -> Any:
        while time.monotonic() < deadline:
            report = self._ask("get_cluster", self.name)
            status = report.status.name.lower()
            if status == "running":
                return report
            if status != "pending":
                msg = (
                    f"Cluster {self.name} did not start: the gateway at {self._address} says that it is {status}. "
                    "Try again; if it fails again, the operator finds the reason in the gateway's log."
                )
                raise ClusterStartError(msg)
            time.sleep(_POLL_S)
        msg = (
            f"Cluster {self.name} did not start in time. {self.state()} Close clusters that you do not need, "
            "wait for others to finish, or give more time with cluster(timeout=...)."
        )
        raise ClusterTimeoutError(msg)


def _read_settings() -> dict[str, Any]:
    """Return the gateway's part of Dask's settings, with the environment as it is now."""
    import dask.config
    from dask_gateway.auth import get_auth

    # Dask reads the environment once, at import; a kernel may have changed it since.
    settings: dict[str, Any] = dask.config.merge(
        dask.config.get("gateway"), dask.config.collect_env().get("gateway", {})
    )
    if _is_loopback(settings["address"]):
        # The client would send even this to the machine's web proxy: it does not look at NO_PROXY.
        settings = dask.config.merge(settings, {"http-client": {"proxy": False}})
    try:
        with dask.config.set(gateway=settings):
            get_auth()
    except (ValueError, TypeError, ImportError) as error:
        msg = (
            f"The gateway at {settings['address']} cannot be asked for a cluster: {error}. In the hub a server "
            "has what it needs from its start: stop your server and start it again."
        )
        raise ClusterRefusedError(msg) from error
    return settings


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _run(task: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end, beside the event loop that a notebook's kernel has in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(task)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="gateway request") as thread:
        return thread.submit(asyncio.run, task).result()


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Turn what the gateway and the way to it answer into errors that say what to do."""
    from aiohttp import ClientError, ClientResponseError
    from dask_gateway import GatewayClusterError, GatewayServerError

    try:
        yield
    except ClientResponseError as error:
        if error.status in (401, 403):
            msg = (
                f"The gateway at {address} does not let you in: status {error.status}, {error.message}. "
                "Stop your server and start it again for a new token; if it stays so, ask the operator "
                "for the right to use clusters."
            )
            raise ClusterRefusedError(msg) from error
        msg = (
            f"The gateway at {address} cannot answer: status {error.status}, {error.message}. "
            "Try again in a minute; if it stays so, tell the operator."
        )
        raise ClusterUnreachableError(msg) from error
    except (ClientError, TimeoutError) as error:
        msg = (
            f"There is no answer from the gateway at {address}: {error or type(error).__name__}. "
            "Try again in a minute; to work without it, unset DASK_GATEWAY__ADDRESS and a local cluster is started."
        )
        raise ClusterUnreachableError(msg) from error
    except GatewayServerError as error:
        msg = (
            f"The gateway at {address} failed inside: {error or 'no reason given'}. A token that was taken back "
            "gives the same answer: stop your server and start it again; if it stays so, tell the operator."
        )
        raise ClusterUnreachableError(msg) from error
    except (GatewayClusterError, ValueError) as error:
        msg = (
            f"The gateway at {address} does not do this with the cluster: {error}. "
            "The cluster may have ended by itself (idle, or failed): start a new one with cluster()."
        )
        raise ClusterEndedError(msg) from error
