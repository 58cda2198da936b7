"""OME-Zarr: a folder of chunks, Zarr 2 or 3, of which the level of full resolution counts.

Only chunks in the folder itself are read, each no further than its array has room for. Codecs without loss, whose
output is known before, are let in.

References
----------
OME-NGFF 0.5, https://ngff.openmicroscopy.org/0.5/; Zarr 3 core specification, https://zarr-specs.readthedocs.io.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.formats.found import LARGEST_SEGMENT, Found, reading, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bioimagehub.catalogs.drivers.ngff.images import Image

SUFFIXES = (".ome.zarr", ".zarr")
KINDS = frozenset({"labels", "classes", "image", "map"})

CODECS = frozenset({"blosc", "bytes", "crc32c", "gzip", "sharding_indexed", "transpose", "zlib", "zstd"})
PACKERS = frozenset({"blosc", "gzip", "zlib", "zstd"})
CHUNKS = 200_000
"""Chunks that one array may have."""
_DOCUMENTS = frozenset({"zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata"})
_LONGEST_DOCUMENT = 2**20
_WIDTHS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}


def inspect(path: Path) -> Found:
    """Read what the metadata of an OME-Zarr image claim.

    Parameters
    ----------
    path : Path
        Folder of the image, or of the label image.

    Raises
    ------
    PredictionFileError
        If there is no image, or its metadata call for something that is not read here.
    """
    with reading("OME-Zarr image"):
        image = _open(path)
        (array,) = image.arrays([0])
        shape = image.shape(array)
        axes = image.axes(0)
        stated = [axis.spacing if axis.units == _WIDTHS.get(axis.name) else None for axis in axes]
        spacing = None if None in stated else tuple(float(one) for one in stated if one is not None)
        return Found(array.dtype, shape, tuple(axis.name for axis in axes), spacing)


def load(path: Path, kind: str) -> NDArray[Any]:  # noqa: ARG001 - every kind is read alike
    """Read the pixels of the level of full resolution.

    Parameters
    ----------
    path : Path
    kind : str
        One of `KINDS`.

    Returns
    -------
    ndarray
        Axes in the order t c z y x.

    Raises
    ------
    PredictionFileError
        If it cannot be read.
    """
    with reading("OME-Zarr image"):
        image = _open(path)
        (array,) = image.arrays([0])
        size = array.dtype.itemsize
        whole = math.prod(array.shape) * size
        most = max(2 * whole, LARGEST_SEGMENT)
        if math.prod(array.chunk) * size > most:
            refuse(
                f"its chunks have the shape {array.chunk}", f"at most {most} bytes in a chunk", "Use smaller chunks."
            )
        for file in sorted(path.rglob("*")):
            if file.is_file() and file.stat().st_size > most + 2**20:
                refuse(
                    f"its file {file.relative_to(path)} has {file.stat().st_size} bytes",
                    f"at most {most + 2**20} in a chunk of this image",
                    "Write the image again.",
                )
        pixels: NDArray[Any] = image.pixels(0)[...]
        return pixels


def write(path: Path, data: NDArray[Any], axes: Sequence[str], spacing: Sequence[float] | None) -> None:
    """Write an image with its metadata; the same pixels give the same bytes.

    Parameters
    ----------
    path : Path
        Folder to make.
    data : ndarray
    axes : sequence of str
        Out of t c z y x, one for each axis.
    spacing : sequence of float or None
        In µm along each axis (t in seconds); None where it is not known.
    """
    import zarr
    from zarr.codecs import ZstdCodec

    chunks = tuple(min(length, 64 if data.ndim > 2 else 512) for length in data.shape)
    group = zarr.open_group(path, mode="w", zarr_format=3)
    array = group.create_array(
        "0", shape=data.shape, dtype=data.dtype, chunks=chunks, dimension_names=list(axes),
        compressors=ZstdCodec(level=5),
    )  # fmt: skip
    array[...] = data
    kinds = {"t": "time", "c": "channel"}
    listed: list[dict[str, str]] = []
    for axis in axes:
        known = {} if spacing is None or axis == "c" else {"unit": _WIDTHS[axis]}
        listed.append({"name": axis, "type": kinds.get(axis, "space"), **known})
    scale = [1.0] * data.ndim if spacing is None else [float(one) for one in spacing]
    dataset: dict[str, Any] = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    group.attrs.update({"ome": {"version": "0.5", "multiscales": [{"axes": listed, "datasets": [dataset]}]}})


def _open(path: Path) -> Image:
    """Read the metadata, and refuse what is not read here."""
    from bioimagehub.catalogs.drivers.ngff.documents import ARRAYS, Documents, join
    from bioimagehub.catalogs.drivers.ngff.images import read_image
    from bioimagehub.catalogs.reader import Place

    for file in sorted(path.rglob("*")):
        if file.name in _DOCUMENTS and file.stat().st_size > _LONGEST_DOCUMENT:
            refuse(
                f"its metadata file {file.relative_to(path)} has {file.stat().st_size} bytes",
                f"at most {_LONGEST_DOCUMENT}",
                "Write the image again.",
            )
    # Copies of metadata in the group are not looked at: they may differ from those of the arrays.
    documents = Documents(Place(str(path.absolute())), consolidated=False)
    group = documents.group("")
    if group is None:
        refuse(
            "there is no zarr.json and no .zattrs in the folder",
            "an OME-Zarr image",
            "Give the folder of the image itself, with its metadata files; some programs leave hidden files out.",
        )
    image = read_image(documents, group)
    (document,) = documents.read([join("", image.multiscale.levels[0].path, ARRAYS[group.zarr])])
    if document is not None:
        _check_codecs(document)
        _check_count(document)
    return image


def _check_codecs(document: Mapping[str, Any]) -> None:
    """See that each chain of codecs has one packer at most, and nothing whose output is not known before."""
    chains: list[list[str]] = []
    if document.get("zarr_format") == 2:
        packed = [document["compressor"]] if document.get("compressor") else []
        chains.append([str(each["id"]) for each in (*packed, *(document.get("filters") or []))])
    else:
        _gather_chains(document["codecs"], chains)
    for names in chains:
        if not set(names) <= CODECS or sum(name in PACKERS for name in names) > 1:
            refuse(
                f"its chunks are encoded with {', '.join(names)}",
                f"one of {', '.join(sorted(PACKERS))}, without filters",
                "Write it again with such a codec; zarr's own defaults are among them.",
            )


def _gather_chains(codecs: Any, chains: list[list[str]]) -> None:
    names = [str(codec if isinstance(codec, str) else codec["name"]) for codec in codecs]
    chains.append(names)
    if len(chains) > 3:
        refuse("it has shards within shards", "one level of shards", "Write it again with plain chunks.")
    for codec in codecs:
        if not isinstance(codec, str) and codec["name"] == "sharding_indexed":
            for inner in ("codecs", "index_codecs"):
                _gather_chains(codec["configuration"][inner], chains)


def _check_count(document: Mapping[str, Any]) -> None:
    """Count the chunks that are decoded each by itself: time, too, is to be bounded."""
    if document.get("zarr_format") == 2:
        sizes = document["chunks"]
    else:
        sizes = document["chunk_grid"]["configuration"]["chunk_shape"]
        for codec in document["codecs"]:
            if not isinstance(codec, str) and codec["name"] == "sharding_indexed":
                sizes = codec["configuration"]["chunk_shape"]
    count = math.prod(-(-length // size) for length, size in zip(document["shape"], sizes, strict=True))
    if count > CHUNKS:
        refuse(f"it is cut into {count} chunks", f"at most {CHUNKS}", "Use larger chunks.")
