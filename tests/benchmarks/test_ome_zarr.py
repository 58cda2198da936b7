"""OME-Zarr beside its other readers: on this machine, over HTTP, and 20 ms away; with and without shards.

All ways read the same 201 MB in the same process, one after the other, and what they read is compared; the server
counts requests and bytes. Each figure is the least of some runs, but reading all by slow ways, which is done once.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import dask.array
import intake
import ngff_zarr
import numcodecs
import numpy as np
import obstore
import ome_zarr.io
import ome_zarr.reader
import pytest
import tensorstore
import zarr
from scipy.ndimage import gaussian_filter
from zarr.codecs import BloscCodec

from bioimagehub.catalogs.drivers.intake_sources import OmeZarrSource
from bioimagehub.catalogs.drivers.ome_zarr import open_array, scan
from bioimagehub.catalogs.reader import Place, installed_reader
from servers.s3 import PUBLIC, REGION, run_s3_server
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SHAPE = (1, 3, 8, 2048, 2048)
RUNS = 3
SLOW = 3.0
"""Seconds from which on a way is measured once."""

TILE = np.s_[0, 1, 3, 600:1000, 600:1000]
NEXT = np.s_[0, 1, 3, 1100:1500, 600:1000]
PLANE = np.s_[0, 2, 5]
ALL = np.s_[:]
LEVEL = "0"

# Others leave connections and loops behind, and tell what they will change.
pytestmark = [pytest.mark.filterwarnings("ignore")]


def write(path: Path, values: Any, version: str) -> None:
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    scale = [{"type": "scale", "scale": [1.0, 1.0, 1.0, 0.5, 0.5]}]
    multiscale = {"axes": axes, "datasets": [{"path": LEVEL, "coordinateTransformations": scale}]}
    group = zarr.create_group(path, zarr_format=2 if version == "0.4" else 3)
    options: dict[str, Any] = {"shape": SHAPE, "dtype": "u2", "chunks": (1, 1, 1, 512, 512)}
    if version == "0.4":
        group.attrs["multiscales"] = [{"version": "0.4", **multiscale}]
        keys = {"name": "v2", "separator": "/"}
        group.create_array(LEVEL, compressors=numcodecs.Blosc("lz4", 5), chunk_key_encoding=keys, **options)
    else:
        group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale]}
        names = list("tczyx")
        shards = (1, 1, 1, 2048, 2048)
        codec = BloscCodec(cname="lz4", clevel=5)
        group.create_array(LEVEL, compressors=codec, shards=shards, dimension_names=names, **options)
    array: Any = group[LEVEL]
    array[:] = values


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zarr")
    chance = np.random.default_rng(0)
    values = np.empty(SHAPE, "u2")
    for index in np.ndindex(SHAPE[:3]):
        smooth = gaussian_filter(chance.normal(size=SHAPE[3:]), 3)
        values[index] = (smooth * 3000 + 1000 + chance.integers(0, 24, SHAPE[3:])).clip(0, 65535)
    np.save(folder / "values.npy", values)
    for version in ("0.4", "0.5"):
        write(folder / f"{version}.zarr", values, version)
    shutil.copytree(folder / "0.5.zarr", folder / "consolidated.zarr", copy_function=link_chunks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(folder / "consolidated.zarr")
    return folder


def link_chunks(source: str, target: str) -> str:
    if source.endswith("zarr.json"):
        return str(shutil.copy(source, target))
    os.link(source, target)
    return target


@pytest.fixture(scope="module")
def values(folder: Path) -> Any:
    return np.load(folder / "values.npy", mmap_mode="r")


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What was read is not kept, so that each run asks the server."""
    monkeypatch.setenv("BIOIMAGEHUB_READER_CACHE", "none")
    installed_reader.cache_clear()
    yield
    installed_reader.cache_clear()


# ---- the ways: each opens an address, and gives what is indexed like an array of NumPy


@dataclass
class Through:
    """What is read when it is turned into an array of NumPy."""

    opened: Any

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self.opened[key])


@dataclass
class Tensorstore:
    opened: Any

    def __getitem__(self, key: Any) -> Any:
        return self.opened[key].read().result()


