"""An MRC map of 256 MB beside mrcfile, fsspec and plain range requests: on this machine, and 20 ms away.

All ways read the same file in the same process, one after the other; the server counts requests and bytes. Each
figure is the least of some runs, but for what reads the whole file each time.
"""

from __future__ import annotations

import gc
import gzip
import http.client
import io
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import fsspec
import mrcfile
import numpy as np
import pytest

from bioimagehub.catalogs.drivers import mrc
from bioimagehub.catalogs.reader import Place, installed_reader
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 400
RUNS = 5
DELAY = 0.02
TILE = (slice(200, 201), slice(100, 228), slice(72, 200))

# fsspec leaves connections and loops behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mrc")
    with mrcfile.new(folder / "map.mrc") as file:
        file.set_data(np.random.default_rng(0).random((SIZE, SIZE, SIZE), dtype=np.float32).round(2))
        file.voxel_size = 1.1
    (folder / "map.mrc.gz").write_bytes(gzip.compress((folder / "map.mrc").read_bytes(), 1))
    return folder


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What was read is not kept, so that each run asks the server."""
    monkeypatch.setenv("BIOIMAGEHUB_READER_CACHE", "none")
    installed_reader.cache_clear()
    yield
    installed_reader.cache_clear()


def once(function: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    start = perf_counter()
    found = function()
    return perf_counter() - start, found


def least(function: Callable[[], Any], runs: int = RUNS) -> float:
    return min(once(function)[0] for _ in range(runs))


def read(opened: Any, key: Any) -> NDArray[Any]:
    """Read into memory: a map of a file is no array yet."""
    return np.array(opened[key])


def range_request(url: str, start: int, length: int) -> Callable[[], bytes]:
    """Give a plain range request over a connection that stays open."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)

    def ask() -> bytes:
        connection.request("GET", parts.path, headers={"Range": f"bytes={start}-{start + length - 1}"})
        return connection.getresponse().read()

    return ask


def through_fsspec(url: str) -> NDArray[Any]:
    """Read the file whole, as mrcfile needs it."""
    with fsspec.open(url) as file:
        return mrcfile.mrcinterpreter.MrcInterpreter(io.BytesIO(file.read())).data


def report(name: str, times: dict[str, float]) -> None:
    best = min(times.values())
    told = ", ".join(f"{way} {took * 1e3:.1f} ms ({took / best:.1f}x)" for way, took in times.items())
    print(f"{name}: {told}")


def test_on_this_machine(folder: Path) -> None:
    file = str(folder / "map.mrc")
    opening = {
        "mrcfile.mmap": lambda: mrcfile.mmap(file).data,
        "mrcfile.open": lambda: mrcfile.open(file).data,
        "ours": lambda: mrc.open_array(file),
    }
    print()
    report("open", {way: least(function) for way, function in opening.items()})
    opened = {way: function() for way, function in opening.items()}
    right = opened["mrcfile.open"]
    for name, key in (("plane", np.s_[200]), ("tile", TILE), ("column", np.s_[:, 7, 9]), ("all", np.s_[:])):
        times = {}
        for way, array in opened.items():
            np.testing.assert_array_equal(read(array, key), right[key])
            times[way] = least(lambda array=array, key=key: read(array, key))
        report(name, times)


def test_packed(folder: Path) -> None:
    file = str(folder / "map.mrc.gz")
    with StoreServer(folder, delay=DELAY) as store:
        times = {
            "mrcfile.open": once(lambda: mrcfile.open(file).data)[0],
            "ours, open": once(lambda: mrc.open_array(file))[0],
            "ours, all": once(lambda: mrc.open_array(file).values)[0],
            "ours, all, over HTTP": once(lambda: mrc.open_array(f"{store.url}/map.mrc.gz").values)[0],
        }
    print()
    report("gzip", times)


def test_far_away(folder: Path) -> None:
    right = mrcfile.read(folder / "map.mrc")
    plane, (first, last) = 4 * SIZE**2, (TILE[1].start, TILE[1].stop - 1)
    start = 1024 + 200 * plane
    within = start + 4 * (first * SIZE + TILE[2].start), 4 * ((last - first) * SIZE + TILE[2].stop - TILE[2].start)
    with StoreServer(folder, delay=DELAY) as store:
        url = f"{store.url}/map.mrc"
        layout = mrc.scan(url)
        print()
        whole, _ = once(lambda: through_fsspec(url))
        report(
            "open",
            {
                "fsspec, whole file": whole,
                "plain range": least(range_request(url, 0, 1024)),
                "ours": least(lambda: mrc.open_array(Place(url))),
                "ours, indexed": least(lambda: mrc.open_array(Place(url, layout=layout))),
            },
        )
        ours = mrc.open_array(url)
        for name, key, span in (("plane", np.s_[200], (start, plane)), ("tile", TILE, within)):
            store.reset()
            np.testing.assert_array_equal(read(ours, key), right[key])
            requests, moved = store.count, store.bytes
            assert requests == 1
            assert moved < 10**6
            bare, took = least(range_request(url, *span), 3 * RUNS), least(lambda key=key: read(ours, key), 3 * RUNS)
            report(f"{name}, {requests} request, {moved} bytes", {"plain range": bare, "ours": took})
        everything = {
            "plain request": least(range_request(url, 0, 1024 + right.nbytes), 2),
            "ours": least(lambda: read(ours, np.s_[:]), 3),
        }
        np.testing.assert_array_equal(read(ours, np.s_[:]), right)
        report("all", {"fsspec, whole file": whole, **everything})
