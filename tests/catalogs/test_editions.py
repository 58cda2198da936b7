"""What the cache keeps of an image is never mixed with what its store has become meanwhile."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zarr

from bioimagehub.catalogs.arrays import zarr as zarr_pixels
from bioimagehub.catalogs.errors import ChangedFileError, MissingFileError
from bioimagehub.catalogs.layouts import save_layout
from bioimagehub.catalogs.reader import installed_reader
from bioimagehub.catalogs.reading import find_driver, open_url
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHAPE = (4, 64, 64)


def begin_anew() -> None:
    """Drop the reader of this process, as another process has none."""
    installed_reader().close()
    installed_reader.cache_clear()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BIOIMAGEHUB_READER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BIOIMAGEHUB_LAYOUTS", str(tmp_path / "layouts"))
    begin_anew()
    yield
    begin_anew()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreServer]:
    folder = tmp_path / "store"
    folder.mkdir()
    with StoreServer(folder) as server:
        yield server


def write(store: StoreServer, value: int, *, level: int = 1) -> None:
    """Write an image of one value; its chunks have the same names and lengths, and its metadata the same bytes."""
    path = store.folder / "image.zarr"
    shutil.rmtree(path, ignore_errors=True)
    group = zarr.create_group(path, zarr_format=3)
    axes = [{"name": name, "type": "space"} for name in "zyx"]
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    array = group.create_array("0", shape=SHAPE, dtype="u2", chunks=(1, 64, 64), attributes={"level": level})
    array[:] = np.full(SHAPE, value, "u2")


def read(store: StoreServer) -> np.ndarray:
    """Read all, as another process does that has the same cache."""
    begin_anew()
    return open_url("ome_zarr", f"{store.url}/image.zarr").values


def read_planes(store: StoreServer, *planes: int) -> np.ndarray:
    begin_anew()
    image = open_url("ome_zarr", f"{store.url}/image.zarr")
    return np.stack([image[plane].values for plane in planes])


def test_second_process_fetches_no_chunk(store: StoreServer) -> None:
    write(store, 1)
    assert (read(store) == 1).all()
    store.reset()
    assert (read(store) == 1).all()
    assert not [request for request in store.requests if "/c/" in request.path]
    assert all(request.status == 304 for request in store.requests if request.path.endswith("0/zarr.json"))


@pytest.mark.parametrize("level", [1, 2])
def test_image_that_was_written_anew_is_read_anew(store: StoreServer, level: int) -> None:
    """Two planes are in the cache; the other two are not. All four are of the new image, whatever was kept."""
    write(store, 1)
    assert (read_planes(store, 0, 1) == 1).all()
    write(store, 2, level=level)
    assert (read(store) == 2).all()


@pytest.mark.parametrize("level", [1, 2])
def test_indexed_image_that_was_written_anew_is_an_error(store: StoreServer, level: int) -> None:
    write(store, 1)
    url = f"{store.url}/image.zarr"
    save_layout(find_driver("ome_zarr").scan(url))
    assert (read_planes(store, 0, 1) == 1).all()
    write(store, 2, level=level)
    with pytest.raises(ChangedFileError, match=r"catalog index"):
        read(store)


def test_image_that_was_withdrawn_while_it_is_open(store: StoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks that are missing are filled; but not when all is gone."""
    write(store, 1)
    begin_anew()
    image = open_url("ome_zarr", f"{store.url}/image.zarr")
    (store.folder / "image.zarr/0/c/1/0/0").unlink()
    assert not image[1].values.any()
    shutil.rmtree(store.folder / "image.zarr")
    monkeypatch.setattr(zarr_pixels, "_SURE", 0.0)
    with pytest.raises(MissingFileError, match=r"zarr\.json"):
        image[2].load()
