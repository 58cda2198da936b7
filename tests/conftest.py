"""Fixtures that every room shares, and the closed network.

Tests may connect to the loopback interface alone; `live` marks those that ask the real archives.

samples : the sample archive, built once a session, and found by everything that looks for it
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.samples import build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_network = {"open": False}


def _is_here(host: str) -> bool:
    if host in {"", "localhost", socket.gethostname()}:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _keep_to_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse connections to other machines and look-ups of their names, as a machine without a network does."""
    if _network["open"]:
        return
    if event in {"socket.connect", "socket.sendto"}:
        connection, address = arguments
        if connection.family not in {socket.AF_INET, socket.AF_INET6} or address is None:
            return
        host = address[0]
    elif event == "socket.getaddrinfo":
        host = arguments[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if not _is_here(host):
        raise OSError(errno.ENETUNREACH, f"Tests have no network: {host} is not this machine", host)


sys.addaudithook(_keep_to_loopback)


@pytest.fixture(autouse=True)
def _network_for_live_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    _network["open"] = request.node.get_closest_marker("live") is not None
    yield
    _network["open"] = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the live tests out, unless they are asked for by ``-m live``."""
    if "live" not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker("live"):
                item.add_marker(pytest.mark.skip(reason="asks the real archives; run with -m live"))


@pytest.fixture(scope="session", autouse=True)
def _own_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the user who runs the tests has on this machine out of them, and the other way round."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIOIMAGEHUB_INDEX", str(tmp_path_factory.mktemp("index")))
        patch.setenv("BIOIMAGEHUB_HARVEST", str(tmp_path_factory.mktemp("harvest")))
        patch.setenv("BIOIMAGEHUB_LAYOUTS", str(tmp_path_factory.mktemp("layouts")))
        patch.setenv("BIOIMAGEHUB_CREDENTIALS", str(tmp_path_factory.mktemp("credentials") / "credentials.yml"))
        # Servers of tests come and go at the same ports; tests of the cache make one of their own.
        patch.setenv("BIOIMAGEHUB_READER_CACHE", "none")
        yield


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a built sample archive; ``BIOIMAGEHUB_SAMPLES`` names it for the whole session."""
    folder = tmp_path_factory.mktemp("samples")
    build(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIOIMAGEHUB_SAMPLES", str(folder))
        yield folder
