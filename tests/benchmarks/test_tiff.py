"""A tiled pyramidal OME-TIFF, of which others read gigabytes to open it: here, and 20 ms away.

All ways read the same file in the same process, one after the other; the server counts requests and bytes. Each
figure is the least of some runs, but for opening through fsspec, which takes seconds.
"""

from __future__ import annotations

import gc
import http.client
import json
import statistics
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import fsspec
import numpy as np
import pytest
import tifffile
import zarr
from bioio_tifffile import Reader as BioioReader

from bioimagehub.catalogs.drivers import tiff
from bioimagehub.catalogs.reader import Place, installed_reader
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

PAGES, HEIGHT, WIDTH, TILE, LEVELS = 48, 1536, 2048, 256, 4
RUNS = 5
DELAY = 0.02

# fsspec leaves connections and loops behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 200 MB: 48 pages of 4 levels, each level behind the one before."""
    folder = tmp_path_factory.mktemp("tiff")
    plane = np.random.default_rng(0).poisson(200, (HEIGHT, WIDTH)).astype(np.uint16)
    volume = np.stack([np.roll(plane, 17 * page, 0) + page for page in range(PAGES)]).astype(np.uint16)
    options: dict[str, Any] = {"tile": (TILE, TILE), "compression": "zlib", "photometric": "minisblack"}
    with tifffile.TiffWriter(folder / "volume.ome.tif", bigtiff=True) as file:
        file.write(volume, subifds=LEVELS - 1, metadata={"axes": "ZYX"}, **options)
        for level in range(1, LEVELS):
            step = 2**level
            file.write(np.ascontiguousarray(volume[:, ::step, ::step]), subfiletype=1, **options)
    return folder


@pytest.fixture
def no_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What was read is not kept, so that each run asks the server."""
    monkeypatch.setenv("BIOIMAGEHUB_READER_CACHE", "none")
    installed_reader.cache_clear()
    yield
    installed_reader.cache_clear()


def ways(url: str, folder: Path) -> dict[str, Callable[[], Any]]:
    """Give for each way what opens level 0 as something that is indexed like an array."""
    with tifffile.TiffFile(folder / "volume.ome.tif") as file, file.series[0].aszarr(level=0) as store:
        store.write_fsspec(folder / "volume.json", url.rpartition("/")[0], version=1)
    reference = json.loads((folder / "volume.json").read_text())
    layout = tiff.scan(url)

    def through_fsspec() -> Any:
        return zarr.open(tifffile.TiffFile(fsspec.open(url).open()).series[0].aszarr(level=0), mode="r")

    def through_reference() -> Any:
        system = fsspec.filesystem(
            "reference", fo=reference, remote_protocol="http", remote_options={"asynchronous": True}, asynchronous=True
        )
        return zarr.open(zarr.storage.FsspecStore(system, read_only=True), mode="r", zarr_format=2)

    return {
        "tifffile over fsspec": through_fsspec,
        "bioio-tifffile": lambda: last_three(BioioReader(url).dask_data),
        "a kerchunk reference": through_reference,
        "ours": lambda: tiff.open_array(Place(url)),
        "ours, indexed": lambda: tiff.open_array(Place(url, layout=layout)),
    }


def last_three(array: Any) -> Any:
    return array[(0,) * (array.ndim - 3)]


def once(function: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    start = perf_counter()
    found = function()
    return perf_counter() - start, found


def least(function: Callable[[], Any], runs: int = RUNS) -> float:
    return min(once(function)[0] for _ in range(runs))


def pixels(array: Any, *key: Any) -> NDArray[Any]:
    return np.asarray(array[key])


def range_request(url: str, start: int, length: int) -> Callable[[], bytes]:
    """Give a plain range request over a connection that stays open."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)

    def ask() -> bytes:
        connection.request("GET", parts.path, headers={"Range": f"bytes={start}-{start + length - 1}"})
        return connection.getresponse().read()

    return ask


