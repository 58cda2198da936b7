"""Fixtures of the archives.

server : a web server that plays all archives, from answers that the test adds
client : a client that sends what is meant for any archive to that server, fast and with short waits
report : an empty report
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.archives.client import Client
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.hosts import BUILT_IN, Hosts, Rule
from servers.archives import ArchiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer() as server:
        yield server


@pytest.fixture
def client(server: ArchiveServer) -> Iterator[Client]:
    # http comes first: what the second rule gives would match it.
    to_loopback = (Rule("http://", (server.url,)), Rule("https://", (server.url,)))
    with Client(
        hosts=Hosts((*BUILT_IN, *to_loopback)), rate=1000.0, timeout=2.0, tries=3, patience=10.0, pause=0.01
    ) as client:
        yield client


@pytest.fixture
def report() -> Report:
    return Report()
