"""What every driver keeps to: a class of tests that the tests of each format inherit."""

from __future__ import annotations

import pickle
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
import xarray as xr

from bioimagehub.catalogs.errors import (
    CatalogError,
    UnknownAxisError,
    UnknownLabelError,
    UnknownLevelError,
    UnknownOptionError,
)
from bioimagehub.catalogs.layouts import load_layout, save_layout
from bioimagehub.catalogs.reader import Place
from bioimagehub.catalogs.reading import open_url
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import ModuleType

    from distributed import Client
    from numpy.typing import NDArray


@dataclass
class Written:
    """What a test wrote with the tool of somebody else, and what a driver has to find there.

    Attributes
    ----------
    path : Path
        File or folder that is opened.
    pixels : array
        Level 0, in the order of `dims`.
    dims : tuple of str
    levels : sequence of array
        All levels, the finest first; empty for one level.
    labels : mapping of name to array
        Label images at level 0.
    coords : mapping of axis to values
        Coordinates in micrometres and seconds, or names; those left out are not compared.
    units : mapping of axis to str
    options : mapping
        What is handed to `open_array` beside level, label and chunks.
    opening : int or None
        Requests that opening over HTTP takes at most, without a layout; None leaves it open.
    """

    path: Path
    pixels: NDArray[Any]
    dims: tuple[str, ...]
    levels: Sequence[NDArray[Any]] = ()
    labels: dict[str, NDArray[Any]] = field(default_factory=dict)
    coords: dict[str, Any] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    opening: int | None = None


