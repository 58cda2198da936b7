"""Start, stop, kill: what lives on and what ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.hub import RunningHub
    from servers.person import Kernel, Person

pytestmark = pytest.mark.hub

DEADLINE = 120

START = """
from bioimagehub.reanalysis import cluster
dask_cluster = cluster(workers=2)
client = dask_cluster.client
def slow(number):
    import time
    time.sleep(0.5)
    return number
print("ready")
"""
COMPUTE = "print(sum(client.gather(client.map(slow, range(32), pure=False))))"


def _wait_back(hub: RunningHub, name: str, killed: int) -> None:
    """Wait until the supervisor has started a process again."""
    deadline = time.monotonic() + DEADLINE
    while hub.processes().get(name, killed) == killed:
        assert time.monotonic() < deadline, f"{name} was not started again"
        time.sleep(0.1)


def _wait_page(person: Person, path: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not _answers(person, path):
        assert time.monotonic() < deadline, f"{path} did not come back"
        time.sleep(0.2)


def _answers(person: Person, path: str) -> bool:
    try:
        return person.get(path).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module", params=["root", "ordinary"])
def hub(request: pytest.FixtureRequest, start_hub: Callable[..., RunningHub]) -> RunningHub:
    return start_hub({"users": ["ann"]}, ordinary=request.param == "ordinary")


@pytest.fixture(scope="module")
def ann(hub: RunningHub, visit: Callable[..., Person]) -> Person:
    return visit(hub, "ann")


@pytest.fixture(scope="module")
def kernel(ann: Person) -> Kernel:
    kernel = ann.start_kernel()
    assert "ready" in kernel.run(START)
    return kernel


def test_the_log_in_page_tells_of_one_trust_domain(hub: RunningHub, ann: Person) -> None:
    page = requests.get(f"{hub.url}/hub/login", timeout=60)
    assert page.status_code == 200
    assert ("one trust domain" in page.text) == ("one trust domain" in hub.output)
    assert ("one trust domain" in page.text) == (hub.settings_file.parent.joinpath("state").stat().st_uid != 0)


def test_home_has_originals_and_copies(hub: RunningHub, ann: Person) -> None:
    home = hub.state / "homes" / "ann"
    assert (home / "welcome.ipynb").is_file()
    assert (home / "originals" / "welcome.ipynb").stat().st_mode & 0o222 == 0


def test_a_kernel_searches_the_index_of_the_hub(hub: RunningHub, kernel: Kernel) -> None:
    """One index for all users; none is built in a home."""
    (index,) = (hub.state / "index").glob("*.sqlite")
    assert index.stat().st_mode & 0o777 == 0o644
    found = kernel.run(
        "from pathlib import Path\n"
        "from bioimagehub.catalogs import open_catalog\n"
        "catalog = open_catalog()\n"
        "print(len(catalog), catalog['mitocheck'].identifier, (Path.home() / '.cache' / 'bioimagehub').exists())"
    )
    assert f"catalog      {found.split()[0]} records" in hub.output
    assert found.split()[1:] == ["idr:idr0013", "False"]


def test_wrong_password_is_refused(hub: RunningHub, ann: Person) -> None:
    with requests.Session() as session:
        session.get(f"{hub.url}/hub/login", timeout=60)
        form = {"username": "ann", "password": "guess", "_xsrf": session.cookies["_xsrf"]}
        answer = session.post(f"{hub.url}/hub/login", data=form, timeout=60)
    assert answer.status_code == 403
    assert "Invalid username or password" in answer.text


def test_a_cell_that_prints_nothing_is_activity(ann: Person) -> None:
    kernel = ann.start_kernel()
    message = kernel.send("import time; time.sleep(8)")
    latest = []
    while len(set(latest)) < 4:
        status = ann.ask("GET", "/api/status").json()
        latest.append(status["last_activity"])
        assert len(latest) < 1000
    kernel.collect(message)
    assert latest == sorted(latest)
    idle = {ann.ask("GET", "/api/status").json()["last_activity"] for _ in range(5)}
    assert len(idle) == 1


@pytest.mark.parametrize("victim", ["gateway", "hub", "proxy", "gateway-proxy", "idle-culler"])
def test_a_computation_survives_the_kill_of(victim: str, hub: RunningHub, ann: Person, kernel: Kernel) -> None:
    message = kernel.send(COMPUTE)
    killed = hub.processes()[victim]
    os.kill(killed, signal.SIGKILL)
    if victim == "proxy":
        # The browser loses its connection with the proxy; the kernel goes on, and its last result is asked for.
        _wait_back(hub, victim, killed)
        _wait_page(ann, "/user/ann/api/status")
        kernel.reconnect()
        assert kernel.run(COMPUTE).strip() == str(sum(range(32)))
    else:
        assert kernel.collect(message).strip() == str(sum(range(32)))
        _wait_back(hub, victim, killed)
    _wait_page(ann, "/hub/home")


def test_up_says_that_one_is_running(hub: RunningHub) -> None:
    second = hub.run("up")
    assert second.returncode == 1
    assert "one is running there" in second.stderr
    assert "bioimagehub down" in second.stderr


def test_status_shows_the_server(hub: RunningHub, kernel: Kernel) -> None:
    status = hub.run("status")
    assert status.returncode == 0, status.stderr
    assert "1 running: ann" in status.stdout
    assert "Clusters   1" in status.stdout


def test_the_next_up_adopts_what_runs(hub: RunningHub, ann: Person, kernel: Kernel) -> None:
    """Kill -9 of the whole hub: server and cluster live on, and the next start finds them."""
    before = hub.processes()
    os.kill(hub.supervisor_pid(), signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE
    while hub.processes():
        assert time.monotonic() < deadline, f"still there: {hub.processes()}"
        time.sleep(0.1)
    assert any("singleuser" in line for line in hub.marked().values())
    hub.forget()
    hub.start()
    assert hub.processes().keys() == before.keys()
    _wait_page(ann, "/user/ann/api/status")
    kernel.reconnect()
    assert kernel.run(COMPUTE).strip() == str(sum(range(32)))
    assert kernel.run("from dask_gateway import Gateway; print(len(Gateway().list_clusters()))").strip() == "1"


def test_down_ends_everything(hub: RunningHub, kernel: Kernel) -> None:
    started = set(hub.marked())
    assert len(started) >= 8
    result = hub.run("down")
    assert result.returncode == 0, result.stderr
    assert hub.marked() == {}
    alive = subprocess.run(
        ["ps", "-o", "pid=,stat=", "-p", ",".join(map(str, started))], capture_output=True, text=True
    )
    assert [line for line in alive.stdout.splitlines() if "Z" not in line] == []
    assert list((hub.state / "clusters").iterdir()) == []
    again = hub.run("down")
    assert again.returncode == 1
    assert "none is running there" in again.stderr
