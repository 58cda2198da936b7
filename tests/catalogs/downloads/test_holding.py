"""A download that is held asks for nothing, and goes on where it was."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.downloads import FetchSettings, Outcome, Plan, Progress, fetch
from bioimagehub.catalogs.downloads.items import Item
from catalogs.downloads.made import FAST, make_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers.store import StoreServer

DEADLINE = 30.0
QUIET = 0.4


def wait(until: Callable[[], bool]) -> None:
    late = time.monotonic() + DEADLINE
    while not until():
        assert time.monotonic() < late
        time.sleep(0.01)


class Held:
    """A download in a thread, held as soon as some bytes came."""

    def __init__(self, plan: Plan, into: Path) -> None:
        self.hold, self.stop = threading.Event(), threading.Event()
        self.seen: list[Progress] = []
        self.outcomes: list[Outcome] = []
        self.thread = threading.Thread(target=self._run, args=(plan, into))
        self.thread.start()

    def _run(self, plan: Plan, into: Path) -> None:
        self.report = fetch(
            plan, into, settings=FetchSettings(**FAST), stop=self.stop, hold=self.hold,
            progress=self._look, concluded=self.outcomes.append,
        )  # fmt: skip

    def _look(self, progress: Progress) -> None:
        self.seen.append(progress)
        if progress.size > 200_000 and len(self.seen) < 10_000 and not self.hold.is_set() and not self.released:
            self.hold.set()

    released = False

    def go_on(self) -> None:
        self.released = True
        self.hold.clear()


@pytest.mark.parametrize("kind", ["one large file", "many small files", "without ranges"])
def test_nothing_comes_while_it_is_held(kind: str, store: StoreServer, folder: Path, into: Path) -> None:
    sizes = {"one large file": [30_000_000], "many small files": [20_000] * 300, "without ranges": [12_000_000]}[kind]
    contents = {f"{number}.tif": make_bytes(size, number) for number, size in enumerate(sizes)}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    store.fault(rate=1e6, whole=kind == "without ranges")
    if kind == "many small files":
        store.mend()
        store.fault(wait=0.05)
    items = [Item(path=name, urls=(f"{store.url}/{name}",), size=len(each)) for name, each in contents.items()]
    run = Held(Plan(source="test:set", items=tuple(items)), into)
    wait(run.hold.is_set)
    wait(lambda: run.seen[-1].held and run.seen[-1].rate == 0)
    moved, count = run.seen[-1].moved, store.count
    assert 0 < moved < sum(sizes)
    time.sleep(QUIET)
    assert (run.seen[-1].moved, store.count) == (moved, count)
    store.mend()
    run.go_on()
    run.thread.join(DEADLINE)
    assert run.report.complete, [outcome.reason for outcome in run.report.files]
    assert {name: (into / name).read_bytes() for name in contents} == contents
    assert sorted(run.outcomes, key=lambda each: each.path) == list(run.report.files)
    # What had come was not asked for again.
    assert run.report.moved <= sum(sizes) * 1.01


def test_it_can_be_stopped_while_it_is_held(store: StoreServer, folder: Path, into: Path) -> None:
    (folder / "a.tif").write_bytes(make_bytes(30_000_000))
    store.fault(rate=1e6)
    run = Held(Plan(source="test:set", items=(Item(path="a.tif", urls=(f"{store.url}/a.tif",)),)), into)
    wait(run.hold.is_set)
    run.stop.set()
    run.thread.join(DEADLINE)
    assert run.report.counts == {"cancelled": 1}


def test_files_under_way_are_told(store: StoreServer, folder: Path, into: Path) -> None:
    (folder / "a.tif").write_bytes(make_bytes(20_000_000))
    store.fault(rate=2e6)
    run = Held(Plan(source="test:set", items=(Item(path="a.tif", urls=(f"{store.url}/a.tif",)),)), into)
    run.go_on()
    wait(lambda: any(each.came > 0 for progress in list(run.seen) for each in progress.under_way))
    store.mend()
    run.stop.set()
    run.thread.join(DEADLINE)
    told = [each for progress in run.seen for each in progress.under_way if each.came > 0]
    assert {(each.path, each.size) for each in told} == {("a.tif", 20_000_000)}