class DriverContract:
    """Inherit it in a class whose name begins with ``Test``; give `driver` and `write`."""

    driver: ClassVar[str]

    def write(self, folder: Path) -> Written:
        """Write an image into a folder, with a tool that is not ours; nothing else may be in the folder."""
        raise NotImplementedError

    # ---- what the tests are made of

    @pytest.fixture(scope="class")
    @classmethod
    def written(cls, tmp_path_factory: pytest.TempPathFactory) -> Written:
        return cls().write(tmp_path_factory.mktemp(cls.driver))

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, written: Written) -> Iterator[StoreServer]:
        with StoreServer(written.path.parent) as server:
            yield server

    @property
    def module(self) -> ModuleType:
        return import_module(f"bioimagehub.catalogs.drivers.{self.driver}")

    def open(self, place: Any, written: Written, **options: Any) -> xr.DataArray:
        found = self.module.open_array(place, **(written.options | options))
        assert isinstance(found, xr.DataArray)
        return found

    def remote(self, store: StoreServer, written: Written) -> str:
        return f"{store.url}/{written.path.name}"

    # ---- lazy, labelled

    def test_open_is_lazy(self, written: Written) -> None:
        found = self.open(str(written.path), written)
        assert not found.variable._in_memory
        assert found.chunks is None

    def test_axes_shape_type(self, written: Written) -> None:
        found = self.open(str(written.path), written)
        assert found.dims == written.dims
        assert found.shape == written.pixels.shape
        assert found.dtype == written.pixels.dtype
        assert found.dtype.isnative

    def test_coordinates(self, written: Written) -> None:
        found = self.open(str(written.path), written)
        for axis, expected in written.coords.items():
            values = found.coords[axis].values
            if np.asarray(expected).dtype.kind in "US":
                assert values.tolist() == list(expected)
            else:
                assert values.dtype == np.float64
                np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-9)

    def test_units(self, written: Written) -> None:
        found = self.open(str(written.path), written)
        for axis, expected in written.units.items():
            assert found.coords[axis].attrs["units"] == expected
        assert "units" in found.attrs
        assert found.attrs["level"] == 0
        assert found.attrs["levels"] == max(1, len(written.levels))

    # ---- pixels

    def test_reads_everything(self, written: Written) -> None:
        np.testing.assert_array_equal(self.open(str(written.path), written).values, written.pixels)

    def test_indexing_equals_numpy(self, written: Written) -> None:
        found = self.open(str(written.path), written)
        chance = random.Random(0)
        for _ in range(40):
            key = tuple(_random_index(chance, size) for size in written.pixels.shape)
            np.testing.assert_array_equal(found[key].values, _take(written.pixels, key), err_msg=str(key))

    def test_indexing_of_an_index(self, written: Written) -> None:
        found = self.open(str(written.path), written)
        key = tuple(slice(size // 4, None) for size in written.pixels.shape)
        again = tuple(slice(None, None, 2) for _ in written.pixels.shape)
        np.testing.assert_array_equal(found[key][again].values, written.pixels[key][again])

    def test_pointwise_indexing(self, written: Written) -> None:
        found = self.open(str(written.path), written)
        chance = random.Random(1)
        points = [[chance.randrange(size) for _ in range(7)] for size in written.pixels.shape]
        picked = found[tuple(xr.Variable("point", point) for point in points)]
        np.testing.assert_array_equal(picked.values, written.pixels[tuple(map(np.array, points))])

    def test_positions_outside_are_refused(self, written: Written) -> None:
        found = self.open(str(written.path), written)
        with pytest.raises(IndexError):
            found[(written.pixels.shape[0],)].values  # noqa: B018 - reading is what is tested

    def test_selection_by_coordinate(self, written: Written) -> None:
        found = self.open(str(written.path), written)
        axis = written.dims[-1]
        value = found.coords[axis].values[-1]
        np.testing.assert_array_equal(found.sel({axis: value}).values, written.pixels[..., -1])

    # ---- levels, labels, options

    def test_levels(self, written: Written) -> None:
        for number, expected in enumerate(written.levels):
            found = self.open(str(written.path), written, level=number)
            np.testing.assert_array_equal(found.values, expected)
            assert found.attrs["level"] == number

    def test_level_by_the_pixels_wanted(self, written: Written) -> None:
        assert self.open(str(written.path), written, level="auto", pixels=1).attrs["level"] == max(
            0, len(written.levels) - 1
        )
        assert self.open(str(written.path), written, level="auto", pixels=10**12).attrs["level"] == 0

    def test_unknown_level(self, written: Written) -> None:
        with pytest.raises(UnknownLevelError, match=r"Choose"):
            self.open(str(written.path), written, level=99)

    def test_labels(self, written: Written) -> None:
        for name, expected in written.labels.items():
            found = self.open(str(written.path), written, label=name)
            np.testing.assert_array_equal(found.values, expected)
            assert found.attrs["label"] == name

    def test_unknown_label(self, written: Written) -> None:
        with pytest.raises(UnknownLabelError, match=r"no-such-label"):
            self.open(str(written.path), written, label="no-such-label")

    def test_unknown_options_are_refused(self, written: Written) -> None:
        with pytest.raises(UnknownOptionError, match=r"takes .*\bchunks\b.*\blevel\b.*Leave it out"):
            open_url(self.driver, str(written.path), no_such_option=1, **written.options)

    # ---- Dask, processes, threads

    def test_dask(self, written: Written) -> None:
        found = self.open(str(written.path), written, chunks=())
        assert found.chunks is not None
        np.testing.assert_array_equal(found.values, written.pixels)

    def test_dask_with_sizes(self, written: Written) -> None:
        axis = written.dims[-1]
        found = self.open(str(written.path), written, chunks={axis: 5})
        assert found.chunksizes[axis][0] == min(5, written.pixels.shape[-1])
        np.testing.assert_array_equal(found.values, written.pixels)

    def test_chunks_along_unknown_axes_are_refused(self, written: Written) -> None:
        with pytest.raises(UnknownAxisError, match=written.dims[-1]):
            self.open(str(written.path), written, chunks={"no-such-axis": 5})

    def test_pickles(self, written: Written) -> None:
        found = pickle.loads(pickle.dumps(self.open(str(written.path), written)))  # noqa: S301 - our own
        assert not found.variable._in_memory
        np.testing.assert_array_equal(found.values, written.pixels)

    def test_dask_worker_reads(self, written: Written, store: StoreServer, dask_client: Client) -> None:
        found = self.open(self.remote(store, written), written, chunks=())
        np.testing.assert_array_equal(dask_client.compute(found).result(timeout=60).values, written.pixels)

    def test_threads(self, written: Written) -> None:
        found = self.open(str(written.path), written)

        def read(seed: int) -> None:
            chance = random.Random(seed)
            for _ in range(5):
                key = tuple(_random_index(chance, size) for size in written.pixels.shape)
                np.testing.assert_array_equal(found[key].values, _take(written.pixels, key))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(read, range(16)))

    # ---- remote, indexed

    def test_remote_equals_local(self, written: Written, store: StoreServer) -> None:
        local = self.open(str(written.path), written)
        remote = self.open(self.remote(store, written), written)
        xr.testing.assert_identical(remote.drop_attrs(), local.drop_attrs())
        for number in range(len(written.levels)):
            found = self.open(self.remote(store, written), written, level=number)
            np.testing.assert_array_equal(found.values, written.levels[number])

    def test_opening_takes_few_requests(self, written: Written, store: StoreServer) -> None:
        store.reset()
        self.open(self.remote(store, written), written)
        assert written.opening is None or len(store.requests) <= written.opening

    def test_indexed_opens_without_a_request(self, written: Written, store: StoreServer, tmp_path: Path) -> None:
        url = self.remote(store, written)
        kept = load_layout(save_layout(self.module.scan(url), tmp_path))
        assert kept.driver == self.driver
        store.reset()
        found = self.open(Place(url, layout=kept), written)
        assert store.requests == []
        local = self.open(str(written.path), written)
        xr.testing.assert_identical(found.drop_attrs(), local.drop_attrs())
        for number, expected in enumerate(written.levels):
            np.testing.assert_array_equal(self.open(Place(url, layout=kept), written, level=number).values, expected)
        for name, expected in written.labels.items():
            np.testing.assert_array_equal(self.open(Place(url, layout=kept), written, label=name).values, expected)

    # ---- what is not as it should be

    def test_nothing_there(self, written: Written, tmp_path: Path) -> None:
        missing = tmp_path / f"missing{written.path.suffix}"
        with pytest.raises(CatalogError, match=r"missing"):
            self.open(str(missing), written).load()

    def test_cut_files_never_give_wrong_pixels(self, written: Written, tmp_path: Path) -> None:
        failures = 0
        for number, share in enumerate((0.0, 0.3, 0.6, 0.97)):
            copy = _copy(written.path, tmp_path / str(number))
            for file in _files(copy):
                with file.open("r+b") as opened:
                    opened.truncate(int(file.stat().st_size * share))
            failures += self._fails_or_is_right(str(copy), written)
        assert failures >= 3

    def test_each_file_cut_alone(self, written: Written, tmp_path: Path) -> None:
        chance = random.Random(2)
        files = _files(written.path)
        for number, file in enumerate(chance.sample(files, min(6, len(files)))):
            copy = _copy(written.path, tmp_path / str(number))
            same = copy / file.relative_to(written.path) if written.path.is_dir() else copy
            with same.open("r+b") as opened:
                opened.truncate(int(file.stat().st_size * chance.random()))
            self._fails_or_is_right(str(copy), written)

    def test_rubbish_in_its_place(self, written: Written, tmp_path: Path) -> None:
        copy = _copy(written.path, tmp_path / "copy")
        for file in _files(copy):
            file.write_bytes(random.Random(3).randbytes(max(64, file.stat().st_size)))
        assert self._fails_or_is_right(str(copy), written)

    def test_changed_after_indexing(self, written: Written, tmp_path: Path) -> None:
        copy = _copy(written.path, tmp_path / "copy")
        with StoreServer(copy.parent) as server:
            url = f"{server.url}/{copy.name}"
            layout = self.module.scan(url)
            for file in _files(copy):
                content = bytearray(file.read_bytes())
                file.write_bytes(bytes(reversed(content)))
            assert self._fails_or_is_right(Place(url, layout=layout), written)

    def _fails_or_is_right(self, place: Any, written: Written) -> bool:
        """Read everything; True for an error of ours that tells what to do, False for the right pixels."""
        try:
            found = self.open(place, written).values
        except CatalogError:
            return True
        np.testing.assert_array_equal(found, written.pixels)
        return False


def _random_index(chance: random.Random, size: int) -> Any:
    kind = chance.randrange(6)
    if kind == 0:
        return chance.randrange(-size, size)
    if kind == 1:
        return np.array([chance.randrange(-size, size) for _ in range(chance.randrange(5))], dtype=np.intp)
    if kind == 2:
        return np.array([chance.random() < 0.5 for _ in range(size)])
    if kind == 3:
        return slice(None)
    start, stop = sorted(chance.randrange(size + 1) for _ in range(2))
    step = chance.choice([1, 1, 2, 3, 7])
    return slice(start, stop, step) if kind == 4 else slice(None, None, -step)


def _take(pixels: NDArray[Any], key: tuple[Any, ...]) -> NDArray[Any]:
    """Index each axis for itself, the last first, so that the numbers of the others stay."""
    for axis in reversed(range(len(key))):
        positions = np.arange(pixels.shape[axis])[key[axis]]
        pixels = np.take(pixels, positions, axis=axis)
    return pixels


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _copy(path: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    if path.is_dir():
        return shutil.copytree(path, folder / path.name)
    return shutil.copy(path, folder / path.name)
