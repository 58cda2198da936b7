"""A real Dask Gateway on loopback and images of known nuclei, for the tests of this room."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START_TIMEOUT_S = 60
CONFIG = """\
c.DaskGateway.address = "127.0.0.1:{private}"
c.Proxy.address = "127.0.0.1:{http}"
c.Proxy.tcp_address = "127.0.0.1:{tcp}"
c.DaskGateway.authenticator_class = "{authenticator}"
c.SimpleAuthenticator.password = "{password}"
c.DaskGateway.backend_class = "dask_gateway_server.backends.local.UnsafeLocalBackend"
c.UnsafeLocalBackend.clusters_directory = {clusters!r}
c.UnsafeLocalBackend.cluster_status_period = 1
c.ClusterConfig.scheduler_cmd = [{dask!r}, "scheduler"]
c.ClusterConfig.worker_cmd = [{dask!r}, "worker"]
c.ClusterConfig.worker_memory = "1 G"
c.ClusterConfig.cluster_max_workers = 3

import sys
from dask_gateway_server.options import Float, Integer, Options

def resources(options):
    return {{"worker_cores": options.worker_cores, "worker_memory": int(options.worker_memory * 2**30)}}

c.Backend.cluster_options = Options(
    Integer("worker_cores", default=1, min=1, max=2),
    Float("worker_memory", default=0.5, min=0.25, max=2),
    handler=resources,
)
"""


@dataclass(frozen=True)
class GatewayServer:
    """A running gateway: how to reach it, and its process."""

    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    log: Path

    def processes(self) -> list[psutil.Process]:
        """The gateway and everything that it started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def cluster_pids(self) -> set[int]:
        """Process ids of the schedulers and workers of this gateway's clusters."""
        found = set()
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(word in ("scheduler", "worker") for word in process.cmdline()):
                    found.add(process.pid)
        return found


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def running_gateway(folder: Path, *, extra: str = "") -> Iterator[GatewayServer]:
    """Start a real gateway that keeps everything in `folder`, and end it with all its children."""
    private, http, tcp = free_ports(3)
    binaries = Path(sys.executable).parent
    settings = folder / "dask_gateway_config.py"
    settings.write_text(
        CONFIG.format(
            private=private,
            http=http,
            tcp=tcp,
            authenticator="dask_gateway_server.auth.SimpleAuthenticator",
            password="gateway-test",
            clusters=str(folder / "clusters"),
            dask=str(binaries / "dask"),
        )
        + extra
    )
    log = folder / "gateway.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binaries / "dask-gateway-server", "-f", settings],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"},
        )
    environment = {
        "DASK_GATEWAY__ADDRESS": f"http://127.0.0.1:{http}",
        "DASK_GATEWAY__PROXY_ADDRESS": f"gateway://127.0.0.1:{tcp}",
        "DASK_GATEWAY__AUTH__TYPE": "basic",
        "DASK_GATEWAY__AUTH__KWARGS": "{'username': 'ada', 'password': 'gateway-test'}",
    }
    server = GatewayServer(process, environment, log)
    try:
        wait_until_healthy(server)
        yield server
    finally:
        end(server)


def wait_until_healthy(server: GatewayServer) -> None:
    address = server.environment["DASK_GATEWAY__ADDRESS"]
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert server.process.poll() is None, server.log.read_text()
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{address}/api/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.1)
    pytest.fail(f"the gateway was not ready within {START_TIMEOUT_S} s:\n{server.log.read_text()}")


def end(server: GatewayServer) -> None:
    started = server.processes()
    server.process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(timeout=20)
    _, left = psutil.wait_procs(started, timeout=5)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=5)
    server.process.wait(timeout=5)


@pytest.fixture
def start_gateway(tmp_path: Path) -> Callable[[str], contextlib.AbstractContextManager[GatewayServer]]:
    """Start a further gateway, with settings that are added to those of `gateway_server`."""
    return lambda extra: running_gateway(tmp_path, extra=extra)


@pytest.fixture(scope="session")
def gateway_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayServer]:
    with running_gateway(tmp_path_factory.mktemp("gateway")) as server:
        yield server


@pytest.fixture
def in_the_hub(gateway_server: GatewayServer, monkeypatch: pytest.MonkeyPatch) -> GatewayServer:
    """The environment of a server of the hub, whose gateway is `gateway_server`."""
    for name, value in gateway_server.environment.items():
        monkeypatch.setenv(name, value)
    return gateway_server


@pytest.fixture
def outside_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASK_GATEWAY__ADDRESS", raising=False)


@pytest.fixture(scope="session")
def place_on_grid() -> Callable[..., xr.DataArray]:
    """Give an array the coordinates that the catalog's drivers give."""

    def place(array: np.ndarray, spacing: float | tuple[float, ...] = 0.5, unit: str = "micrometer") -> xr.DataArray:
        dims = ("z", "y", "x")[-array.ndim :]
        steps = np.broadcast_to(spacing, (array.ndim,)).tolist()
        coords = {
            dim: xr.Variable(dim, np.arange(size) * step, {"units": unit, "spacing": step})
            for dim, size, step in zip(dims, array.shape, steps, strict=True)
        }
        return xr.DataArray(array, dims=dims, coords=coords, attrs={"identifier": "samples:made"}, name="made")

    return place


@pytest.fixture(scope="session")
def draw_balls() -> Callable[..., np.ndarray]:
    """Draw discs or balls on a dark, noisy background."""

    def draw(shape: tuple[int, ...], centres: list[tuple[float, ...]], radius: float, seed: int = 0) -> np.ndarray:
        random = np.random.default_rng(seed)
        photons = np.full(shape, 20.0)
        for centre in centres:
            square = sum((axis - at) ** 2 for axis, at in zip(np.indices(shape), centre, strict=True))
            photons[square <= radius**2] = random.uniform(80, 250)
        return random.poisson(photons).astype(np.uint16)

    return draw
