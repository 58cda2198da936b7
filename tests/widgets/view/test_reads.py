"""Reading in threads of its own."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from bioimagehub.widgets.errors import SlowStoreError, TakenBackError
from bioimagehub.widgets.view.reads import Reads
from bioimagehub.widgets.view.recent import Recent

DEADLINE = 30


def test_what_is_read_already_is_not_read_twice() -> None:
    reads, go, count = Reads("image"), threading.Event(), []

    def load() -> int:
        count.append(1)
        assert go.wait(DEADLINE)
        return 5

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(reads.read, {"a": load}, threading.Event()) for _ in range(3)]
        while not count:
            time.sleep(0.001)
        go.set()
        assert [job.result(DEADLINE) for job in jobs] == [{"a": 5}] * 3
    reads.close()
    assert len(count) <= 2


def test_what_was_asked_for_last_is_read_first_and_what_is_not_wanted_not_at_all() -> None:
    reads, go, begun, order = Reads("image", threads=1), threading.Event(), threading.Event(), []

    def first() -> None:
        begun.set()
        assert go.wait(DEADLINE)

    def load(name: str) -> Any:
        return lambda: order.append(name)

    stops = {name: threading.Event() for name in "abc"}
    with ThreadPoolExecutor(4) as pool:
        jobs = {"first": pool.submit(reads.read, {"first": first}, threading.Event())}
        assert begun.wait(DEADLINE)
        for number, name in enumerate("abc"):
            jobs[name] = pool.submit(reads.read, {name: load(name)}, stops[name])
            while len(reads._waiting) <= number:
                time.sleep(0.001)
        stops["b"].set()
        with pytest.raises(TakenBackError):
            jobs["b"].result(DEADLINE)
        go.set()
        for name in "ac":
            jobs[name].result(DEADLINE)
    reads.close()
    assert order == ["c", "a"]


def test_a_read_that_hangs_is_told_of_and_holds_up_no_other() -> None:
    reads, never = Reads("the image x", threads=2, patience=0.3), threading.Event()
    with pytest.raises(SlowStoreError, match=r"the image x does not answer.*open the viewer anew"):
        reads.read({"a": never.wait}, threading.Event())
    assert reads.read({"b": lambda: 7}, threading.Event()) == {"b": 7}
    never.set()
    reads.close()


def test_an_error_reaches_all_that_wait_for_it() -> None:
    reads = Reads("image")

    def fail() -> None:
        msg = "no such chunk"
        raise OSError(msg)

    with pytest.raises(OSError, match="no such chunk"):
        reads.read({"a": fail}, threading.Event())
    assert reads.read({"a": lambda: 1}, threading.Event()) == {"a": 1}, "an error is not kept"
    reads.close()


def test_what_is_kept_is_bounded() -> None:
    recent = Recent(1000)
    for number in range(20):
        recent.put(number, np.zeros(100, np.uint8))
        recent.get(0)
    assert recent.bytes <= 1000
    assert recent.get(0) is not None, "what is used stays"
    assert recent.get(1) is None
    recent.put("large", np.zeros(500, np.uint8))
    assert recent.get("large") is None
