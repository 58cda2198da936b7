"""OME-Zarr stores for the tests, written by ome-zarr-py: plates, wells, collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import ome_zarr.writer
import zarr
from ome_zarr.format import FormatV04, FormatV05

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from ome_zarr.format import Format

VERSIONS: dict[str, Format] = {"0.4": FormatV04(), "0.5": FormatV05()}
AXES: list[dict[str, str]] = [{"name": "c", "type": "channel"}]
AXES += [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]


def open_group(path: Path, version: str) -> zarr.Group:
    return zarr.open_group(path, mode="a", zarr_format=VERSIONS[version].zarr_format)


def make_image(seed: int, shape: tuple[int, ...] = (2, 20, 24)) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, 1000, shape, "u2")


def write_image(group: zarr.Group, pixels: NDArray[Any], version: str, spacing: float = 0.5, label: str = "") -> None:
    """Write an image of two levels, and a label image of one; arrays by zarr-python, metadata by ome-zarr-py."""
    _write_levels(group, [pixels, pixels[:, ::2, ::2]], version, AXES, spacing)
    if label:
        labels = group.require_group("labels")
        _write_levels(labels.require_group(label), [pixels[0] % 7], version, AXES[1:], spacing)
        ome_zarr.writer.write_label_metadata(labels, label, fmt=VERSIONS[version])


def _write_levels(
    group: zarr.Group, levels: list[NDArray[Any]], version: str, axes: list[dict[str, str]], spacing: float
) -> None:
    datasets: list[dict[str, Any]] = []
    for number, pixels in enumerate(levels):
        keys: Any = {"name": "v2", "separator": "/"} if version == "0.4" else {"name": "default", "separator": "/"}
        chunks = (*[1] * (pixels.ndim - 2), 16, 16)
        array = group.create_array(
            str(number), shape=pixels.shape, dtype=pixels.dtype, chunks=chunks, chunk_key_encoding=keys
        )
        array[...] = pixels
        scale = [1.0] * (pixels.ndim - 2) + [spacing * 2**number] * 2
        datasets.append({"path": str(number), "coordinateTransformations": [{"type": "scale", "scale": scale}]})
    ome_zarr.writer.write_multiscales_metadata(group, datasets, fmt=VERSIONS[version], axes=axes)


def write_plate(
    path: Path, version: str, wells: dict[str, int], *, label: str = "", field_count: int | None = None
) -> dict[str, list[NDArray[Any]]]:
    """Write a plate; `wells` gives the number of fields of view of each, such as ``{"A/1": 2}``."""
    root = open_group(path, version)
    rows = sorted({well.split("/")[0] for well in wells})
    columns = sorted({well.split("/")[1] for well in wells}, key=int)
    ome_zarr.writer.write_plate_metadata(
        root, rows, columns, list(wells), fmt=VERSIONS[version], field_count=field_count
    )
    images: dict[str, list[NDArray[Any]]] = {}
    for number, (well, count) in enumerate(wells.items()):
        group = root.require_group(well)
        ome_zarr.writer.write_well_metadata(group, [str(field) for field in range(count)], fmt=VERSIONS[version])
        images[well] = [make_image(100 * number + field) for field in range(count)]
        for field, pixels in enumerate(images[well]):
            write_image(group.require_group(str(field)), pixels, version, label=label)
    return images


def write_collection(path: Path, version: str, count: int, *, listed: bool) -> list[NDArray[Any]]:
    """Write several images in one store as bioformats2raw lays them out."""
    root = open_group(path, version)
    head: dict[str, Any] = {"bioformats2raw.layout": 3}
    root.attrs.update(head if version == "0.4" else {"ome": {"version": "0.5", **head}})
    images = [make_image(number, (2, 20 + number, 24)) for number in range(count)]
    for number, pixels in enumerate(images):
        write_image(root.require_group(str(number)), pixels, version)
    if listed:
        series: dict[str, Any] = {"series": [str(number) for number in range(count)]}
        root.require_group("OME").attrs.update(series if version == "0.4" else {"ome": {"version": "0.5", **series}})
    return images
