"""What was read is counted by dataset: from all threads, in each process once."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from distributed import Client, LocalCluster
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.reader.counts import Counted, Counting, count, counted, counting, merge
from bioimagehub.catalogs.reader.versions import Dataset

NUCLEI = Dataset("samples:nuclei", "1")
CELLS = Dataset("samples:cells")


def test_datasets_and_versions_are_counted_apart() -> None:
    with counting() as read:
        count(NUCLEI, requests=2, bytes=10)
        count(CELLS, cached=5, chunks=1)
        count(Dataset("samples:nuclei", "2"), bytes=1)
        count(NUCLEI, requests=1, bytes=3, cached=4, chunks=2)
    assert read.counted == (
        Counted("samples:cells", None, cached=5, chunks=1),
        Counted("samples:nuclei", "1", requests=3, bytes=13, cached=4, chunks=2),
        Counted("samples:nuclei", "2", bytes=1),
    )


def test_block_counts_what_is_read_within_it() -> None:
    count(CELLS, bytes=1)
    with counting() as outer:
        assert not outer.counted
        count(CELLS, bytes=2)
        with counting() as inner:
            count(CELLS, bytes=4)
            assert inner.counted == (Counted("samples:cells", None, bytes=4),)
        count(CELLS, bytes=8)
    count(CELLS, bytes=16)
    assert [each.bytes for each in inner.counted] == [4]
    assert [each.bytes for each in outer.counted] == [14]
    assert sum(each.bytes for each in counted() if each.identifier == CELLS.identifier) >= 31


def test_block_that_fails_is_counted() -> None:
    found: list[Counting] = []

    def read_and_fail() -> None:
        with counting() as read:
            found.append(read)
            count(CELLS, bytes=1)
            raise KeyError

    with pytest.raises(KeyError):
        read_and_fail()
    count(CELLS, bytes=1)
    assert [each.bytes for each in found[0].counted] == [1]


def test_no_count_is_lost_between_threads() -> None:
    start = threading.Barrier(8)

    def read_much() -> None:
        start.wait(30)
        for _ in range(5000):
            count(NUCLEI, requests=1, bytes=7)

    with counting() as read, ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(read_much) for _ in range(8)]:
            each.result()
    assert read.counted == (Counted("samples:nuclei", "1", requests=40_000, bytes=280_000),)


_counted = st.lists(
    st.builds(Counted, st.sampled_from("ab"), st.sampled_from([None, "1"]), st.integers(0), st.integers(0)), max_size=6
)


@given(_counted, _counted)
def test_merge_adds_up_and_knows_no_order(one: list[Counted], other: list[Counted]) -> None:
    merged = merge(one, other)
    assert merged == merge(other, one) == merge(merge(one), merge(other))
    assert sum(each.bytes for each in merged) == sum(each.bytes for each in [*one, *other])
    assert len({(each.identifier, each.version) for each in merged}) == len(merged)


def test_snapshot_can_be_sent() -> None:
    count(CELLS, bytes=1)
    assert pickle.loads(pickle.dumps(counted())) == counted()  # noqa: S301


def _count_in_fork(answers: Any) -> None:
    before = counted()
    count(CELLS, bytes=3)
    answers.put((before, counted()))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_fork_begins_with_nothing() -> None:
    count(CELLS, bytes=1)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    with counting() as read:
        process = context.Process(target=_count_in_fork, args=(answers,))
        process.start()
        process.join(60)
    assert answers.get() == ((), (Counted("samples:cells", None, bytes=3),))
    assert read.counted == ()


def _read(number: int) -> int:
    count(NUCLEI, requests=1, bytes=number)
    return number


@pytest.mark.parametrize("processes", [True, False])
def test_workers_of_a_cluster_count(processes: bool) -> None:
    """Workers that are threads of this process are not counted twice."""
    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    options |= {"processes": processes, "host": "127.0.0.1", "protocol": "tcp"}
    with LocalCluster(**options) as cluster, Client(cluster) as client:  # type: ignore[no-untyped-call]
        client.gather(client.map(_read, range(100, 110)))
        with counting(client) as read:
            client.gather(client.map(_read, range(20)))
            count(NUCLEI, chunks=1)
    assert read.counted == (Counted("samples:nuclei", "1", requests=20, bytes=190, chunks=1),)
