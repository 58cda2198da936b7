"""HDF5 files as h5py writes them, read past h5py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from bioimagehub.catalogs.drivers import hdf5
from bioimagehub.catalogs.errors import (
    AmbiguousImageError,
    UnknownAxisError,
    UnknownImageError,
    UnreadableImageError,
)
from catalogs.drivers.contract import DriverContract, Written

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def cells(shape: tuple[int, ...], dtype: str = "uint16") -> NDArray[Any]:
    """Blurred noise: it can be compressed, and no two planes are alike."""
    noise = np.random.default_rng(7).poisson(40, shape)
    return noise.astype(dtype)


def axistags(axes: str) -> str:
    """Axis tags as vigra writes them."""
    return json.dumps({"axes": [{"key": key, "typeFlags": 2, "resolution": 0, "description": ""} for key in axes]})


class TestChunksOfIlastik(DriverContract):
    driver = "hdf5"

    def write(self, folder: Path) -> Written:
        image = cells((3, 9, 40, 50, 2))
        path = folder / "probabilities.h5"
        with h5py.File(path, "w") as file:
            found = file.create_dataset(
                "exported_data", data=image, chunks=(1, 4, 16, 16, 2), compression="gzip", shuffle=True
            )
            found.attrs["axistags"] = axistags("tzyxc")
            found.attrs["element_size_um"] = [1.5, 0.25, 0.2]
        return Written(
            path,
            np.moveaxis(image, -1, 1),
            ("t", "c", "z", "y", "x"),
            coords={"t": [0, 1, 2], "z": 1.5 * np.arange(9), "y": 0.25 * np.arange(40), "x": 0.2 * np.arange(50)},
            units={"t": "frame", "z": "micrometer", "y": "micrometer", "x": "micrometer"},
        )


class TestOnePieceWithScales(DriverContract):
    driver = "hdf5"

    def write(self, folder: Path) -> Written:
        image = cells((5, 40, 50), ">i2")
        path = folder / "piece.h5"
        with h5py.File(path, "w", userblock_size=512) as file:
            found = file.create_dataset("study/image", data=image)
            for position, (name, values, unit) in enumerate(
                [("time", 2.5 * np.arange(5), "min"), ("y", 10 + 500.0 * np.arange(40), "nm"), ("x", np.arange(50), "")]
            ):
                found.dims[position].label = name
                scale = file.create_dataset(f"scales/{name}", data=values)
                scale.make_scale(name)
                scale.attrs["units"] = unit
                found.dims[position].attach_scale(scale)
        return Written(
            path,
            image.astype("i2"),
            ("t", "y", "x"),
            coords={"t": 150.0 * np.arange(5), "y": 0.01 + 0.5 * np.arange(40), "x": np.arange(50)},
            units={"t": "second", "y": "micrometer", "x": "pixel"},
        )


class TestLibraryFilters(DriverContract):
    """Scale-offset is undone by the HDF5 library only."""

    driver = "hdf5"

    def write(self, folder: Path) -> Written:
        image = cells((6, 30, 41), "int32")
        path = folder / "scaleoffset.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("image", data=image, chunks=(2, 16, 16), scaleoffset=0)
        return Written(path, image, ("z", "y", "x"), units={"z": "pixel"})


FILTERS: dict[str, dict[str, Any]] = {
    "none": {},
    "deflate": {"compression": "gzip", "compression_opts": 6},
    "deflate, shuffled, checked": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "lzf, shuffled": {"compression": "lzf", "shuffle": True},
    "checked": {"fletcher32": True},
    "szip": {"compression": "szip"},
}


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", ">i4", "<f4", ">f8", "u8"])
def test_every_filter_and_type(tmp_path: Path, filters: dict[str, Any], dtype: str) -> None:
    image = cells((3, 37, 41), dtype)
    with h5py.File(tmp_path / "image.h5", "w") as file:
        file.create_dataset("image", data=image, chunks=(1, 16, 16), **filters)
    found = hdf5.open_array(str(tmp_path / "image.h5"))
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(found.values, image)
    np.testing.assert_array_equal(found[1, 5:20, ::-3].values, image[1, 5:20, ::-3])


@pytest.mark.parametrize("dtype", ["f2", "?", "c8", "c16"])
@pytest.mark.parametrize("chunks", [(1, 16, 16), None])
def test_rare_types(tmp_path: Path, dtype: str, chunks: tuple[int, ...] | None) -> None:
    image = (cells((3, 37, 41)) % 2).astype(dtype)
    with h5py.File(tmp_path / "image.h5", "w") as file:
        file.create_dataset("image", data=image, chunks=chunks)
    found = hdf5.open_array(str(tmp_path / "image.h5")).values
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, image)


@pytest.mark.parametrize(("name", "codec"), [("blosc", 32001), ("lz4", 32004), ("zstd", 32015)])
def test_registered_filters_without_their_plugins(tmp_path: Path, name: str, codec: int) -> None:
    """Chunks that were compressed elsewhere are written as they are, with the number of the filter."""
    import imagecodecs
    from numcodecs.blosc import Blosc

    image = cells((2, 32, 32))
    encode = {
        "blosc": lambda chunk: Blosc("lz4").encode(chunk),
        "lz4": lambda chunk: imagecodecs.lz4h5_encode(chunk.tobytes(), blocksize=512),
        "zstd": lambda chunk: imagecodecs.zstd_encode(chunk.tobytes()),
    }[name]
    with h5py.File(tmp_path / "image.h5", "w") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((1, 32, 32))
        properties.set_filter(codec, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple(image.shape)
        made = h5py.h5d.create(file.id, b"image", h5py.h5t.NATIVE_UINT16, space, properties)
        for number in range(2):
            made.write_direct_chunk((number, 0, 0), bytes(encode(image[number])))
    np.testing.assert_array_equal(hdf5.open_array(str(tmp_path / "image.h5")).values, image)


def test_chunks_that_were_not_written_have_the_fill_value(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "image.h5", "w") as file:
        made = file.create_dataset("image", (2, 40, 40), "f4", chunks=(1, 16, 16), fillvalue=np.nan)
        made[1, 16:32, 16:32] = 5
        file.create_dataset("empty", (2, 8, 8), "i2", fillvalue=-3)
    expected = np.full((2, 40, 40), np.nan, "f4")
    expected[1, 16:32, 16:32] = 5
    np.testing.assert_array_equal(hdf5.open_array(str(tmp_path / "image.h5"), path="image").values, expected)
    assert (hdf5.open_array(str(tmp_path / "image.h5"), path="/empty").values == -3).all()


def test_a_wrong_checksum_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "image.h5"
    with h5py.File(path, "w") as file:
        made = file.create_dataset("image", data=cells((2, 16, 16)), chunks=(1, 16, 16), fletcher32=True)
        start = made.id.get_chunk_info(1).byte_offset
    content = bytearray(path.read_bytes())
    content[start + 9] ^= 1
    path.write_bytes(content)
    found = hdf5.open_array(str(path))
    assert found[0].values.shape == (16, 16)
    with pytest.raises(UnreadableImageError, match=r"Chunk \(1, 0, 0\) of /image .* Fetch it anew"):
        found[1].load()


def test_several_datasets_have_to_be_named(tmp_path: Path) -> None:
    path = str(tmp_path / "image.h5")
    with h5py.File(path, "w") as file:
        file["raw"] = cells((4, 8, 9))
        file["labels/nuclei"] = cells((8, 9), "u1")
        file["names"] = np.array([b"one", b"two"])
        file["curve"] = np.arange(5)
    with pytest.raises(AmbiguousImageError, match=r"0: '/labels/nuclei' \(8x9 \|u1\), 1: '/raw' .*`path`"):
        hdf5.open_array(path)
    with pytest.raises(UnknownImageError, match=r"no image '/names'.*'/raw'"):
        hdf5.open_array(path, path="names")
    assert hdf5.open_array(path, path="labels/nuclei").dims == ("y", "x")
    tree = hdf5.open_tree(path)
    assert {"/raw", "/labels/nuclei"} <= set(tree.groups)
    assert tree["raw"]["image"].dims == ("z", "y", "x")


def test_axes_are_told_where_the_file_does_not(tmp_path: Path) -> None:
    path = str(tmp_path / "image.h5")
    image = cells((2, 4, 8, 9))
    with h5py.File(path, "w") as file:
        file["image"] = image
    with pytest.raises(AmbiguousImageError, match=r"have no names.*such as `axes='czyx'`"):
        hdf5.open_array(path)
    found = hdf5.open_array(path, axes="xtyc")
    assert found.dims == ("t", "c", "y", "x")
    np.testing.assert_array_equal(found.values, image.transpose(1, 3, 2, 0))
    for wrong in ("zyx", "zzyx", "tczs"):
        with pytest.raises(UnknownAxisError, match=r"4 different letters out of 'tczyx'"):
            hdf5.open_array(path, axes=wrong)


def test_a_file_without_images(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "table.h5", "w") as file:
        file["curve"] = np.arange(5)
    with pytest.raises(UnreadableImageError, match=r"holds no image.*two axes"):
        hdf5.open_array(str(tmp_path / "table.h5"))


def test_filters_that_nobody_has(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "image.h5", "w") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((8, 8))
        properties.set_filter(32999, h5py.h5z.FLAG_OPTIONAL, ())
        made = h5py.h5d.create(file.id, b"image", h5py.h5t.NATIVE_UINT16, h5py.h5s.create_simple((8, 8)), properties)
        made.write_direct_chunk((0, 0), b"x" * 128)
    with pytest.raises(UnreadableImageError, match=r"filter 32999.*hdf5plugin"):
        hdf5.open_array(str(tmp_path / "image.h5"))


def test_samples_in_other_files_are_named(tmp_path: Path) -> None:
    """The HDF5 library gives fill values for parts of a virtual dataset that it cannot find."""
    path = str(tmp_path / "image.h5")
    layout = h5py.VirtualLayout((2, 8, 9), "u2")
    for number in range(2):
        layout[number] = h5py.VirtualSource(f"part-{number}.h5", "image", (8, 9))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("external", (8, 9), "u2", external=[("samples.raw", 0, 144)])
        file["image"] = cells((8, 9))
    with pytest.raises(UnreadableImageError, match=r"in other files: part-0.h5, part-1.h5. Fetch all"):
        hdf5.open_array(path, path="virtual")
    with pytest.raises(UnreadableImageError, match=r"in other files: samples.raw"):
        hdf5.open_array(path, path="external")
    assert {"/image"} < set(hdf5.open_tree(path).groups)


def test_virtual_datasets_of_the_same_file(tmp_path: Path) -> None:
    image = cells((2, 8, 9))
    with h5py.File(tmp_path / "image.h5", "w") as file:
        file["image"] = image
        layout = h5py.VirtualLayout((8, 9), "u2")
        layout[:] = h5py.VirtualSource(file["image"])[1]
        file.create_virtual_dataset("second", layout)
    np.testing.assert_array_equal(hdf5.open_array(str(tmp_path / "image.h5"), path="second").values, image[1])


def test_matlab_has_its_axes_in_reverse(tmp_path: Path) -> None:
    image = cells((8, 9))
    with h5py.File(tmp_path / "image.mat", "w", userblock_size=512) as file:
        file.create_dataset("image", data=image.T).attrs["MATLAB_class"] = np.bytes_("uint16")
    found = hdf5.open_array(str(tmp_path / "image.mat"))
    assert found.dims == ("y", "x")
    np.testing.assert_array_equal(found.values, image)
