"""Fixtures of the catalogs.

catalog       : the samples alone, with the sample archive built
damaged       : a copy of two built samples, to be damaged; it is the sample archive during the test
fields        : the fields of a valid record, to be changed
volume        : a small OME-Zarr image with two levels and a label image, written by zarr alone
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

from bioimagehub.catalogs import Catalog, open_catalog
from bioimagehub.catalogs.entries import find_installed_catalog

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = find_installed_catalog().with_name("samples.yml")


@pytest.fixture
def catalog(samples: Path) -> Catalog:
    return open_catalog(SAMPLES)


@pytest.fixture
def damaged(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("bbbc038-nuclei", "ctc-timelapse"):
        shutil.copytree(samples / name, tmp_path / "samples" / name)
    monkeypatch.setenv("BIOIMAGEHUB_SAMPLES", str(tmp_path / "samples"))
    return tmp_path / "samples"


@pytest.fixture
def fields(samples: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((samples / "bbbc038-nuclei" / "record.json").read_text())
    return found


@pytest.fixture(params=["0.4", "0.5"])
def volume(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two channels of (4, 6, 8) voxels of 0.5 x 0.2 x 0.2 nm x 1000, level 1 halved in y and x."""
    is_new = request.param == "0.5"
    folder = tmp_path / "volume.zarr"
    names = ["c", "z", "y", "x"]
    axes: list[dict[str, str]] = [{"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "nanometer"} for name in names[1:]]

    def scale(*steps: float) -> list[dict[str, Any]]:
        return [{"type": "scale", "scale": list(steps)}]

    def write(group: zarr.Group, metadata: dict[str, Any]) -> None:
        group.attrs.update({"ome": {"version": "0.5", **metadata}} if is_new else metadata)

    def array(group: zarr.Group, name: str, values: Any) -> None:
        options: dict[str, Any] = {"dimension_names": names[-values.ndim :]} if is_new else {}
        stored = group.create_array(
            name, shape=values.shape, dtype=values.dtype, chunks=(*[1] * (values.ndim - 2), 4, 4), **options
        )
        stored[...] = values

    group = zarr.create_group(folder, zarr_format=3 if is_new else 2)
    values = np.arange(2 * 4 * 6 * 8, dtype=np.uint16).reshape(2, 4, 6, 8)
    array(group, "full", values)
    array(group, "half", values[:, :, ::2, ::2])
    datasets = [
        {"path": "full", "coordinateTransformations": scale(1, 500, 200, 200)},
        {
            "path": "half",
            "coordinateTransformations": [
                *scale(1, 500, 400, 400),
                {"type": "translation", "translation": [0, 0, 100, 100]},
            ],
        },
    ]
    channels = [{"label": label, "color": "FFFFFF"} for label in ("membrane", "nuclei")]
    multiscale = {"axes": axes, "datasets": datasets, "version": request.param}
    write(group, {"multiscales": [multiscale], "omero": {"channels": channels}})
    labels = group.create_group("labels")
    write(labels, {"labels": ["cells"]})
    child = labels.create_group("cells")
    array(child, "0", (values[0] % 3).astype(np.uint8))
    only = [{"path": "0", "coordinateTransformations": scale(500, 200, 200)}]
    write(child, {"multiscales": [{"axes": axes[1:], "datasets": only, "version": request.param}]})
    return folder
