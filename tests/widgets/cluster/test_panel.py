"""The panel of a cluster, on a real cluster of this machine: no browser."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from bioimagehub.reanalysis import cluster as start_cluster
from bioimagehub.widgets.cluster import cluster
from bioimagehub.widgets.errors import NotNowError, UnknownKeywordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bioimagehub.widgets.cluster.panel import ClusterPanel

DEADLINE = 60.0


@pytest.fixture(scope="module")
def panel() -> Iterator[ClusterPanel]:
    found = cluster(wanted=1)
    found.start()
    yield found
    if found.state != "closed":
        found.end()
    found.close()


def until(is_so: Callable[[], bool]) -> None:
    late = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < late
        time.sleep(0.05)


def test_without_a_cluster_it_says_so() -> None:
    empty = cluster()
    assert (empty.state, empty.workers, empty.name) == ("none", [], "")
    with pytest.raises(NotNowError, match=r"Press Start, or call start\(\)"):
        empty.map(str, [1])
    assert empty.as_text().splitlines()[0].split() == ["cluster", "none"]
    with pytest.raises(UnknownKeywordError, match="wanted"):
        cluster(worker=3)
    empty.close()


def test_workers_memory_and_limits_are_told(panel: ClusterPanel) -> None:
    until(lambda: panel.workers[0]["memory"] > 0)
    (worker,) = panel.workers
    assert worker["cores"] == 1
    assert 0 < worker["memory"] < worker["limit"]
    assert panel.name.startswith("local-")
    assert "This machine has" in panel.limits
    assert panel.dashboard == ""
    seen = panel.cost["core_seconds"]
    until(lambda: panel.cost["core_seconds"] > seen)
    assert panel.cost["core_seconds"] <= panel.cost["seconds"] * 1.01


def test_failures_of_a_map_are_told_by_image(panel: ClusterPanel) -> None:
    def measure(size: int) -> float:
        if size == 0:
            msg = "The image has no pixels. Its shape is 0. Leave it out."
            raise ValueError(msg)
        return 1 / size

    futures = panel.map(measure, {"good": 2, "empty": 0, "<b>other</b>": 4}, name="sizes")
    assert panel.wait(DEADLINE)
    (work,) = [each for each in panel.works if each["name"] == "sizes"]
    assert (work["total"], work["done"], work["failed"], work["waiting"]) == (3, 2, 1, 0)
    assert work["failures"] == [
        {
            "image": "empty",
            "what": "ValueError: The image has no pixels.",
            "found": "Its shape is 0.",
            "cure": "Leave it out.",
        }
    ]
    assert futures["good"].result() == 0.5
    assert "empty: ValueError" in panel.as_text()
    assert "<b>" not in panel.as_static()["text/html"]


def test_results_leave_the_workers_when_nobody_holds_them(panel: ClusterPanel) -> None:
    futures = panel.map(len, {"one": "a", "two": "bc"}, name="lengths")
    keys = {future.key for future in futures.values()}
    assert panel.wait(DEADLINE)
    assert keys <= set(panel.cluster.client.who_has())
    del futures
    until(lambda: not keys & set(panel.cluster.client.who_has()))
    panel.look()
    assert (panel.works[-1]["name"], panel.works[-1]["done"], panel.works[-1]["total"]) == ("lengths", 2, 2)


def test_many_maps_and_failures_stay_small(panel: ClusterPanel) -> None:
    def fail(size: int) -> None:
        text = "é" * size
        msg = f"What {text}. Found {text}. Try {text}."
        raise ValueError(msg)

    before = len(panel.works)
    for number in range(12):
        panel.map(fail, {f"{number}-{image}-{'n' * 500}": 1000 for image in range(20)}, name=f"map {number}")
    assert panel.wait(DEADLINE)
    assert len(json.dumps(panel.works, ensure_ascii=False).encode()) < 200_000
    sums, *last = panel.works
    assert [each["name"] for each in last] == [f"map {number}" for number in range(2, 12)]
    assert all(each["failed"] == 20 for each in last)
    assert len(last[-1]["failures"]) == 20
    assert (sums["name"], sums["failures"]) == (f"{before + 2} before", [])
    assert sums["failed"] >= 40
    assert sums["total"] == sums["done"] + sums["failed"]


def test_it_is_not_started_twice_and_knows_its_acts(panel: ClusterPanel) -> None:
    with pytest.raises(NotNowError, match="End it first, or scale it"):
        panel.start()
    with pytest.raises(NotNowError, match="It can end, scale, start"):
        panel.answer_act({"do": "close"}, [], None)  # type: ignore[arg-type]


def test_what_it_did_is_told_after_its_end() -> None:
    panel = cluster(wanted=1)
    client = panel.start().client

    def measure(size: int) -> float:
        return 1 / size

    computed = {"good": client.submit(measure, 2), "bad": client.submit(measure, 0)}
    # No worker has what this one needs.
    panel.follow(computed | {"late": client.submit(measure, 4, resources={"GPU": 1})}, name="sizes")
    until(lambda: panel.works[0]["waiting"] == 1)
    panel.end()
    for _ in range(2):
        (work,) = panel.works
        counts = {key: work[key] for key in ("total", "done", "failed", "lost", "cancelled", "waiting")}
        assert counts == {"total": 3, "done": 1, "failed": 1, "lost": 0, "cancelled": 1, "waiting": 0}
        (failure,) = work["failures"]
        assert (failure["image"], failure["what"]) == ("bad", "ZeroDivisionError: division by zero")
        panel.look()
    assert "1 of 3 done, 1 failed" in panel.as_text()
    assert "division by zero" in panel.as_static()["text/html"]
    panel.close()


def test_a_cluster_that_ends_is_told() -> None:
    with start_cluster(workers=1) as other:
        panel = cluster(other)
        assert panel.state == "running"
        assert panel.cluster is other
        panel.wanted = 2
        panel.scale()
        assert len(panel.workers) == 2
        # The page asks before it saves what was typed last.
        panel.answer_act({"do": "scale", "wanted": 1}, [], None)  # type: ignore[arg-type]
        assert (panel.wanted, len(panel.workers)) == (1, 1)
    until(lambda: panel.state == "closed")
    assert panel.workers == []
    with pytest.raises(NotNowError, match="it is closed"):
        panel.scale()
    panel.close()
