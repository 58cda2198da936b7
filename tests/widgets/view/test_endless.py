"""A hundred thousand by a hundred thousand pixels, in four channels, over HTTP with 20 ms a request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.widgets.view.reads import THREADS
from bioimagehub.widgets.view.viewer import Viewer
from servers.endless import EndlessServer, expected
from servers.page import DEADLINE, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def endless() -> Iterator[EndlessServer]:
    with EndlessServer() as server:
        yield server


def test_few_requests_lead_to_the_first_picture(endless: EndlessServer, show: Callable[..., Page]) -> None:
    page = show(endless.url)
    scene = page.viewer.scene
    assert (scene["size"]["x"], len(scene["levels"]), len(scene["layers"])) == (100_000, 12, 4)
    assert scene["spacing"]["x"] == 0.25
    assert scene["units"]["x"] == "micrometer"
    assert len(endless.asked) < 40
    endless.forget()
    # All of the image in 800 × 480 pixels.
    for channel in range(4):
        page.tile(f"c{channel}", level=8)
    assert len(endless.asked) <= 4, "contrast was chosen by the same chunks"


def test_channels_of_a_tile_are_read_at_the_same_time(endless: EndlessServer, show: Callable[..., Page]) -> None:
    page = show(endless.url)
    channels = [f"c{channel}" for channel in range(4)]
    for channel, tile in enumerate(page.tiles(*channels, level=0, row=7, column=9)):
        np.testing.assert_array_equal(tile, expected(0, channel, np.arange(1792, 2048), np.arange(2304, 2560)))
    endless.forget()
    endless.hang()
    waiting = page.begin("tile", layers=channels, level=0, row=20, column=30)
    wait_for(lambda: len(endless.chunks_read()) >= 4)
    assert sorted(endless.chunks_read()) == [(0, channel, 10, 15) for channel in range(4)]
    page.cancel(waiting)


def test_tiles_are_right_on_all_levels(endless: EndlessServer, show: Callable[..., Page]) -> None:
    endless.delay = 0
    page = show(endless.url)
    for level, row, column in [(0, 0, 0), (0, 390, 390), (3, 20, 11), (11, 0, 0)]:
        side = endless.shape(level)[1]
        rows, columns = (np.arange(n * 256, min(side, (n + 1) * 256)) for n in (row, column))
        found = page.tile("c2", level=level, row=row, column=column)
        np.testing.assert_array_equal(found, expected(level, 2, rows, columns))
    assert page.ask("value", t=0, z=0, y=99_999, x=77_777)[0]["values"]["c3"] == str(
        expected(0, 3, [99_999], [77_777])[0, 0]
    )


def test_questions_that_are_taken_back_are_not_read(endless: EndlessServer, show: Callable[..., Page]) -> None:
    page = show(endless.url)
    endless.forget()
    endless.delay = 0.1
    questions = [
        page.begin("tile", layers=["c0"], level=0, row=row, column=2 * column)
        for row in (0, 20, 40)
        for column in range(40)
    ]
    page.cancel(*questions)
    wanted = page.begin("tile", layers=["c1"], level=0, row=100, column=100)
    page.expect(wanted)
    # Those that were begun are ended: there are as many as threads.
    assert len(endless.chunks_read()) < 30
    assert (0, 1, 50, 50) in endless.chunks_read()


def test_memory_stays_bounded(endless: EndlessServer, tmp_path: Path) -> None:
    endless.delay = 0.002
    done = subprocess.run(
        [sys.executable, "-c", _PAN, endless.url],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "BIOIMAGEHUB_READER_CACHE": str(tmp_path / "cache")},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["tiles"] == 800
    assert found["peak"] < 500, f"{found['peak']} MB at most"
    assert found["kept"] <= 96 * 2**20


_PAN = """
import json, re, sys, threading
from concurrent.futures import ThreadPoolExecutor
from bioimagehub.widgets import view

viewer = view(sys.argv[1]).wait()
stop = threading.Event()

def ask(number):
    step, rest = divmod(number, 16)
    at = {"row": step * 3 + rest // 4 % 2, "column": step * 3 + rest // 8, "layers": [f"c{rest % 4}"]}
    return len(viewer.answer_tile({"level": 0, "t": 0, "z": 0} | at, [], stop)[1][0])

with ThreadPoolExecutor(16) as pool:
    tiles = sum(1 for size in pool.map(ask, range(800)) if size)
viewer.as_static()
# Of this program alone: what getrusage tells includes the process that it was forked from.
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) / 1000
print(json.dumps({"tiles": tiles, "peak": peak, "kept": viewer._contents.recent.bytes}))
viewer.close()
"""


def test_a_store_that_hangs_later(endless: EndlessServer, show: Callable[..., Page]) -> None:
    endless.delay = 0
    page = show(endless.url)
    page.tile("c0", level=8)
    contents = page.viewer._contents
    assert contents is not None
    (reads,) = contents._threads
    endless.hang()
    endless.forget()
    questions = [page.begin("tile", layers=["c0"], level=0, row=9, column=2 * column) for column in range(40)]
    wait_for(lambda: len(endless.chunks_read()) >= THREADS)
    page.cancel(*questions)
    # What is known is there at once.
    assert page.tile("c0", level=8).shape == (256, 256)
    assert reads._threads <= THREADS
    assert len(page.viewer._pool._threads) <= Viewer.THREADS
    # What was taken back waits for nobody; its threads end when the store does.
    wait_for(lambda: not reads._waiting)
    endless._free.set()
    page.viewer.close()
    wait_for(lambda: reads._threads == 0)
    wait_for(lambda: not any(thread.is_alive() for thread in page.viewer._pool._threads))


def wait_for(state: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not state():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
