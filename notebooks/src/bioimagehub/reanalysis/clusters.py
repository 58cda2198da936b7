"""A Dask cluster for the length of a notebook: Dask Gateway in the hub, this machine elsewhere."""

from __future__ import annotations

import os
import time
import weakref
from typing import TYPE_CHECKING, Any, Protocol, Self

from bioimagehub.reanalysis.errors import ClusterOptionError, ClusterTimeoutError

if TYPE_CHECKING:
    from types import TracebackType

_POLL_S = 0.1


class Backend(Protocol):
    """What `Cluster` asks of the thing that starts schedulers and workers."""

    name: str
    dashboard_link: str | None

    def connect(self, deadline: float) -> Any:
        """Return a `distributed.Client` of this cluster."""

    def scale(self, workers: int) -> None:
        """Ask for a number of workers, without waiting for them."""

    def state(self) -> str:
        """Say in one sentence what is known of the cluster, for a message about workers that did not come."""

    def close(self) -> None:
        """End the scheduler and the workers."""


class Cluster:
    """A running Dask cluster and the client that computes on it.

    It is made by `cluster`. It ends at the end of its ``with`` block, on `close`, when nothing refers to it
    any more, and at the latest when the interpreter or the kernel exits.

    Attributes
    ----------
    client : distributed.Client
        The client, which is also Dask's default: ``array.compute()`` runs on this cluster.
    """

    def __init__(self, backend: Backend, timeout_s: float, deadline: float) -> None:
        self._backend = backend
        self._timeout_s = timeout_s
        self.client = backend.connect(deadline)
        self._finalizer = weakref.finalize(self, _end, self.client, backend)

    @property
    def name(self) -> str:
        """Name of the cluster, as the gateway knows it."""
        return self._backend.name

    @property
    def workers(self) -> int:
        """Number of workers that are connected now; 0 after `close`, and when the cluster has ended by itself."""
        if not self._finalizer.alive or self.client.status != "running":
            return 0
        return len(self.client.scheduler_info(n_workers=-1)["workers"])

    @property
    def dashboard_link(self) -> str | None:
        """Address of the Dask dashboard, or None where there is none."""
        return self._backend.dashboard_link

    def describe(self) -> str:
        """Say in a sentence what is known of what may be had: of this machine, or of the gateway."""
        return self._backend.state()

    def scale(self, workers: int) -> None:
        """Change the number of workers and wait until they are there.

        Parameters
        ----------
        workers : int
            Number of workers wanted; 0 keeps the scheduler alone.

        Raises
        ------
        ClusterLimitError
            If the gateway does not allow so many. The cluster then keeps the workers that it had.
        ClusterOptionError
            If `workers` is not a whole number from 0 on, or the cluster is closed.
        ClusterTimeoutError
            If the workers did not come in time.
        """
        check_count("workers", workers, at_least=0)
        if not self._finalizer.alive:
            msg = f"Cluster {self.name} cannot be scaled: it is closed. Start a new one with cluster()."
            raise ClusterOptionError(msg)
        self._scale(workers, time.monotonic() + self._timeout_s)

    def _scale(self, workers: int, deadline: float) -> None:
        self._backend.scale(workers)
        while (found := self.workers) != workers:
            if time.monotonic() > deadline:
                msg = (
                    f"Cluster {self.name} does not have its workers: {workers} wanted, {found} connected "
                    f"within {self._timeout_s:g} s. {self._backend.state()} "
                    "Ask for fewer workers, or give more time with cluster(..., timeout=...)."
                )
                raise ClusterTimeoutError(msg)
            time.sleep(_POLL_S)

    def close(self) -> None:
        """End the workers, the scheduler and the client. Closing twice does nothing."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = f"{self.workers} workers" if self._finalizer.alive else "closed"
        return f"<Cluster {self.name}: {state}>"


def _end(client: Any, backend: Backend) -> None:
    try:
        client.close()
        _compute_here_again()
    finally:
        backend.close()


def _compute_here_again() -> None:
    """Let Dask compute in this process when the last client is closed.

    A client that closes puts back the scheduler of when it was made. That may be another client, closed since.
    """
    import dask.config
    from distributed import default_client

    find_client: Any = default_client
    try:
        find_client()
    except ValueError:
        if dask.config.get("scheduler", None) == "dask.distributed":
            dask.config.set(scheduler=None)


def cluster(
    workers: int = 2,
    *,
    worker_cores: int | None = None,
    worker_memory: float | None = None,
    timeout: float = 120.0,
) -> Cluster:
    """Start a Dask cluster and wait for its workers.

    In the hub, where ``DASK_GATEWAY__ADDRESS`` is set, the hub's Dask Gateway starts it; elsewhere its
    workers are processes of this machine. The code that follows is the same. Starting takes some seconds.

    Parameters
    ----------
    workers : int
        Number of workers, at least 1.
    worker_cores : int, optional
        Cores of each worker. By default what the hub gives; on one machine 1.
    worker_memory : float, optional
        Memory of each worker in GiB. By default what the hub gives; on one machine an equal share.
    timeout : float
        Seconds to wait for the cluster and all its workers.

    Returns
    -------
    Cluster
        To be used in a ``with`` block, or kept in a variable: it ends when nothing refers to it any more.

    Raises
    ------
    ClusterError
        One of its kinds: no gateway there, the user not let in, more asked for than allowed, too late.

    Examples
    --------
    >>> from bioimagehub.reanalysis import cluster
    >>> with cluster(workers=1) as dask_cluster:
    ...     dask_cluster.client.submit(sum, [1, 2, 3]).result()
    6
    """
    check_count("workers", workers, at_least=1)
    if worker_cores is not None:
        check_count("worker_cores", worker_cores, at_least=1)
    if worker_memory is not None and not worker_memory > 0:
        msg = (
            f"No cluster was started: worker_memory={worker_memory!r}, but it is a size in GiB above 0. "
            "Give for example worker_memory=2."
        )
        raise ClusterOptionError(msg)
    deadline = time.monotonic() + timeout
    backend: Backend
    if os.environ.get("DASK_GATEWAY__ADDRESS"):
        from bioimagehub.reanalysis.gateway import GatewayBackend

        backend = GatewayBackend(worker_cores, worker_memory, deadline)
    else:
        from bioimagehub.reanalysis.local import LocalBackend

        backend = LocalBackend(worker_cores, worker_memory)
    # Whatever happens from here on, an interrupt too: a cluster that nobody holds would go on costing.
    try:
        started = Cluster(backend, timeout, deadline)
    except BaseException:
        backend.close()
        raise
    try:
        started._scale(workers, deadline)
    except BaseException:
        started.close()
        raise
    return started


def check_count(name: str, value: object, *, at_least: int) -> None:
    """Raise `ClusterOptionError` unless `value` is a whole number of at least `at_least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        msg = (
            f"The cluster cannot be given {name}={value!r}: {name} is a whole number from {at_least} on. "
            f"Give for example {name}=2."
        )
        raise ClusterOptionError(msg)
