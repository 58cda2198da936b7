"""Starts the Dask clusters, each process in its owner's place."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dask_gateway_server.backends.local import LocalBackend
from traitlets import Instance

from bioimagehub.hub.cgroups import Limits, find_controllers
from bioimagehub.hub.environment import user_environment
from bioimagehub.hub.isolation import Isolation, hub_name
from bioimagehub.hub.processes import belongs

if TYPE_CHECKING:
    from dask_gateway_server.backends.db_base import Cluster

# A worker's nanny restarts it at 95 % of its memory; the group's limit is for what the nanny does not see.
WORKER_HEADROOM = 1.25
KEPT_LOGS = 100


class HubBackend(LocalBackend):
    """Runs schedulers and workers as local processes under their owner's uid, within limits.

    The logs stay in the hub's private folder when a cluster has ended.
    """

    isolation = Instance(Isolation, help="How users are kept apart.").tag(config=True)

    def set_file_permissions(self, paths: list[str], username: str) -> None:
        """Give files to their user."""
        if self.isolation.kind == "uid":
            uid = self.isolation.uid(username)
            for path in paths:
                os.chown(path, uid, uid, follow_symlinks=False)

    def setup_working_directory(self, cluster: Cluster) -> str:
        """Make the working folder of a cluster, with its TLS credentials, and the folder of its logs."""
        workdir: str = os.path.join(self.clusters_directory, cluster.name)  # noqa: PTH118 (upstream's paths are text)
        self.isolation.own(cluster.username, Path(workdir))
        certificates = self.get_certs_directory(workdir)
        Path(certificates).mkdir(mode=0o700)
        made = [certificates]
        for path, data in zip(self._get_tls_paths(workdir), (cluster.tls_cert, cluster.tls_key), strict=True):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
            made.append(path)
        self.set_file_permissions(made, cluster.username)
        logs = Path(self.get_logs_directory(workdir))
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(logs.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT_LOGS]:
            shutil.rmtree(old)
        return workdir

    def get_logs_directory(self, workdir: str) -> str:
        """Return the folder of a cluster's logs: the hub's, so that they outlive the cluster."""
        return str(self.isolation.folder.logs / "clusters" / Path(workdir).name)

    def get_env(self, cluster: Cluster) -> dict[str, str]:
        """Return the environment of a scheduler or worker."""
        env: dict[str, str] = super().get_env(cluster)
        workdir = Path(cluster.state["workdir"])
        env.update(user_environment(self.isolation, cluster.username, workdir))
        # Spill files belong to the cluster's own folder, not to one that users share.
        env["DASK_TEMPORARY_DIRECTORY"] = str(workdir)
        return env

    def _limits(self, cluster: Cluster, name: str) -> Limits:
        if name == "scheduler":
            return Limits(self.isolation.settings.servers.memory)
        return Limits(int(cluster.config.worker_memory * WORKER_HEADROOM), cluster.config.worker_cores)

    def _process_name(self, cluster: Cluster, name: str) -> str:
        return f"cluster-{cluster.name}.{name}"

    async def start_process(self, cluster: Cluster, cmd: list[str], env: dict[str, str], name: str) -> int:
        """Start a scheduler or worker in its owner's place and return its process id."""
        workdir = Path(cluster.state["workdir"])
        limits = self._limits(cluster, name)
        launcher = self.isolation.launcher(cluster.username, workdir, self._process_name(cluster, name), limits)
        log = os.open(
            os.path.join(self.get_logs_directory(str(workdir)), f"{name}.log"),  # noqa: PTH118 (as above)
            os.O_WRONLY | os.O_CREAT | os.O_APPEND,
            0o600,
        )
        try:
            process = await asyncio.create_subprocess_exec(
                *launcher, *cmd, start_new_session=True, env=env, stdout=log, stderr=asyncio.subprocess.STDOUT
            )
        finally:
            os.close(log)
        return process.pid

    async def stop_process(self, pid: int) -> None:
        """End a scheduler or worker and what it has started."""
        if not belongs(pid, hub_name(self.isolation.settings.state)):
            return
        await super().stop_process(pid)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    def _check_status(self, o: Any) -> bool:
        # By name and not by id alone: after a restart of the machine the id may be another process's.
        pid = o.state.get("pid")
        return pid is not None and belongs(pid, hub_name(self.isolation.settings.state))

    async def do_stop_worker(self, worker: Any) -> None:
        """End a worker and remove its control group."""
        await super().do_stop_worker(worker)
        self._remove_group(worker.cluster, f"worker-{worker.name}")

    async def do_stop_cluster(self, cluster: Cluster) -> None:
        """End a scheduler, remove its control group and the cluster's folder."""
        await super().do_stop_cluster(cluster)
        self._remove_group(cluster, "scheduler")

    def _remove_group(self, cluster: Cluster, name: str) -> None:
        if (controllers := find_controllers()) is not None:
            controllers.remove(self.isolation.group(cluster.username, self._process_name(cluster, name)))
