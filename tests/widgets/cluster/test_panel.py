"""The panel of a cluster, on a real cluster of this machine: no browser."""

from __future__ import annotations

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


def test_it_is_not_started_twice_and_knows_its_acts(panel: ClusterPanel) -> None:
    with pytest.raises(NotNowError, match="End it first, or scale it"):
        panel.start()
    with pytest.raises(NotNowError, match="It can end, scale, start"):
        panel.answer_act({"do": "close"}, [], None)  # type: ignore[arg-type]


def test_a_cluster_that_ends_is_told() -> None:
    with start_cluster(workers=1) as other:
        panel = cluster(other)
        assert panel.state == "running"
        assert panel.cluster is other
        panel.wanted = 2
        panel.scale()
        assert len(panel.workers) == 2
    until(lambda: panel.state == "closed")
    assert panel.workers == []
    with pytest.raises(NotNowError, match="it is closed"):
        panel.scale()
    panel.close()
