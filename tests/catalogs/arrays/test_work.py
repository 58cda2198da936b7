from __future__ import annotations

import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.arrays.work import _find_pool, run

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 30.0

Tree = st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=4), max_leaves=40)


def count(tree: list[Any]) -> int:
    return sum(1 + count(each) for each in tree)


@settings(deadline=None)
@given(tree=Tree, workers=st.integers(1, 6))
def test_every_job_is_done_once(tree: list[Any], workers: int) -> None:
    """Jobs that give jobs that give jobs."""
    done: list[int] = []

    def jobs(branch: list[Any]) -> Iterator[Any]:
        for each in branch:
            yield lambda each=each: (done.append(1), jobs(each))[1]

    run(jobs(tree), workers)
    assert len(done) == count(tree)


def test_jobs_run_at_once() -> None:
    together = threading.Barrier(4, timeout=DEADLINE)

    def job() -> None:
        together.wait()

    run([job] * 4, 4)


def test_further_jobs_run_at_once() -> None:
    together = threading.Barrier(4, timeout=DEADLINE)

    def job() -> None:
        together.wait()

    run([lambda: iter([job] * 4)], 4)


@pytest.mark.parametrize("workers", [1, 4])
def test_job_that_gives_no_jobs_is_an_error(workers: int) -> None:
    with pytest.raises(TypeError, match="not iterable"):
        run([lambda: None, lambda: 3, lambda: None], workers)


def test_no_more_at_once_than_workers() -> None:
    now, most, changing = 0, 0, threading.Lock()

    def job() -> None:
        nonlocal now, most
        with changing:
            now += 1
            most = max(most, now)
        time.sleep(0.001)
        with changing:
            now -= 1

    run([job] * 60, 3)
    assert 2 <= most <= 3


def test_no_more_at_once_than_are_useful() -> None:
    now, most, useful, changing = 0, 0, 2, threading.Lock()
    together = threading.Barrier(5, timeout=DEADLINE)

    def job() -> None:
        nonlocal now, most
        with changing:
            now += 1
            most = max(most, now)
        time.sleep(0.001)
        with changing:
            now -= 1

    def jobs() -> Iterator[Any]:
        nonlocal useful
        yield from [job] * 40
        useful = 5
        yield from [together.wait] * 5

    run([job] * 40, 8, lambda: useful)
    assert most == 2
    # It is asked again while the run goes on: all five have to be there at once.
    run((lambda each=each: (each(), None)[1] for each in jobs()), 8, lambda: useful)


def test_jobs_are_taken_as_there_is_room() -> None:
    taken, done, changing = 0, 0, threading.Lock()
    ahead = 0

    def job() -> None:
        nonlocal done
        with changing:
            done += 1

    def jobs() -> Iterator[Any]:
        nonlocal taken, ahead
        for _ in range(20_000):
            with changing:
                taken += 1
                ahead = max(ahead, taken - done)
            yield job

    run(jobs(), 4)
    assert done == 20_000
    assert ahead < 20


def test_first_error_is_raised_and_the_rest_is_dropped() -> None:
    done = []

    def fail() -> None:
        msg = "chunk 3"
        raise ValueError(msg)

    def jobs() -> Iterator[Any]:
        yield fail
        for number in range(10_000):
            yield lambda number=number: done.append(number)

    with pytest.raises(ValueError, match="chunk 3"):
        run(jobs(), 2)
    assert len(done) < 10_000


@pytest.mark.parametrize("workers", [1, 4])
def test_error_in_a_further_job_is_raised(workers: int) -> None:
    def fail() -> None:
        msg = "deep"
        raise KeyError(msg)

    with pytest.raises(KeyError, match="deep"):
        run([lambda: None, lambda: iter([lambda: iter([fail])])], workers)


@pytest.mark.parametrize("workers", [1, 4])
def test_error_while_jobs_are_made_is_raised(workers: int) -> None:
    def jobs() -> Iterator[Any]:
        yield lambda: None
        msg = "no more"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="no more"):
        run(jobs(), workers)


def test_interrupt_in_a_job_reaches_the_caller() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([lambda: None, interrupt, lambda: None], 3)


def test_run_within_a_job() -> None:
    """It takes no further thread, so nothing waits for itself."""
    done: list[int] = []

    def outer() -> None:
        run([lambda: done.append(1)] * 5, 2)

    run([outer] * 50, 2)
    assert len(done) == 250


def test_run_goes_on_while_all_threads_are_busy() -> None:
    released = threading.Event()
    begun = threading.Barrier(3, timeout=DEADLINE)

    def hold() -> None:
        begun.wait()
        assert released.wait(DEADLINE)

    with ThreadPoolExecutor(1) as other:
        holding = other.submit(run, [hold] * 2, 2)
        begun.wait()
        done: list[int] = []
        run([lambda: done.append(1)] * 10, 2)
        released.set()
        holding.result(DEADLINE)
    assert len(done) == 10


def test_many_runs_at_once() -> None:
    totals = []

    def read(number: int) -> None:
        done: list[int] = []
        run([lambda: iter([lambda: done.append(1)] * 3)] * number, 3)
        totals.append(len(done))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(read, range(40)))
    assert sorted(totals) == [3 * number for number in range(40)]


def test_nothing_to_do() -> None:
    run([], 4)


def test_nothing_is_begun_after_an_interrupt() -> None:
    """Ctrl-C reaches the caller, which mostly waits for the others: they are not to read on."""
    workers, main = 5, threading.main_thread().ident or 0
    begun, caught = threading.Event(), threading.Event()
    done: list[int] = []

    def is_waiting() -> bool:
        before = sys._current_frames()[main].f_back
        return before is not None and before.f_code.co_name == "_take"

    def hold() -> list[Any] | None:
        if threading.get_ident() == main:
            assert begun.wait(DEADLINE)
            return None
        begun.set()
        until = time.monotonic() + DEADLINE
        while not is_waiting():
            assert time.monotonic() < until
            time.sleep(0.001)
        signal.pthread_kill(main, signal.SIGINT)
        assert caught.wait(DEADLINE)
        return [lambda: done.append(1)] * 3

    with pytest.raises(KeyboardInterrupt):
        run([hold] * 2, workers)
    caught.set()
    # All threads of the pool together: none is busy with the run that was interrupted any more.
    together = threading.Barrier(workers, timeout=DEADLINE)
    list(_find_pool(workers).map(lambda _: together.wait(), range(workers)))
    assert not done
