"""Downloads in a process of their own: begun, found again, held, ended, killed, and done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.downloads import FetchSettings, Selection
from bioimagehub.catalogs.downloads.background import (
    BackgroundRun,
    Order,
    Part,
    RunState,
    find_run,
    start_run,
)
from bioimagehub.catalogs.downloads.background.order import read_order
from bioimagehub.catalogs.errors import FetchRunningError, InvalidSelectionError, MissingFileError
from catalogs.downloads.made import FAST, make_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers.store import StoreServer

DEADLINE = 60.0
SIZE = 20_000_000


def wait(run: BackgroundRun, until: Callable[[RunState], bool]) -> RunState:
    late = time.monotonic() + DEADLINE
    while True:
        state = run.state()
        if until(state):
            return state
        assert time.monotonic() < late, state
        time.sleep(0.02)


def wait_for_end(run: BackgroundRun) -> None:
    """Wait for the process to go: it does so after it has written that it is done."""
    late = time.monotonic() + DEADLINE
    while run.is_alive:
        assert time.monotonic() < late
        time.sleep(0.02)


def order(*sources: str | Path, paths: tuple[str, ...] = ()) -> Order:
    several = len(sources) > 1
    parts = [Part(source=each, folder=f"set-{number}" if several else "") for number, each in enumerate(sources)]
    return Order(parts=tuple(parts), selection=Selection(paths=paths), settings=FetchSettings(**FAST))


@pytest.fixture
def slow(store: StoreServer, folder: Path) -> str:
    (folder / "image.tif").write_bytes(make_bytes(SIZE))
    store.fault(rate=5e5)
    return f"{store.url}/image.tif"


def holder(into: Path) -> int:
    return int(json.loads((into / ".bioimagehub" / "lock").read_text())["process"])


def test_it_is_paused_found_again_and_done(slow: str, store: StoreServer, into: Path) -> None:
    run = start_run(order(slow), into)
    moving = wait(run, lambda state: state.size > 0)
    assert moving.state == "running"
    assert moving.size_total in {SIZE, None}
    wait(run, lambda state: state.under_way != ())
    with pytest.raises(FetchRunningError, match="Another process fetches into"):
        start_run(order(slow), into)
    run.pause()
    wait(run, lambda state: state.state == "paused")
    found = find_run(into)
    assert found is not None
    assert found.order == order(slow)
    store.mend()
    found.go_on()
    done = wait(found, lambda state: not state.is_active)
    assert (done.state, done.files, done.size, done.failed, dict(done.counts)) == ("done", 1, SIZE, 0, {"fetched": 1})
    assert (into / "image.tif").read_bytes() == make_bytes(SIZE)
    wait_for_end(run)


def test_it_outlives_the_process_that_began_it(slow: str, store: StoreServer, into: Path) -> None:
    """A kernel that is killed, with all that is in its process group."""
    code = (
        "import sys, os, time; from pathlib import Path\n"
        "from bioimagehub.catalogs.downloads.background import *\n"
        "start_run(Order(parts=(Part(source=sys.argv[1]),)), Path(sys.argv[2]))\n"
        "print('begun', flush=True); time.sleep(600)"
    )
    kernel = subprocess.Popen([sys.executable, "-c", code, slow, into], stdout=subprocess.PIPE, start_new_session=True)
    assert kernel.stdout is not None
    kernel.stdout.readline()
    run = BackgroundRun(into)
    wait(run, lambda state: state.size > 0)
    os.killpg(kernel.pid, signal.SIGKILL)
    kernel.wait(DEADLINE)
    kernel.stdout.close()
    store.mend()
    assert wait(run, lambda state: not state.is_active).state == "done"
    assert (into / "image.tif").read_bytes() == make_bytes(SIZE)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_ended_is_told_of_and_goes_on(
    number: signal.Signals, slow: str, store: StoreServer, into: Path
) -> None:
    run = start_run(order(slow), into)
    wait(run, lambda state: state.size > 2_000_000)
    os.kill(holder(into), number)
    ended = wait(run, lambda state: not state.is_active)
    assert ended.state == "interrupted"
    store.mend()
    store.reset()
    run.go_on()
    assert wait(run, lambda state: not state.is_active).state == "done"
    assert store.bytes < SIZE
    assert (into / "image.tif").read_bytes() == make_bytes(SIZE)


def test_what_was_cancelled_keeps_what_came(slow: str, store: StoreServer, into: Path) -> None:
    run = start_run(order(slow), into)
    wait(run, lambda state: state.size > 2_000_000)
    run.cancel()
    assert wait(run, lambda state: not state.is_active).state == "cancelled"
    assert (into / "image.tif.part").exists()
    store.mend()
    store.reset()
    run.go_on()
    assert wait(run, lambda state: not state.is_active).state == "done"
    assert store.bytes < SIZE


def test_only_what_failed_is_fetched_again(store: StoreServer, folder: Path, into: Path) -> None:
    for name in ("good.tif", "bad.tif"):
        (folder / name).write_bytes(make_bytes(1000))
    store.fault("bad.tif", status=500, method="GET")
    run = start_run(order(f"{store.url}/good.tif", f"{store.url}/bad.tif", f"{store.url}/none.tif"), into)
    failed = wait(run, lambda state: not state.is_active)
    assert (failed.state, failed.files, failed.failed) == ("failed", 2, 1)
    assert failed.problem is not None
    assert "none.tif" in failed.problem
    (failure,) = run.failures()
    assert (failure.folder, failure.path) == ("set-1", "bad.tif")
    assert "500" in failure.reason
    store.mend()
    store.reset()
    run.fetch_again()
    wait(run, lambda state: not state.is_active)
    assert (into / "set-1" / "bad.tif").read_bytes() == make_bytes(1000)
    assert not [request for request in store.requests if request.path == "good.tif" and request.method == "GET"]
    assert run.failures() == []


def test_files_are_chosen_over_several_folders(tmp_path: Path, into: Path) -> None:
    for number, name in ((0, "a.tif"), (0, "b.txt"), (1, "a.tif"), (1, "c.txt")):
        (tmp_path / f"from-{number}").mkdir(exist_ok=True)
        (tmp_path / f"from-{number}" / name).write_text(name)
    chosen = ("*.txt", "set-1/a.tif")
    run = start_run(order(str(tmp_path / "from-0"), str(tmp_path / "from-1"), paths=chosen), into)
    assert wait(run, lambda state: not state.is_active).state == "done"
    names = sorted(file.relative_to(into).as_posix() for file in into.glob("set-*/[a-z]*"))
    assert names == ["set-0/b.txt", "set-1/a.tif", "set-1/c.txt"]


def test_what_cannot_be_had_is_told(into: Path, tmp_path: Path) -> None:
    run = start_run(order(tmp_path / "nothing"), into)
    state = wait(run, lambda state: not state.is_active)
    assert state.state == "failed"
    assert state.problem is not None
    assert state.problem.startswith("There is no file and no folder")


def test_a_record_that_is_in_no_catalog_is_ordered(samples: Path, into: Path) -> None:
    from bioimagehub.catalogs import Record, open_catalog

    record = open_catalog()["samples:bbbc038-nuclei"]
    assert isinstance(record, Record)
    wanted = Order(parts=(Part(source=record),))
    run = start_run(wanted, into)
    assert run.order == wanted
    assert wait(run, lambda state: not state.is_active).state == "done"


def test_nothing_is_found_where_nothing_was_ordered(into: Path) -> None:
    assert find_run(into) is None
    assert not BackgroundRun(into).is_alive
    (into / ".bioimagehub").mkdir(parents=True)
    with pytest.raises(MissingFileError, match="Begin a download into it"):
        BackgroundRun(into).go_on()
    (into / ".bioimagehub" / "order.json").write_text('{"format": 99}')
    with pytest.raises(InvalidSelectionError, match="written by another version"):
        read_order(into)