def test_far_away(folder: Path, no_cache: None) -> None:
    with tifffile.TiffFile(folder / "volume.ome.tif") as file:
        page = file.pages[7]
        tile, size = page.dataoffsets[10], page.databytecounts[10]
    row, column = divmod(10, WIDTH // TILE)
    here = slice(row * TILE, (row + 1) * TILE), slice(column * TILE, (column + 1) * TILE)
    right = tifffile.imread(folder / "volume.ome.tif", series=0, level=0)
    with StoreServer(folder, delay=DELAY) as store:
        url = f"{store.url}/volume.ome.tif"
        plain = range_request(url, tile, size)
        bare = statistics.median(once(plain)[0] for _ in range(3 * RUNS))
        size_of_file = (folder / "volume.ome.tif").stat().st_size
        print(
            f"\n{size_of_file / 1e6:.0f} MB, {DELAY * 1e3:.0f} ms a request; "
            f"a plain range request of a tile {bare * 1e3:.0f} ms"
        )
        print(f"{'':22}{'open':>10}{'requests':>10}{'MB':>9}{'tile':>9}{'x plain':>9}{'plane':>9}{'all':>9}")
        for name, opener in ways(url, folder).items():
            store.reset()
            opening, array = once(opener)
            requests, moved = store.count, store.bytes / 1e6
            found = pixels(array, 7, *here)
            np.testing.assert_array_equal(found, right[7][here])
            # Ways that open the file anew for each block take minutes.
            columns = [slice(at * TILE, (at + 1) * TILE) for at in range(1 if opening > 1 else 4)]
            first = min(once(lambda one=one: pixels(array, 9, here[0], one))[0] for one in columns)  # noqa: B023
            plane = min(once(lambda z=z: pixels(array, z))[0] for z in ((20,) if opening > 1 else (20, 30, 40)))  # noqa: B023
            everything, found = once(lambda: pixels(array, slice(None)))  # noqa: B023
            np.testing.assert_array_equal(found, right)
            print(
                f"{name:22}{opening:>8.3f} s{requests:>10}{moved:>9.1f}{first * 1e3:>6.0f} ms{first / bare:>9.2f}"
                f"{plane * 1e3:>6.0f} ms{everything:>7.2f} s"
            )
        assert opening < 0.02
        assert requests == 0
        assert first < 1.3 * bare


def test_here(folder: Path) -> None:
    file = str(folder / "volume.ome.tif")
    layout = tiff.scan(file)
    right = tifffile.imread(file, series=0, level=0)
    np.testing.assert_array_equal(tiff.open_array(file).values, right)
    everything = {
        "tifffile.imread": lambda: tifffile.imread(file, series=0, level=0),
        "bioio-tifffile": lambda: BioioReader(file).data,
        "ours": lambda: tiff.open_array(file).values,
        "ours, indexed": lambda: tiff.open_array(Place(file, layout=layout)).values,
    }
    opened = {
        "tifffile.imread": lambda: tifffile.TiffFile(file).series,
        "bioio-tifffile": lambda: BioioReader(file).dask_data,
        "ours": lambda: tiff.open_array(file),
        "ours, indexed": lambda: tiff.open_array(Place(file, layout=layout)),
    }
    print(f"\n{right.nbytes / 1e6:.0f} MB of pixels on this disk")
    # In turns, as other work on the machine comes and goes.
    times: dict[str, list[float]] = {name: [] for name in everything}
    for _ in range(RUNS):
        for name, read in everything.items():
            times[name].append(once(read)[0])
    bests = {name: min(taken) for name, taken in times.items()}
    for name, best in bests.items():
        ratio = best / bests["tifffile.imread"]
        print(
            f"{name:18} open {least(opened[name]) * 1e3:>7.1f} ms, all {best:>6.2f} s, {ratio:>5.2f} x tifffile.imread"
        )
    assert bests["ours"] < 1.3 * bests["tifffile.imread"]
