from __future__ import annotations

import asyncio
import gc
import http.client
import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

import dask.array
import psutil
import pytest

from bioimagehub.reanalysis import cluster
from bioimagehub.reanalysis.errors import (
    ClusterError,
    ClusterLimitError,
    ClusterOptionError,
    ClusterRefusedError,
    ClusterStartError,
    ClusterTimeoutError,
    ClusterUnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

GONE_TIMEOUT_S = 30

on_both = pytest.mark.parametrize("place", ["outside_the_hub", "in_the_hub"])


@pytest.fixture
def at(request: pytest.FixtureRequest, place: str) -> str:
    request.getfixturevalue(place)
    return place


def assert_soon(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + GONE_TIMEOUT_S
    while not true():
        assert time.monotonic() < deadline, f"not within {GONE_TIMEOUT_S} s: {what}"
        time.sleep(0.05)


def all_gone(pids: list[int]) -> bool:
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)


def worker_pids(running: Any) -> list[int]:
    return list(running.client.run(os.getpid).values())


@on_both
def test_the_same_code_computes_on_other_processes_and_ends_them(at: str) -> None:
    with cluster(2) as running:
        assert running.workers == 2
        pids = worker_pids(running)
        assert len(set(pids)) == 2
        assert os.getpid() not in pids
        # The client is Dask's default, so plain arrays compute on the cluster.
        assert dask.array.ones((40, 40), chunks=20).sum().compute() == 1600
        assert repr(running) == f"<Cluster {running.name}: 2 workers>"
    assert running.workers == 0
    assert running.client.status == "closed"
    assert repr(running) == f"<Cluster {running.name}: closed>"
    assert_soon(lambda: all_gone(pids), "the workers end")


@on_both
def test_an_error_in_the_block_ends_the_cluster_and_passes(at: str) -> None:
    def fail() -> None:
        with cluster(1) as running:
            pids.extend(worker_pids(running))
            running.client.submit(lambda: 1 / 0).result()

    pids: list[int] = []
    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(pids) == 1
    assert_soon(lambda: all_gone(pids), "the workers end")


@on_both
def test_without_a_block_it_scales_and_closes_twice(at: str) -> None:
    running = cluster(1)
    running.scale(2)
    assert running.workers == 2
    running.scale(1)
    assert running.workers == 1
    running.close()
    running.close()
    with pytest.raises(ClusterOptionError, match=r"is closed\. Start a new one"):
        running.scale(1)


@on_both
def test_a_second_cluster_replaces_the_first_one_of_that_name(at: str) -> None:
    running = cluster(1)
    first = worker_pids(running)
    running = cluster(1)  # what happens when a cell is run again
    gc.collect()
    assert_soon(lambda: all_gone(first), "the first cluster ends when nothing refers to it")
    assert running.client.submit(sum, [1, 2]).result() == 3
    running.close()
    assert dask.array.ones(4).sum().compute() == 4  # without a cluster, Dask computes in this process


@on_both
def test_two_clusters_may_be_open_and_end_in_any_order(at: str) -> None:
    first, second = cluster(1), cluster(1)
    first.close()
    assert dask.array.ones(4).sum().compute() == 4
    assert second.client.submit(sum, [1, 2]).result() == 3
    second.close()
    assert dask.array.ones(4).sum().compute() == 4


@on_both
def test_the_end_of_the_interpreter_ends_the_cluster(at: str) -> None:
    script = """
        import os
        from bioimagehub.reanalysis import cluster
        if __name__ == "__main__":
            running = cluster(1)
            print(*running.client.run(os.getpid).values())
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 1
    assert_soon(lambda: all_gone(pids), "the workers end with the interpreter")


@on_both
def test_it_works_where_an_event_loop_runs_as_in_a_kernel(at: str) -> None:
    async def cell() -> int:
        with cluster(1) as running:
            return int(running.client.submit(sum, [1, 2]).result())

    assert asyncio.run(cell()) == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"workers": 0}, r"workers=0: workers is a whole number from 1 on\. Give for example workers=2"),
        ({"workers": 1.5}, r"workers=1\.5: workers is a whole number"),
        ({"workers": True}, r"workers=True: workers is a whole number"),
        ({"worker_cores": 0}, r"worker_cores=0: worker_cores is a whole number from 1 on"),
        ({"worker_memory": -1.0}, r"worker_memory=-1\.0, but it is a size in GiB above 0\. Give for example"),
    ],
)
def test_bad_arguments_are_told_before_anything_starts(
    arguments: dict[str, float], told: str, outside_the_hub: None
) -> None:
    with pytest.raises(ClusterOptionError, match=told):
        cluster(**arguments)


def test_local_cluster_gives_what_was_asked_for(outside_the_hub: None) -> None:
    with cluster(1, worker_cores=2, worker_memory=0.5) as running:
        (worker,) = running.client.scheduler_info(n_workers=-1)["workers"].values()
        assert worker["nthreads"] == 2
        assert worker["memory_limit"] == 2**29
        assert running.dashboard_link is None


def test_local_cluster_is_closed_to_others_on_the_machine(outside_the_hub: None) -> None:
    from distributed import Client

    with cluster(1) as running:
        address = running.client.scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        with pytest.raises(OSError, match=r"."):
            Client(address.replace("tls:", "tcp:"), timeout=2)
        with pytest.raises((OSError, TypeError)):
            Client(address, timeout=2)


def test_local_cluster_shows_no_pages(outside_the_hub: None) -> None:
    before = listening_ports(os.getpid())  # of servers that other tests keep in this process
    with cluster(1) as running:
        ports = set.union(*map(listening_ports, [os.getpid(), *worker_pids(running)])) - before
        assert len(ports) >= 4  # the scheduler's, the nanny's, the worker's; and the two that could serve pages
        pages = ["/", "/status", "/info/main/workers.html", "/json/counts.json", "/metrics", "/health"]
        answers = {page: status for port in ports for page in pages if (status := get_status(port, page)) is not None}
        assert set(answers.values()) == {404}


def listening_ports(pid: int) -> set[int]:
    """The ports of the loopback interface on which a process listens."""
    connections = psutil.Process(pid).net_connections("tcp")
    return {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN and one.laddr.ip == "127.0.0.1"}


def get_status(port: int, page: str) -> int | None:
    """The status of an HTTP answer, or None where the port speaks something else."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", page)
        return connection.getresponse().status
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()


