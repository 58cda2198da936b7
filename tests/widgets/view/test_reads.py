"""Reading in threads of its own."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.widgets.errors import SlowStoreError, TakenBackError
from bioimagehub.widgets.view.reads import ROOM, THREADS, Reads
from bioimagehub.widgets.view.recent import Recent, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

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


def find_threads(name: str) -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == f"bioimagehub-read {name}"]


def wait_for(state: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not state():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)


def test_threads_without_work_end_and_begin_again() -> None:
    reads = Reads("an idle image", idle=0.05)
    for _ in range(2):
        loads = {number: lambda number=number: number for number in range(40)}
        assert reads.read(loads, threading.Event()) == {number: number for number in range(40)}
        assert len(find_threads("an idle image")) <= THREADS
        wait_for(lambda: not find_threads("an idle image"))
    reads.close()


def test_each_job_of_several_has_a_thread() -> None:
    reads, together = Reads("four at once"), threading.Barrier(4, timeout=DEADLINE)
    assert reads.read({"first": lambda: 0}, threading.Event()) == {"first": 0}
    wait_for(lambda: reads._idle == 1)
    # None of them ends before all have begun.
    assert sorted(reads.read(dict.fromkeys("abcd", together.wait), threading.Event()).values()) == [0, 1, 2, 3]
    reads.close()


def test_what_is_read_at_the_same_time_is_bounded() -> None:
    reads, go, lock, counts = Reads("large blocks"), threading.Event(), threading.Lock(), [0, 0]

    def load() -> None:
        with lock:
            counts[0] += 1
            counts[1] = max(counts)
        assert go.wait(DEADLINE)
        with lock:
            counts[0] -= 1

    with ThreadPoolExecutor(2) as pool:
        large = pool.submit(reads.read, dict.fromkeys("abcdef", load), threading.Event(), ROOM // 2)
        wait_for(lambda: counts[0] == 2)
        alone = pool.submit(reads.read, {"alone": load}, threading.Event(), 3 * ROOM)
        wait_for(lambda: len(reads._waiting) == 5)
        go.set()
        large.result(DEADLINE)
        alone.result(DEADLINE)
    assert counts == [0, 2]
    reads.close()


def test_what_is_kept_is_bounded() -> None:
    recent = Recent(Shelf(1000))
    for number in range(20):
        recent.put(number, np.zeros(100, np.uint8))
        recent.get(0)
    assert recent.bytes <= 1000
    assert recent.get(0) is not None, "what is used stays"
    assert recent.get(1) is None
    recent.put("large", np.zeros(900, np.uint8))
    assert recent.get("large") is not None, "the last one is kept"
    assert recent.bytes <= 1000


def test_of_those_that_are_too_large_the_last_one_is_kept_while_it_is_used() -> None:
    recent = Recent(Shelf(1000, idle=0.05))
    recent.put("small", np.zeros(800, np.uint8))
    recent.put("large", np.zeros(3000, np.uint8))
    recent.put("larger", np.zeros(5000, np.uint8))
    assert recent.get("large") is None
    assert recent.get("small") is not None
    assert recent.bytes in (5800, 800)
    wait_for(lambda: recent.bytes == 800)
    recent.put("larger", np.zeros(5000, np.uint8))
    recent.clear()
    assert recent.bytes == 0
    assert recent.get("larger") is None


def test_viewers_share_what_they_keep_and_never_mix() -> None:
    shelf = Shelf(1000)
    viewers = [Recent(shelf) for _ in range(4)]
    for number, viewer in enumerate(viewers):
        viewer.put("block", np.full(400, number, np.uint8))
    assert shelf.bytes == sum(viewer.bytes for viewer in viewers) == 800
    assert [viewer.get("block") is None for viewer in viewers] == [True, True, False, False]
    kept = viewers[3].get("block")
    assert kept is not None
    assert kept[0] == 3
    viewers[2].clear()
    assert viewers[2].bytes == 0
    assert viewers[3].get("block") is not None
