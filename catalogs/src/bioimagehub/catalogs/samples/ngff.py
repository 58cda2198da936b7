"""Write an image with its label images as OME-Zarr 0.5, the same bytes every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from bioimagehub.catalogs.samples.pyramid import plan_factors, shrink_image, shrink_labels
from bioimagehub.catalogs.thumbnail import choose_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bioimagehub.catalogs.records import Record

VERSION = "0.5"

_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
_UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}


def write_image(folder: Path, record: Record, image: NDArray[Any], labels: Mapping[str, NDArray[Any]]) -> None:
    """Write a multiscale image and its label images.

    Parameters
    ----------
    folder : Path
        The image group; it must not exist yet.
    record : Record
        Names the axes, spacings and channels.
    image : ndarray
        In the record's axes.
    labels : mapping of str to ndarray of unsigned int
        In the record's axes without ``c``; 0 is background.

    References
    ----------
    OME-NGFF 0.5, https://ngff.openmicroscopy.org/0.5/.
    """
    group = zarr.create_group(store=folder, zarr_format=3)
    datasets = _write_levels(group, record.axes, record.spacing, image, shrink_image)
    ome: dict[str, Any] = {
        "version": VERSION,
        "multiscales": [_multiscale(record.name, record.axes, record.spacing, datasets, "mean")],
        "omero": render_hints(record, image),
    }
    group.attrs["ome"] = ome
    if labels:
        _write_labels(group, record, labels)


def _write_labels(group: zarr.Group, record: Record, labels: Mapping[str, NDArray[Any]]) -> None:
    kept = [number for number, axis in enumerate(record.axes) if axis != "c"]
    axes = tuple(record.axes[number] for number in kept)
    spacing = tuple(record.spacing[number] for number in kept)
    folder = group.create_group("labels", attributes={"ome": {"version": VERSION, "labels": sorted(labels)}})
    for name, array in sorted(labels.items()):
        child = folder.create_group(name)
        datasets = _write_levels(child, axes, spacing, array, shrink_labels)
        child.attrs["ome"] = {
            "version": VERSION,
            "multiscales": [_multiscale(name, axes, spacing, datasets, "mode")],
            "image-label": {"source": {"image": "../../"}},
        }


def _write_levels(
    group: zarr.Group, axes: Sequence[str], spacing: Sequence[float | None], array: NDArray[Any], shrink: Any
) -> list[dict[str, Any]]:
    """Write each level as an array of the group, and tell where its pixels lie."""
    datasets = []
    before: tuple[int, ...] | None = None
    for number, factors in enumerate(plan_factors(axes, array.shape, spacing)):
        if before is not None:
            array = shrink(array, [now // then for now, then in zip(factors, before, strict=True)])
        before = factors
        _write_array(group, str(number), axes, array)
        steps = [step or 1.0 for step in spacing]
        scale = [step * factor for step, factor in zip(steps, factors, strict=True)]
        # A coarse pixel is centred on the block that it stands for.
        shift = [step * (factor - 1) / 2 for step, factor in zip(steps, factors, strict=True)]
        transformations = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": shift}]
        datasets.append({"path": str(number), "coordinateTransformations": transformations})
    return datasets


def _write_array(group: zarr.Group, name: str, axes: Sequence[str], array: NDArray[Any]) -> None:
    chunks = choose_chunks(axes, array.shape)
    stored = group.create_array(
        name,
        shape=array.shape,
        dtype=array.dtype,
        chunks=chunks,
        # The checksum behind the compressor turns a changed byte into an error when it is read.
        compressors=[ZstdCodec(level=5), Crc32cCodec()],
        fill_value=0,
        dimension_names=axes,
        # Zarr reads a chunk that is missing as background; so all are written, and one that is gone shows.
        config={"write_empty_chunks": True},
    )
    stored[...] = array


def choose_chunks(axes: Sequence[str], shape: Sequence[int]) -> tuple[int, ...]:
    """Choose chunks of about half a megabyte: planes of 256² for flat images, slabs of 16 x 128² for volumes.

    Examples
    --------
    >>> choose_chunks("cyx", (3, 512, 600))
    (1, 256, 256)
    >>> choose_chunks("zyx", (60, 256, 100))
    (16, 128, 100)
    """
    sizes = dict(zip(axes, shape, strict=True))
    flat = sizes.get("z", 1) == 1
    longest = {"t": 1, "c": 1, "z": 16, "y": 256 if flat else 128, "x": 256 if flat else 128}
    return tuple(min(size, longest[axis]) for axis, size in sizes.items())


def _multiscale(
    name: str,
    axes: Sequence[str],
    spacing: Sequence[float | None],
    datasets: list[dict[str, Any]],
    method: str,
) -> dict[str, Any]:
    described = []
    for axis, step in zip(axes, spacing, strict=True):
        described.append({"name": axis, "type": _TYPES[axis]} | ({} if step is None else {"unit": _UNITS[axis]}))
    return {"name": name, "axes": described, "datasets": datasets, "type": method}


def render_hints(record: Record, image: NDArray[Any]) -> dict[str, Any]:
    """Say how a viewer should show the image: colour and display window of each channel.

    Parameters
    ----------
    record : Record
        Names axes, channels and colours.
    image : ndarray
        In the record's axes.

    Returns
    -------
    dict
        The ``omero`` object of OME-NGFF; for its windows see `bioimagehub.catalogs.thumbnail.choose_window`.
    """
    channels = []
    for number, channel in enumerate(record.channels):
        pixels = np.take(image, number, axis=record.axes.index("c")) if "c" in record.axes else image
        start, end = choose_window(pixels, record.channels)
        window = {"min": float(pixels.min()), "max": float(pixels.max()), "start": start, "end": end}
        channels.append({"label": channel.name, "color": channel.colour, "active": True, "window": window})
    sizes = dict(zip(record.axes, record.shape, strict=True))
    model = "color" if len(channels) > 1 or channels[0]["color"] != "FFFFFF" else "greyscale"
    middle = {"model": model, "defaultT": sizes.get("t", 1) // 2, "defaultZ": sizes.get("z", 1) // 2}
    return {"version": VERSION, "channels": channels, "rdefs": middle}