def test_local_workers_that_do_not_come_in_time(outside_the_hub: None) -> None:
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(ClusterTimeoutError, match=r"2 wanted, 0 connected within 0 s\. This machine has") as caught:
        cluster(2, timeout=0)
    assert "Ask for fewer workers, or give more time" in str(caught.value)
    assert_soon(
        lambda: all_gone([child.pid for child in set(psutil.Process().children(recursive=True)) - before]),
        "nothing is left of it",
    )


def test_gateway_options_are_passed_when_given(in_the_hub: Any) -> None:
    with cluster(1, worker_memory=0.75) as running:
        (worker,) = running.client.scheduler_info(n_workers=-1)["workers"].values()
        assert worker["memory_limit"] == int(0.75 * 2**30)
        assert (
            running.dashboard_link
            == f"{in_the_hub.environment['DASK_GATEWAY__ADDRESS']}/clusters/{running.name}/status"
        )


def test_a_gateway_that_starts_no_cluster(start_gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = """
def refuse(options):
    raise ValueError("you have 2 clusters, and 2 are allowed")

c.Backend.cluster_options = Options(handler=refuse)
"""
    with start_gateway(refuse) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(ClusterLimitError, match=r"2 are allowed\. Close clusters that you do not need"):
            cluster(1)
        with pytest.raises(ClusterOptionError, match=r"Options that it offers: none"):
            cluster(1, worker_cores=1)


def test_a_cluster_that_was_ended_elsewhere(in_the_hub: Any) -> None:
    from dask_gateway import Gateway
    from dask_gateway.auth import BasicAuth

    async def end(name: str) -> None:
        address = in_the_hub.environment["DASK_GATEWAY__ADDRESS"]
        async with Gateway(address, auth=BasicAuth("ada", "gateway-test"), asynchronous=True) as gateway:
            await gateway.stop_cluster(name)

    with cluster(1) as running:
        asyncio.run(end(running.name))
        with pytest.raises(ClusterError, match=r"start a new one"):
            running.scale(2)


def test_a_cluster_that_ends_by_itself_leaves_nothing_hanging(in_the_hub: Any) -> None:
    running = cluster(1)
    running._backend.close()
    assert_soon(lambda: running.client.status != "running", "the client sees that the scheduler is gone")
    assert repr(running) == f"<Cluster {running.name}: 0 workers>"
    running.close()


def test_a_gateway_that_hangs_or_is_gone(start_gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with start_gateway("") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        running = cluster(1)
        monkeypatch.setattr("bioimagehub.reanalysis.gateway._ANSWER_TIMEOUT_S", 0.5)
        server.process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(ClusterUnreachableError, match=r"no answer from the gateway.*Try again in a minute"):
                cluster(1)
            with pytest.raises(ClusterUnreachableError, match=rf"Cluster {running.name} could not be ended and ends"):
                running.close()
        finally:
            server.process.send_signal(signal.SIGCONT)


def test_gateway_options_out_of_range(in_the_hub: Any) -> None:
    with pytest.raises(ClusterOptionError, match=r"worker_memory must be <= 2") as caught:
        cluster(1, worker_memory=100.0)
    assert "Options that it offers: worker_cores, worker_memory." in str(caught.value)


def test_more_workers_than_the_gateway_allows(in_the_hub: Any) -> None:
    with cluster(1) as running:
        with pytest.raises(ClusterLimitError, match=r"limit of 3 workers\. Ask for no more than that"):
            running.scale(9)
        assert_soon(lambda: running.workers == 1, "the cluster keeps what it had")
    with pytest.raises(ClusterLimitError, match=r"cannot have 4 workers"):
        cluster(4)
    assert_soon(lambda: not in_the_hub.cluster_pids(), "nothing is left of it")


def test_a_wrong_password_is_refused(in_the_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_GATEWAY__AUTH__KWARGS", "{'username': 'ada', 'password': 'wrong'}")
    with pytest.raises(ClusterRefusedError, match=r"status 401.*Stop your server and start it again"):
        cluster(1)


def test_a_missing_token_is_told(in_the_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_GATEWAY__AUTH__TYPE", "jupyterhub")
    monkeypatch.setenv("DASK_GATEWAY__AUTH__KWARGS", "{}")
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)
    with pytest.raises(ClusterRefusedError, match=r"JUPYTERHUB_API_TOKEN.*stop your server and start it again"):
        cluster(1)


def test_no_gateway_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_GATEWAY__ADDRESS", "http://127.0.0.1:1")
    with pytest.raises(ClusterUnreachableError, match=r"no answer from the gateway at http://127\.0\.0\.1:1") as caught:
        cluster(1)
    assert "unset DASK_GATEWAY__ADDRESS" in str(caught.value)


def test_a_web_proxy_does_not_stand_before_a_gateway_on_loopback(
    in_the_hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with cluster(1) as running:
        assert running.workers == 1


@pytest.mark.parametrize(
    ("setting", "timeout", "kind", "told"),
    [
        ('c.ClusterConfig.scheduler_cmd = ["false"]', 60, ClusterStartError, r"is failed\. Try again"),
        (
            'c.ClusterConfig.scheduler_cmd = [sys.executable, "-c", "import time; time.sleep(60)"]',
            1,
            ClusterTimeoutError,
            r"is pending; you have no other",
        ),
        (
            'c.ClusterConfig.worker_cmd = [sys.executable, "-c", "import time; time.sleep(60)"]',
            6,
            ClusterTimeoutError,
            r"1 wanted, 0 connected within 6 s",
        ),
    ],
)
def test_clusters_that_do_not_come(
    start_gateway: Any,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    timeout: float,
    kind: type[ClusterError],
    told: str,
) -> None:
    with start_gateway(setting) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(kind, match=told):
            cluster(1, timeout=timeout)
        assert_soon(lambda: not server.cluster_pids(), "nothing is left of it")
