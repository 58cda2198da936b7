"""Results that a cluster computes: what is done is seen, and the page hears of what was done since."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from distributed import Client, Event, LocalCluster, wait

from bioimagehub.widgets.view.results import SOON, find_results
from servers.page import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers.page import Page


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    options: dict[str, Any] = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": "127.0.0.1:0"}
    options |= {"processes": False, "host": "127.0.0.1", "protocol": "tcp"}
    with LocalCluster(**options) as cluster, Client(cluster) as client:  # type: ignore[no-untyped-call]
        yield client


def compute(name: str, first: int = 1) -> Any:
    """Begin to compute an image of 7, whose blocks, from `first` of two on, wait for an event."""

    def work(block: Any, block_info: Any = None) -> Any:
        if block_info[0]["chunk-location"][0] >= first:
            Event(name).wait(DEADLINE)
        return block + 7

    image = da.zeros((200, 100), np.uint8, chunks=100)
    return image.map_blocks(work, dtype=np.uint8, meta=np.empty((0, 0), np.uint8)).persist()


def test_blocks_that_are_done_are_seen(show: Callable[..., Page], client: Client) -> None:
    result = compute("upper")
    page = show(result)
    assert page.viewer.problem is None
    done = threading.Event()

    def look() -> None:
        if page.tile()[0, 0] == 7:
            done.set()

    page.viewer.tell, tell = lambda *told: (tell(*told), threading.Thread(target=look).start()), page.viewer.tell
    look()
    assert done.wait(DEADLINE), "the upper half is done, and is not seen"
    assert page.tile()[150, 50] == 0
    Event("upper").set()
    result.compute()
    with page.arrived:
        assert page.arrived.wait_for(lambda: any(c.get("event") == "changed" for c, _ in page.sent), DEADLINE)
    np.testing.assert_array_equal(page.tile(), 7)


def test_contrast_follows_what_was_computed(show: Callable[..., Page], client: Client) -> None:
    page = show(compute("contrast"))
    page.viewer.set_look("c0", gamma=2.0)
    Event("contrast").set()
    assert page.hear("changed")["layers"] == ["c0"]
    look = page.viewer.looks["c0"]
    assert (look["gamma"], look["low"]) == (2.0, 7.0), "what the user chose stays"


def test_the_page_is_told_of_the_layers_that_are_computed_alone(show: Callable[..., Page], client: Client) -> None:
    page = show({"image": np.ones((200, 100), np.uint8), "result": compute("alone")})
    Event("alone").set()
    assert page.hear("changed")["layers"] == ["c1"]


def test_a_slow_measurement_is_not_taken_for_the_choice_of_the_user(show: Callable[..., Page], client: Client) -> None:
    viewer = show(compute("slow", 0)).viewer
    contents = viewer._contents
    assert contents is not None
    (results,) = contents.results
    first, second, measure = threading.Event(), threading.Event(), contents.measure
    highs = count(200.0, 100.0)

    def measure_slowly() -> Any:
        looks, ranges = measure()
        looks["c0"] |= {"low": 0.0, "high": next(highs)}
        if first.is_set():
            second.set()
        else:
            first.set()
            # That never comes; without end it would not do to wait for what must not be.
            second.wait(1)
        return looks, ranges

    contents.measure = measure_slowly  # type: ignore[method-assign]
    threads = [threading.Thread(target=viewer._on_results, args=(results,)) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert first.wait(DEADLINE)
    for thread in threads:
        thread.join(DEADLINE)
    assert viewer.looks["c0"]["high"] == 300.0
    viewer._on_results(results)
    assert viewer.looks["c0"]["high"] == 400.0
    Event("slow").set()


def test_results_are_told_one_after_another(client: Client) -> None:
    early, late = compute("early", 0), compute("late", 0)
    found = find_results(xr.DataArray(da.concatenate([early, late])))
    assert found is not None
    calls: list[str] = []
    again, ended = threading.Event(), threading.Event()

    def act() -> None:
        if calls:
            calls.append("again")
            again.set()
            return
        calls.append("begin")
        Event("late").set()
        wait(late)
        # That never comes while this call goes on.
        again.wait(3 * SOON)
        calls.append("end")
        ended.set()

    found.watch(act)
    Event("early").set()
    assert ended.wait(DEADLINE)
    assert again.wait(DEADLINE), "what ended meanwhile is told, too"
    assert calls[:3] == ["begin", "end", "again"]


def test_a_future_of_an_image(show: Callable[..., Page], client: Client) -> None:
    page = show(client.submit(np.full, (30, 30), 5))
    assert page.tile().max() == 5


def test_a_result_that_failed_says_why(show: Callable[..., Page], client: Client) -> None:
    def fail(_block: Any) -> Any:
        msg = "The model has no weights. It needs 3 GB. Fetch them."
        raise ValueError(msg)

    image = da.zeros((20, 20), np.uint8, chunks=20)
    result = image.map_blocks(fail, dtype=np.uint8, meta=np.empty((0, 0), np.uint8)).persist()
    wait(result)
    page = show(result)
    assert "no weights" in page.problem("tile", layers=["c0"], level=0, row=0, column=0)
