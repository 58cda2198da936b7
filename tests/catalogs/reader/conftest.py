"""Fixtures of the reader layer.

truth  : the bytes of the file `image.bin`, which the store serves
server : a real HTTP store, whole and with nothing asked so far; it serves `served`
reader : a reader with short waits and no cache
read   : reads a part of a file of the store: ``read(path, start, length, expected=...)`` gives its bytes
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.reader import Dataset, Reader, ReaderSettings, Version
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Read = Callable[..., bytes]

SETTINGS = ReaderSettings(cache=None, tries=3, stall_timeout=0.5, connect_timeout=2.0, patience=10.0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    source = random.Random(4)
    (folder / "image.bin").write_bytes(source.randbytes(700_001))
    (folder / "other.bin").write_bytes(source.randbytes(700_001))
    (folder / "empty.bin").write_bytes(b"")
    (folder / "well A1").mkdir()
    (folder / "well A1" / "täg #1.bin").write_bytes(b"pixels")
    return folder


@pytest.fixture(scope="module")
def running(served: Path) -> Iterator[StoreServer]:
    with StoreServer(served) as server:
        yield server


@pytest.fixture
def server(running: StoreServer) -> StoreServer:
    running.mend()
    running.reset()
    return running


@pytest.fixture
def truth(served: Path) -> bytes:
    return (served / "image.bin").read_bytes()


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.setattr("bioimagehub.catalogs.reader.http._PAUSE", 0.01)
    reader = Reader(SETTINGS)
    yield reader
    reader.close()


@pytest.fixture
def read(reader: Reader, server: StoreServer) -> Read:
    def run(
        path: str = "image.bin", start: int | None = None, length: int | None = None, expected: Version | None = None
    ) -> bytes:
        data, _ = reader.read(f"{server.url}/{path}", start, length, dataset=Dataset("test"), expected=expected)
        return bytes(data)

    return run
