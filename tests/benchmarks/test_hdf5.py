"""A dataset of an HDF5 file in deflated chunks, read by h5py and past it: here, and 20 ms away."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import fsspec
import h5py
import numpy as np
import pytest

from bioimagehub.catalogs.drivers import hdf5
from bioimagehub.catalogs.reader import Place, installed_reader
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SHAPE, CHUNK = (32, 1024, 1024), (8, 128, 128)
DELAY = 0.02

# fsspec leaves connections and loops behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """67 MB of pixels in 256 chunks, shuffled and deflated."""
    path = tmp_path_factory.mktemp("hdf5") / "volume.h5"
    volume = np.random.default_rng(0).poisson(100, SHAPE).astype("uint16")
    with h5py.File(path, "w") as made:
        made.create_dataset("image", data=volume, chunks=CHUNK, compression="gzip", shuffle=True)
    return path


@pytest.fixture
def no_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What was read is not kept, so that each run asks the server."""
    monkeypatch.setenv("BIOIMAGEHUB_READER_CACHE", "none")
    installed_reader.cache_clear()
    yield
    installed_reader.cache_clear()


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    start = perf_counter()
    found = function()
    return perf_counter() - start, found


def test_here(file: Path) -> None:
    def through_h5py(key: Any) -> Any:
        with h5py.File(file) as opened:
            return opened["image"][key]

    print(f"\n{'':12}{'h5py':>10}{'ours':>10}{'ratio':>8}")
    for name, key in (("tile", np.s_[0, :128, :128]), ("plane", np.s_[0]), ("everything", np.s_[:])):
        theirs, right = min((timed(lambda key=key: through_h5py(key)) for _ in range(3)), key=lambda pair: pair[0])
        ours, found = min(
            (timed(lambda key=key: hdf5.open_array(str(file))[key].values) for _ in range(3)), key=lambda pair: pair[0]
        )
        np.testing.assert_array_equal(found, right)
        print(f"{name:12}{theirs * 1e3:>7.1f} ms{ours * 1e3:>7.1f} ms{ours / theirs:>8.2f}")
    assert ours < theirs


def test_far_away(file: Path, no_cache: None) -> None:
    with StoreServer(file.parent, delay=DELAY) as store:
        url = f"{store.url}/{file.name}"
        layout = hdf5.scan(url)
        ways: dict[str, Callable[[], Any]] = {
            "h5py over fsspec": lambda: h5py.File(fsspec.open(url, block_size=2**20).open())["image"],
            "ours": lambda: hdf5.open_array(url),
            "ours, indexed": lambda: hdf5.open_array(Place(url, layout=layout)),
        }
        print(f"\n{'':20}{'open':>10}{'requests':>10}{'tile':>10}{'all':>10}{'MB':>8}")
        for name, opener in ways.items():
            store.reset()
            opening, array = timed(opener)
            requests = store.count
            tile, _ = timed(lambda: np.asarray(array[0, :128, :128]))  # noqa: B023
            everything, _ = timed(lambda: np.asarray(array[:]))  # noqa: B023
            print(
                f"{name:20}{opening * 1e3:>7.0f} ms{requests:>10}{tile * 1e3:>7.0f} ms{everything:>8.2f} s"
                f"{store.bytes / 1e6:>8.1f}"
            )
        assert requests == 0
        assert opening < 0.02
