"""Room for requests: as many as are allowed, fewer at a host that asks to be spared."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bioimagehub.catalogs.reader import Dataset, Reader, ReaderSettings
from bioimagehub.catalogs.reader.slots import Slots

if TYPE_CHECKING:
    from servers.store import StoreServer


def test_no_more_than_allowed_run_at_once() -> None:
    slots, running, most = Slots(3), [0], [0]
    changing = threading.Lock()

    def work(number: int) -> None:
        with slots.use(f"host{number % 4}"):
            with changing:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(0.002)
            with changing:
                running[0] -= 1

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(work, range(60)))
    assert most[0] == 3


def test_a_spared_host_gets_half_and_more_again_slowly() -> None:
    slots = Slots(8)
    with slots.use("a"), slots.use("a"), slots.use("a"), slots.use("a"):
        slots.spare("a", 0.05)
        slots.spare("a", 0.05)
        assert (slots.limit("a"), slots.limit("b")) == (2, 8)
    began = time.monotonic()
    with slots.use("b"):
        assert time.monotonic() - began < 0.04
    with slots.use("a"):
        assert time.monotonic() - began > 0.03
    for _ in range(4):
        slots.praise("a")
    assert slots.limit("a") == 3
    for _ in range(1000):
        slots.praise("a")
    assert slots.limit("a") == 8


def test_all_threads_wait_for_a_host_that_refuses(running: StoreServer, server: StoreServer, truth: bytes) -> None:
    reader = Reader(ReaderSettings(cache=None, connections=8))
    server.fault("image.bin", times=8, status=429, headers={"Retry-After": "1"}, wait=0.05)
    server.fault("image.bin", wait=0.05)

    def work(start: int) -> bytes:
        data, _ = reader.read(f"{server.url}/image.bin", start, 100, dataset=Dataset("test"), expected=None)
        return bytes(data)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [truth[start : start + 100] for start in range(8)]
    assert server.most_at_once == 8
    server.reset()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(16)))
    assert server.most_at_once <= 6
    reader.close()