def by_tensorstore(url: str) -> Tensorstore:
    is_far = "://" in url
    store = (
        {"driver": "http", "base_url": f"{url}/{LEVEL}/"} if is_far else {"driver": "file", "path": f"{url}/{LEVEL}/"}
    )
    spec = {"driver": "zarr" if "0.4" in url else "zarr3", "kvstore": store}
    return Tensorstore(tensorstore.open(spec, open=True, context=tensorstore.Context()).result())


def by_zarr(url: str) -> Any:
    return zarr.open_array(f"{url}/{LEVEL}", mode="r")


def by_zarrs(url: str) -> Any:
    with zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}):
        return zarr.open_array(f"{url}/{LEVEL}", mode="r")


def by_obstore(url: str) -> Any:
    if "://" in url:
        store: Any = obstore.store.HTTPStore.from_url(f"{url}/{LEVEL}", client_options={"allow_http": True})
    else:
        store = obstore.store.LocalStore(f"{url}/{LEVEL}")
    return zarr.open_array(zarr.storage.ObjectStore(store, read_only=True), mode="r")


def by_dask(url: str) -> Through:
    return Through(dask.array.from_zarr(f"{url}/{LEVEL}"))


def by_ome_zarr_py(url: str) -> Through:
    location = ome_zarr.io.parse_url(url)
    return Through(next(iter(ome_zarr.reader.Reader(location)())).data[0])


def by_ngff_zarr(url: str) -> Through:
    return Through(ngff_zarr.from_ngff_zarr(url).images[0].data)


def by_intake_xarray(url: str) -> Through:
    # It takes all links of an index page for arrays, so it gets metadata that name them.
    return Through(intake.open_zarr(url.replace("0.5.zarr", "consolidated.zarr")).to_dask()[LEVEL])


def by_ours(url: str) -> Through:
    return Through(open_array(url))


def by_ours_with_dask(url: str) -> Through:
    return Through(open_array(url, chunks=()))


def by_our_source(url: str) -> Through:
    return Through(OmeZarrSource(url).to_xarray())


WAYS: dict[str, Callable[[str], Any]] = {
    "ours": by_ours,
    "ours, Intake": by_our_source,
    "ours, Dask": by_ours_with_dask,
    "tensorstore": by_tensorstore,
    "zarr": by_zarr,
    "zarr, zarrs": by_zarrs,
    "zarr, obstore": by_obstore,
    "dask.array": by_dask,
    "ome-zarr-py": by_ome_zarr_py,
    "ngff-zarr": by_ngff_zarr,
    "intake-xarray": by_intake_xarray,
}


def ways_for(version: str) -> dict[str, Callable[[str], Any]]:
    """xarray, and so intake-xarray, opens no groups of Zarr 2 without names of dimensions."""
    return {way: opener for way, opener in WAYS.items() if version == "0.5" or way != "intake-xarray"}


# ---- measuring


@dataclass
class Figure:
    seconds: float
    requests: int = 0
    megabytes: float = 0.0

    def __str__(self) -> str:
        asked = f" ({self.requests} rq, {self.megabytes:.1f} MB)" if self.requests else ""
        return f"{self.seconds * 1e3:.1f} ms{asked}"


def once(function: Callable[[], Any], store: StoreServer | None) -> tuple[Figure, Any]:
    gc.collect()
    if store:
        store.reset()
    start = perf_counter()
    found = function()
    took = perf_counter() - start
    return (Figure(took, store.count, store.bytes / 1e6) if store else Figure(took)), found


def report(name: str, figures: dict[str, Figure]) -> None:
    print(f"  {name}")
    best = min(figure.seconds for figure in figures.values())
    for way, figure in sorted(figures.items(), key=lambda each: each[1].seconds):
        print(f"    {way:<14} {figure!s:<34} {figure.seconds / best:.1f}x")


def measure(url: str, version: str, values: Any, store: StoreServer | None) -> None:
    parts = {"tile": TILE, "next tile": NEXT, "plane": PLANE, "all": ALL}
    figures: dict[str, dict[str, Figure]] = {name: {} for name in ("open", *parts)}
    for _ in range(RUNS):
        for way, opener in ways_for(version).items():
            figure, opened = once(lambda opener=opener: opener(url), store)
            keep_least(figures["open"], way, figure)
            for name, key in parts.items():
                if name == "all" and figures[name].get(way, figure).seconds > SLOW:
                    continue
                figure, found = once(lambda opened=opened, key=key: opened[key], store)
                np.testing.assert_array_equal(found, values[key])
                keep_least(figures[name], way, figure)
                del found
    for name, by_way in figures.items():
        report(name, by_way)


