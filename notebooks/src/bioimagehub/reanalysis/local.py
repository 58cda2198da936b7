"""Clusters of worker processes on this machine, for work outside the hub."""

from __future__ import annotations

from typing import Any


class LocalBackend:
    """A `distributed.LocalCluster` on the loopback address, closed to the other users of the machine.

    Scheduler and workers talk over TLS with a certificate made for this cluster, because a Dask scheduler
    runs code for whoever can connect to it. The dashboard knows no log-in and is therefore off.
    """

    dashboard_link: str | None = None

    def __init__(self, worker_cores: int | None, worker_memory: float | None) -> None:
        import dask.config
        from distributed import LocalCluster

        start: Any = LocalCluster
        # Beside the dashboard there are pages that show logs and call stacks to whoever asks.
        no_pages: dict[str, Any] = {"http": {"routes": []}}
        settings = dask.config.merge(dask.config.get("distributed"), {"scheduler": no_pages, "worker": no_pages})
        with dask.config.set(distributed=settings):
            self._cluster = start(
                n_workers=0,
                threads_per_worker=worker_cores or 1,
                memory_limit="auto" if worker_memory is None else int(worker_memory * 2**30),
                processes=True,
                host="127.0.0.1",
                security=True,
                # With no address at all Dask serves on port 8787 whatever it is told about the dashboard.
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                config={"distributed": settings},
            )
        self.name = f"local-{self._cluster.name}"

    def connect(self, deadline: float) -> Any:
        """Return a client; the scheduler is in this process, so that there is nothing to wait for."""
        del deadline
        return self._cluster.get_client()

    def scale(self, workers: int) -> None:
        """Start or end worker processes."""
        self._cluster.scale(workers)

    def state(self) -> str:
        """Say what this machine has to give."""
        from dask.system import CPU_COUNT
        from distributed.system import MEMORY_LIMIT

        return f"This machine has {CPU_COUNT} cores and {MEMORY_LIMIT / 2**30:.1f} GiB."

    def close(self) -> None:
        """End the worker processes and the scheduler."""
        self._cluster.close()
