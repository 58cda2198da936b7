"""Every codec that zarr-python and imagecodecs write."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import imagecodecs.numcodecs
import numcodecs
import numpy as np
import pytest
import zarr
import zarr.codecs as v3
import zarr.codecs.numcodecs as extra

from bioimagehub.catalogs.arrays.chains import parse_compressors
from bioimagehub.catalogs.errors import UnreadableImageError
from catalogs.arrays.stored_arrays import open_zarr, values_of, write

if TYPE_CHECKING:
    from pathlib import Path

BLOSC = ("lz4", "lz4hc", "blosclz", "zlib", "zstd")
V2: dict[str, dict[str, Any]] = {
    "raw": {"compressors": None},
    **{f"blosc-{name}": {"compressors": numcodecs.Blosc(name)} for name in BLOSC},
    "blosc-bitshuffle": {"compressors": numcodecs.Blosc("zstd", shuffle=2)},
    "zlib": {"compressors": numcodecs.Zlib()},
    "gzip": {"compressors": numcodecs.GZip()},
    "zstd": {"compressors": numcodecs.Zstd()},
    "zstd-checksum": {"compressors": numcodecs.Zstd(checksum=True)},
    "lz4": {"compressors": numcodecs.LZ4()},
    "bz2": {"compressors": numcodecs.BZ2()},
    "lzma": {"compressors": numcodecs.LZMA()},
    "delta": {"filters": [numcodecs.Delta("u2", "i4")], "compressors": numcodecs.Zlib()},
    "shuffle": {"filters": [numcodecs.Shuffle(2)], "compressors": numcodecs.Zlib()},
    "offset": {"filters": [numcodecs.FixedScaleOffset(0, 2, "u2", "u1")], "compressors": None},
    "crc32": {"filters": [numcodecs.CRC32()], "compressors": numcodecs.Zlib()},
    "fletcher32": {"filters": [numcodecs.Fletcher32()], "compressors": None},
    "two filters": {"filters": [numcodecs.Delta("u2"), numcodecs.Shuffle(2)], "compressors": numcodecs.Zstd()},
}
# Made anew in each test: zarr-python warns of those that are not in the specification when they are made.
V3 = [
    "raw",
    "gzip",
    "zstd",
    "zstd-checksum",
    "crc32c",
    "zstd-crc32c",
    "transpose",
    "transpose twice",
    "numcodecs.lz4",
    "numcodecs.zlib",
    "numcodecs.bz2",
    "numcodecs.lzma",
    "numcodecs.blosc",
    "numcodecs.gzip",
    "numcodecs.zstd",
    "numcodecs.shuffle",
    "numcodecs.crc32",
    "numcodecs.adler32",
    "numcodecs.fletcher32",
    "numcodecs.delta",
    "numcodecs.delta-big",
    "numcodecs.fixedscaleoffset",
    "delta and transpose",
]
V3 += [f"blosc-{name}" for name in BLOSC]


def codecs_of_zarr_3() -> dict[str, dict[str, Any]]:
    return {
        "raw": {"compressors": None},
        **{f"blosc-{name}": {"compressors": v3.BloscCodec(cname=name)} for name in BLOSC},
        "gzip": {"compressors": v3.GzipCodec()},
        "zstd": {"compressors": v3.ZstdCodec()},
        "zstd-checksum": {"compressors": v3.ZstdCodec(checksum=True)},
        "crc32c": {"compressors": v3.Crc32cCodec()},
        "zstd-crc32c": {"compressors": [v3.ZstdCodec(), v3.Crc32cCodec()]},
        "transpose": {"filters": [v3.TransposeCodec(order=(2, 0, 1))], "compressors": v3.ZstdCodec()},
        "transpose twice": {"filters": [v3.TransposeCodec(order=(2, 0, 1)), v3.TransposeCodec(order=(1, 0, 2))]},
        "numcodecs.lz4": {"compressors": extra.LZ4()},
        "numcodecs.zlib": {"compressors": extra.Zlib()},
        "numcodecs.bz2": {"compressors": extra.BZ2()},
        "numcodecs.lzma": {"compressors": extra.LZMA()},
        "numcodecs.blosc": {"compressors": extra.Blosc(cname="lz4")},
        "numcodecs.gzip": {"compressors": extra.GZip()},
        "numcodecs.zstd": {"compressors": extra.Zstd()},
        "numcodecs.shuffle": {"compressors": [extra.Shuffle(elementsize=2), extra.Zlib()]},
        "numcodecs.crc32": {"compressors": extra.CRC32()},
        "numcodecs.adler32": {"compressors": extra.Adler32()},
        "numcodecs.fletcher32": {"compressors": extra.Fletcher32()},
        "numcodecs.delta": {"filters": [extra.Delta(dtype="<u2", astype="<i4")]},
        "numcodecs.delta-big": {
            "filters": [extra.Delta(dtype="<u2")], "serializer": v3.BytesCodec(endian="big"), "compressors": None,
        },
        "numcodecs.fixedscaleoffset": {
            "filters": [extra.FixedScaleOffset(offset=10, scale=1, dtype="<u2", astype="<i2")],
        },
        "delta and transpose": {"filters": [v3.TransposeCodec(order=(2, 0, 1)), extra.Delta(dtype="<u2")]},
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3 specification")
@pytest.mark.parametrize(
    ("zarr_format", "name"), [*[(2, name) for name in V2], *[(3, name) for name in V3]], ids=lambda each: str(each)
)
def test_codecs(tmp_path: Path, zarr_format: int, name: str) -> None:
    values = values_of("uint16")
    write(tmp_path / "a", values, zarr_format, **(V2 if zarr_format == 2 else codecs_of_zarr_3())[name])
    found = pickle.loads(pickle.dumps(open_zarr(tmp_path / "a")))  # noqa: S301 - our own
    np.testing.assert_array_equal(found[...], values)
    np.testing.assert_array_equal(found[3:11, 5, ::-2], values[3:11, 5, ::-2])


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3 specification")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_packed_bits(tmp_path: Path, zarr_format: int) -> None:
    values = values_of("bool")
    write(tmp_path / "a", values, zarr_format, filters=[numcodecs.PackBits() if zarr_format == 2 else extra.PackBits()])
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], values)


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3 specification")
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("BitRound", {"keepbits": 8}),
        ("Quantize", {"digits": 2, "dtype": "<f4"}),
        ("AsType", {"encode_dtype": "<f8", "decode_dtype": "<f4"}),
    ],
)
def test_codecs_that_round(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    """What zarr-python reads."""
    codec = getattr(extra, name)(**options)
    write(tmp_path / "a", np.random.default_rng(1).random((9, 9, 9), "f4"), filters=[codec])
    expected: Any = zarr.open_array(tmp_path / "a")[...]
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], expected)


@pytest.mark.parametrize("name", ["Jpeg2k", "Jpegxl", "Jpegls", "Png", "Lerc"])
def test_codecs_of_images(tmp_path: Path, name: str) -> None:
    options = {"Jpeg2k": {"level": 0, "reversible": True}, "Jpegxl": {"lossless": True}}.get(name, {})
    codec = getattr(imagecodecs.numcodecs, name)(**options)
    numcodecs.register_codec(type(codec))
    values = values_of("uint16", (2, 40, 50))
    write(tmp_path / "a", values, 2, chunks=(1, 32, 32), compressors=codec)
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], values)


def test_unknown_codec_is_told(tmp_path: Path) -> None:
    for zarr_format in (2, 3):
        path = tmp_path / str(zarr_format)
        write(path, values_of("uint16"), zarr_format)
        file = path / (".zarray" if zarr_format == 2 else "zarr.json")
        document = json.loads(file.read_text())
        if zarr_format == 2:
            document["compressor"] = {"id": "squeeze"}
        else:
            document["codecs"].append({"name": "squeeze", "configuration": {}})
        file.write_text(json.dumps(document))
        with pytest.raises(UnreadableImageError, match=r"encoded with 'squeeze'.*store the image with blosc"):
            open_zarr(path)


@pytest.mark.parametrize(
    "codec", [*(numcodecs.Blosc(name) for name in BLOSC), numcodecs.Blosc("lz4", shuffle=0, clevel=0)], ids=str
)
def test_blosc_that_is_cut_anywhere_is_told(codec: numcodecs.Blosc) -> None:
    """The decoder itself reads on in the memory behind it, or leaves the end as it was."""
    values = values_of("uint16", (16, 16))
    chain = parse_compressors(codec.get_config(), None, values.shape, values.dtype, "C", "a")
    content = codec.encode(values)
    np.testing.assert_array_equal(chain.decode(content, "0"), values)
    out = np.empty_like(values)
    for length in range(len(content)):
        with pytest.raises(UnreadableImageError, match="chunk 0 cannot be read: it has"):
            chain.decode(content[:length], "0")
        with pytest.raises(UnreadableImageError, match="chunk 0 cannot be read: it has"):
            chain.decode_into(content[:length], out, "0")