def keep_least(figures: dict[str, Figure], way: str, figure: Figure) -> None:
    if way not in figures or figure.seconds < figures[way].seconds:
        figures[way] = figure


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_on_this_machine(folder: Path, values: Any, version: str) -> None:
    print(f"\nOME-Zarr {version}, on this machine")
    measure(str(folder / f"{version}.zarr"), version, values, None)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("delay", [0.0, 0.02])
def test_over_http(folder: Path, values: Any, version: str, delay: float) -> None:
    with StoreServer(folder, delay=delay) as store:
        print(f"\nOME-Zarr {version}, over HTTP, {delay * 1e3:.0f} ms a request")
        measure(f"{store.url}/{version}.zarr", version, values, store)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_indexed(folder: Path, values: Any, version: str) -> None:
    """Opening asks nothing; the first tile fetches the metadata beside it, to compare them."""
    with StoreServer(folder, delay=0.02) as store:
        url = f"{store.url}/{version}.zarr"
        layout = scan(url)
        print(f"\nOME-Zarr {version}, indexed, over HTTP, 20 ms a request")
        for _ in range(RUNS):
            opening, opened = once(lambda: open_array(Place(url, layout=layout)), store)
            tile, found = once(lambda opened=opened: opened[TILE].values, store)
            assert opening.requests == 0
            np.testing.assert_array_equal(found, values[TILE])
            print(f"  open {opening}, tile {tile}")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_from_s3(folder: Path, values: Any, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store, moto, is slow and takes most of the time: it is the same for all."""
    name = f"{version}.zarr"
    with run_s3_server() as store:
        for file in sorted(path for path in (folder / name).rglob("*") if path.is_file()):
            store.put(PUBLIC, str(file.relative_to(folder)), file.read_bytes())
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.address)
        ways = {
            "ours": lambda: by_ours(f"s3://{PUBLIC}/{name}"),
            "ours, Intake": lambda: by_our_source(f"s3://{PUBLIC}/{name}"),
            "tensorstore": lambda: tensorstore_from_s3(store.address, name),
            "zarr, obstore": lambda: obstore_from_s3(store.address, name),
        }
        figures: dict[str, dict[str, Figure]] = {"open": {}, "tile": {}, "all": {}}
        for _ in range(RUNS):
            for way, opener in ways.items():
                figure, opened = once(opener, None)
                keep_least(figures["open"], way, figure)
                for part, key in (("tile", TILE), ("all", ALL)):
                    figure, found = once(lambda opened=opened, key=key: opened[key], None)
                    np.testing.assert_array_equal(found, values[key])
                    keep_least(figures[part], way, figure)
        print(f"\nOME-Zarr {version}, from S3")
        for part, by_way in figures.items():
            report(part, by_way)


def tensorstore_from_s3(address: str, name: str) -> Tensorstore:
    store = {
        "driver": "s3",
        "bucket": PUBLIC,
        "path": f"{name}/{LEVEL}/",
        "endpoint": address,
        "aws_region": REGION,
        "aws_credentials": {"type": "anonymous"},
    }
    spec = {"driver": "zarr" if "0.4" in name else "zarr3", "kvstore": store}
    return Tensorstore(tensorstore.open(spec, open=True, context=tensorstore.Context()).result())


def obstore_from_s3(address: str, name: str) -> Any:
    store = obstore.store.S3Store(
        PUBLIC,
        prefix=f"{name}/{LEVEL}",
        endpoint=address,
        region=REGION,
        skip_signature=True,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    return zarr.open_array(zarr.storage.ObjectStore(store, read_only=True), mode="r")


def test_imports_of_the_driver(benchmark: Any) -> None:
    """In a new process."""
    command = [sys.executable, "-c", "import bioimagehub.catalogs.drivers.ome_zarr"]
    benchmark.pedantic(lambda: subprocess.run(command, check=True, capture_output=True), rounds=3)
