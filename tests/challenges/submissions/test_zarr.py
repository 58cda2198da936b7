"""OME-Zarr whose metadata or chunks are made to do harm, and such as others write."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import zarr

from bioimagehub.challenges.formats import find_format

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from bioimagehub.challenges.submissions import Report

    Check = Callable[..., Report]

MIB = 2**20


def write_zarr(path: Path, labels: np.ndarray, **changes: Any) -> dict[str, Any]:
    """Write an OME-Zarr image, and change the metadata of its array."""
    find_format("ome_zarr").write(path, labels, ("y", "x"), (0.5, 0.5))
    document: dict[str, Any] = json.loads((path / "0/zarr.json").read_text())
    document |= changes
    (path / "0/zarr.json").write_text(json.dumps(document))
    return document


GZIP = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "gzip", "configuration": {"level": 1}}]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"storage_transformers": [{"name": "https://evil", "configuration": {}}]}, "storage transformers"),
        ({"reference": "/etc/passwd"}, "it calls for reference"),
        ({"shape": [2**40, 2**40]}, "chunks"),
        ({"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2**20, 2**19]}}}, "its chunks have the"),
        ({"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2**50, 2**50]}}}, "cannot be read"),
        ({"codecs": [*GZIP, {"name": "gzip", "configuration": {"level": 1}}]}, "its chunks are encoded with"),
        ({"codecs": [*GZIP[:1], {"name": "numcodecs.lzma", "configuration": {}}]}, "its chunks are encoded with"),
        ({"codecs": [{"name": "numcodecs.pickle", "configuration": {}}]}, "its chunks are encoded with"),
        ({"data_type": "string"}, "its data type is 'string'"),
        ({"chunk_key_encoding": {"name": "default", "configuration": {"separator": "/../"}}}, "the separator in its"),
    ],
)
def test_zarr_that_calls_for_more(
    changes: dict[str, Any], wrong: str, tmp_path: Path, told: Callable[[], str], labels: np.ndarray
) -> None:
    write_zarr(tmp_path / "s/a.zarr", labels, **changes)
    assert wrong in told()


def test_zarr_of_many_chunks_without_data(tmp_path: Path, told: Callable[[], str], labels: np.ndarray) -> None:
    grid = {"name": "regular", "configuration": {"chunk_shape": [1, 1]}}
    write_zarr(tmp_path / "s/a.zarr", labels, chunk_grid=grid, shape=[2**12, 2**12])
    assert "it is cut into 16777216 chunks" in told()


def test_zarr_with_a_chunk_that_is_a_bomb(tmp_path: Path, told: Callable[[], str], labels: np.ndarray) -> None:
    import gzip

    write_zarr(tmp_path / "s/a.zarr", labels, codecs=GZIP)
    (tmp_path / "s/a.zarr/0/c/0/0").write_bytes(gzip.compress(b"\0" * (128 * MIB), 9))
    assert "more than 1440 bytes decoded" in told()


@pytest.mark.parametrize("level", ["../../secret.zarr/0", "/etc", "..", "0/../../b", "./0"])
def test_zarr_with_a_level_elsewhere(level: str, tmp_path: Path, told: Callable[[], str], labels: np.ndarray) -> None:
    find_format("ome_zarr").write(tmp_path / "secret.zarr", labels, ("y", "x"), None)
    write_zarr(tmp_path / "s/a.zarr", labels)
    group = json.loads((tmp_path / "s/a.zarr/zarr.json").read_text())
    group["attributes"]["ome"]["multiscales"][0]["datasets"][0]["path"] = level
    (tmp_path / "s/a.zarr/zarr.json").write_text(json.dumps(group))
    told()


def test_copies_of_metadata_are_not_believed(tmp_path: Path, told: Callable[[], str], labels: np.ndarray) -> None:
    document = write_zarr(tmp_path / "s/a.zarr", labels)
    write_zarr(tmp_path / "s/a.zarr", labels, shape=[25, 30])
    group = json.loads((tmp_path / "s/a.zarr/zarr.json").read_text())
    group["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": {"0": document}}
    (tmp_path / "s/a.zarr/zarr.json").write_text(json.dumps(group))
    assert "its shape is 25 × 30" in told()


def test_zarr_metadata_that_are_endless(tmp_path: Path, told: Callable[[], str], labels: np.ndarray) -> None:
    write_zarr(tmp_path / "s/a.zarr", labels)
    (tmp_path / "s/a.zarr/0/zarr.json").write_text("[" * 2 * MIB)
    assert "its metadata file 0/zarr.json has" in told()
    (tmp_path / "s/a.zarr/0/zarr.json").write_text("[" * 100_000)
    assert "cannot be read" in told()


def test_ome_zarr_of_others_is_read(tmp_path: Path, check: Check, labels: np.ndarray) -> None:
    """Zarr 2 with Blosc, and shards."""
    axes = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "yx"]
    steps = [{"type": "scale", "scale": [0.5, 0.5]}]
    multiscales = [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": steps}], "version": "0.4"}]
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    group.create_array("0", data=labels, chunks=(16, 16))
    group.attrs.update({"multiscales": multiscales, "image-label": {}})
    group = zarr.open_group(tmp_path / "b.ome.zarr", mode="w", zarr_format=3)
    group.create_array("0", data=labels, chunks=(8, 10), shards=(24, 30))
    group.attrs.update({"ome": {"version": "0.5", "multiscales": multiscales}})
    report = check(tmp_path)
    assert report.ok, report
    assert report.cases["a"].objects == 8


def _cut_chunk(path: Path) -> None:
    chunk = path / "0/c/0/0"
    chunk.write_bytes(chunk.read_bytes()[:9])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no array": lambda path: shutil.rmtree(path / "0"),
    "no metadata of the array": lambda path: (path / "0/zarr.json").unlink(),
    "no metadata": lambda path: (path / "zarr.json").unlink(),
    "no JSON": lambda path: (path / "0/zarr.json").write_text("{"),
    "no JSON in the group": lambda path: (path / "zarr.json").write_text("[3"),
    "no axes": lambda path: (path / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}'),
    "a cut chunk": _cut_chunk,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("inner", ["", "my predictions"])
@pytest.mark.parametrize("linked", [False, True])
def test_no_place_on_the_disk_is_told(
    damage: str, inner: str, linked: bool, tmp_path: Path, check: Check, labels: np.ndarray
) -> None:
    """Whoever checks somebody's files tells of names in the submission, and not where on the machine it lies."""
    folder = tmp_path / "secret place/s"
    write_zarr(folder / inner / "a.zarr", labels)
    DAMAGE[damage](folder / inner / "a.zarr")
    if linked:
        (tmp_path / "linked place").symlink_to(tmp_path / "secret place")
        folder = tmp_path / "linked place/s"
    said = str(check(folder))
    assert "a: " in said
    for part in (str(tmp_path), tmp_path.name, "secret place", "linked place"):
        assert part not in said
