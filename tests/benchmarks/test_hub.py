"""This hub against a plain JupyterHub of the same version with its default settings, in turns on one machine.

Both run from this environment, whose packages are compiled as pip compiles them. Both start in empty folders. This hub
does all that it does for a user: checks before the start, a sample archive, Dask Gateway, a private uid where it can.
"""

from __future__ import annotations

import compileall
import os
import shutil
import sysconfig
import time
from contextlib import ExitStack
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import psutil
import pytest
import requests

import bioimagehub
from servers.hub import RunningHub
from servers.person import Person
from servers.plain_hub import PlainHub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    Hub = RunningHub | PlainHub

ROUNDS = 5
# One for each round, and one for the round that nobody counts.
USERS = [f"user-{number}" for number in range(ROUNDS + 1)]
DEADLINE = 60


class Memory(NamedTuple):
    """What a server takes in MiB: its own with its share of what it has in common with others, and all that it sees."""

    pss: float
    rss: float


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    for folder in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *bioimagehub.__path__):
        compileall.compile_dir(folder, quiet=2)


@pytest.fixture(scope="module")
def make_hub(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Callable[..., Hub]]:
    """Return a function that makes a hub of either kind in a new folder; all are stopped at the end."""
    with ExitStack() as stack:

        def make(kind: type[Hub], users: list[str]) -> Hub:
            folder = tmp_path_factory.mktemp("hub")
            hub: Hub
            if issubclass(kind, PlainHub):
                hub = PlainHub(folder, users)
            else:
                hub = RunningHub(folder, samples, {"users": users, "trust_each_other": True})
                # It is built once in the life of a hub, in about a minute.
                shutil.copytree(samples, hub.state / "samples")
            stack.callback(hub.stop)
            return hub

        yield make


@pytest.fixture(scope="module")
def plain(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub(PlainHub, USERS).start()


@pytest.fixture(scope="module")
def ours(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub(RunningHub, USERS).start()


def told(what: str, unit: str, peer: list[float], own: list[float]) -> float:
    """Print the medians of both side by side and return the ratio of ours to the plain one's."""
    ratio = median(own) / median(peer)
    load = os.getloadavg()[0]
    print(
        f"\n{what}, median of {len(own)} (load of the machine {load:.1f})\n"
        f"  plain JupyterHub {median(peer):7.2f} {unit} ({min(peer):.2f} to {max(peer):.2f})   "
        f"bioimagehub {median(own):7.2f} {unit} ({min(own):.2f} to {max(own):.2f})   ratio {ratio:.2f}"
    )
    return ratio


def start_to_page(hub: Hub) -> float:
    """Return the seconds from the command to the log-in page."""
    start = perf_counter()
    page = requests.get(f"{hub.start().url}/hub/login", timeout=DEADLINE)
    seconds = perf_counter() - start
    assert page.status_code == 200
    assert 'name="password"' in page.text
    return seconds


def come(hub: Hub, name: str) -> Person:
    person = Person(hub.url, name, hub.passwords[name])
    assert person.log_in().url.endswith("/hub/home")
    return person


def spawn_to_kernel(person: Person) -> float:
    """Return the seconds from the request for a server to the result of a kernel on it."""
    start = perf_counter()
    person.start_server()
    printed = person.start_kernel().run("print(1 + 1)")
    seconds = perf_counter() - start
    assert printed.strip() == "2"
    return seconds


def servers(hub: Hub) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid, line in hub.marked().items() if "singleuser" in line]


def leave(hub: Hub, person: Person) -> None:
    """Stop the person's server and wait until it is gone."""
    person.close()
    hub.api("DELETE", f"/users/{person.name}/server")
    deadline = time.monotonic() + DEADLINE
    while servers(hub):
        assert time.monotonic() < deadline, "the server did not stop"
        time.sleep(0.1)


def memory_of_server(hub: Hub, name: str) -> Memory:
    """Return what the server of a user takes whose browser has got the Lab, as soon as it takes no more."""
    person = come(hub, name)
    person.start_server()
    deadline = time.monotonic() + DEADLINE
    before, now = Memory(0, 0), Memory(1, 1)
    while now.rss > 1.001 * before.rss:
        assert time.monotonic() < deadline, "the server does not come to rest"
        time.sleep(1)
        (server,) = servers(hub)
        found = [process.memory_full_info() for process in (server, *server.children(recursive=True))]
        before, now = now, Memory(sum(one.pss for one in found) / 2**20, sum(one.rss for one in found) / 2**20)
    leave(hub, person)
    return now


def test_time_to_the_log_in_page(
    benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str], make_hub: Callable[..., Hub]
) -> None:
    peer: list[float] = []
    own: list[float] = []

    def measure_peer() -> tuple[tuple[Hub], dict[str, object]]:
        hub = make_hub(PlainHub, USERS[:1])
        peer.append(start_to_page(hub))
        hub.stop()
        return (make_hub(RunningHub, USERS[:1]),), {}

    benchmark.pedantic(
        lambda hub: own.append(start_to_page(hub)),
        setup=measure_peer,
        teardown=lambda hub: hub.stop(),
        rounds=ROUNDS,
        warmup_rounds=1,
    )
    with capsys.disabled():
        ratio = told("time to the log-in page", "s", peer[1:], own[1:])
    benchmark.extra_info["ratio"] = ratio
    # It starts four processes more and tries first whether users are kept apart.
    assert ratio < 2


def test_time_from_spawn_to_kernel(
    benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str], plain: Hub, ours: Hub
) -> None:
    peer: list[float] = []
    own: list[float] = []
    names = iter(USERS)

    def measure_peer() -> tuple[tuple[Person], dict[str, object]]:
        name = next(names)
        person = come(plain, name)
        peer.append(spawn_to_kernel(person))
        leave(plain, person)
        return (come(ours, name),), {}

    benchmark.pedantic(
        lambda person: own.append(spawn_to_kernel(person)),
        setup=measure_peer,
        teardown=lambda person: leave(ours, person),
        rounds=ROUNDS,
        warmup_rounds=1,
    )
    with capsys.disabled():
        ratio = told("time from spawn to kernel ready", "s", peer[1:], own[1:])
    benchmark.extra_info["ratio"] = ratio
    assert ratio < 1


def test_memory_of_a_server(capsys: pytest.CaptureFixture[str], plain: Hub, ours: Hub) -> None:
    """Both hubs run, so that both servers have the same others to share pages with."""
    peer, own = [], []
    for name in USERS[1:4]:
        peer.append(memory_of_server(plain, name))
        own.append(memory_of_server(ours, name))
    with capsys.disabled():
        ratio = told("memory of an idle server (PSS)", "MiB", [one.pss for one in peer], [one.pss for one in own])
        told("memory of an idle server (RSS)", "MiB", [one.rss for one in peer], [one.rss for one in own])
    assert ratio < 1
