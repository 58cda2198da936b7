"""A notebook and its Dask cluster read one entry through one layer: with the user's token, and with one cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml
import zarr

from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from servers.hub import RunningHub
    from servers.person import Kernel, Person

pytestmark = pytest.mark.hub

AUTHORIZATION = "Bearer a-token-of-ann"
SHAPE = (4, 256, 256)

PREPARE = """
import os
from pathlib import Path
credentials = Path.home() / ".config/bioimagehub/credentials.yml"
credentials.parent.mkdir(parents=True, exist_ok=True)
credentials.write_text({rules!r})
credentials.chmod(0o600)
Path("catalog.yml").write_text({catalog!r})
"""
COMPUTE = """
import intake
from bioimagehub.reanalysis import cluster
dask_cluster = cluster(workers=2)
client = dask_cluster.client
image = intake.open_catalog("catalog.yml")["closed"].to_dask().chunk({"z": 1})
print(int(image.astype("u8").sum().compute()))
"""
COUNT = """
from bioimagehub.catalogs.reader.counts import counted
found = [one for of_worker in client.run(counted).values() for one in of_worker]
print(sorted({one.identifier for one in found}), sum(one.bytes for one in found) > 0)
"""
HERE = """
here = intake.open_catalog("catalog.yml")["closed"].to_xarray()
print(int(here.astype("u8").sum()))
"""


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 4096, SHAPE, dtype=np.uint16)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, pixels: np.ndarray) -> Iterator[StoreServer]:
    folder = tmp_path_factory.mktemp("store")
    _write_image(folder / "closed.zarr", pixels)
    with StoreServer(folder) as server:
        server.fault(authorization=AUTHORIZATION)
        yield server


@pytest.fixture(scope="module")
def hub(start_hub: Callable[..., RunningHub]) -> RunningHub:
    return start_hub({"users": ["ann", "bob"]})


@pytest.fixture(scope="module")
def ann(hub: RunningHub, visit: Callable[..., Person]) -> Person:
    return visit(hub, "ann")


@pytest.fixture(scope="module")
def kernel(ann: Person, store: StoreServer) -> Kernel:
    catalog = {
        "sources": {
            "closed": {
                "driver": "ome_zarr",
                "args": {"url": f"{store.url}/closed.zarr"},
                "metadata": {"identifier": "course:closed", "title": "Closed", "source": "x", "source_url": store.url},
            }
        }
    }
    rules = [{"match": f"{store.url}/", "token": AUTHORIZATION.removeprefix("Bearer ")}]
    made = ann.start_kernel()
    made.run(PREPARE.format(rules=yaml.safe_dump(rules), catalog=yaml.safe_dump(catalog)))
    return made


def test_workers_read_with_the_token_of_their_user(kernel: Kernel, store: StoreServer, pixels: np.ndarray) -> None:
    assert kernel.run(COMPUTE).split()[-1] == str(int(pixels.astype("u8").sum()))
    chunks = [request for request in store.requests if "/c/" in request.path]
    assert {request.path for request in chunks} == {f"closed.zarr/0/c/{z}/0/0" for z in range(SHAPE[0])}
    assert {request.headers["authorization"] for request in store.requests} == {AUTHORIZATION}


def test_workers_count_what_they_read(kernel: Kernel) -> None:
    assert kernel.run(COUNT).strip() == "['course:closed'] True"


def test_the_notebook_finds_what_its_workers_read(kernel: Kernel, store: StoreServer, pixels: np.ndarray) -> None:
    """The token is sent, and no chunk crosses the wire a second time."""
    store.reset()
    assert kernel.run(HERE).strip() == str(int(pixels.astype("u8").sum()))
    assert not [request for request in store.requests if "/c/" in request.path and request.sent]


def test_another_user_does_not_get_the_token(hub: RunningHub, store: StoreServer, visit: Callable[..., Person]) -> None:
    other = visit(hub, "bob").start_kernel()
    told = other.run(
        "from bioimagehub.catalogs.errors import NoAccessError\n"
        "from bioimagehub.catalogs.reading import open_url\n"
        f"try: open_url('ome_zarr', '{store.url}/closed.zarr').load()\n"
        "except NoAccessError as error: print('refused')\n"
    )
    assert told.strip() == "refused"


def _write_image(path: Path, pixels: np.ndarray) -> None:
    group = zarr.create_group(path, zarr_format=3)
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 0.5, 0.5]}]}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    array = group.create_array("0", shape=pixels.shape, dtype=pixels.dtype, chunks=(1, 256, 256))
    array[:] = pixels
