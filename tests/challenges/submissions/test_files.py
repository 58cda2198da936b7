"""Files that are not what they claim to be: each is a problem in the report, within bounds of memory and time."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from bioimagehub.challenges.errors import PredictionFileError
from bioimagehub.challenges.formats import find_format
from challenges.submissions import attacks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.challenges.submissions import Report

    Check = Callable[..., Report]

MIB = 2**20


class Dangerous:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: str) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (self.trace,)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_pickled_objects_are_never_loaded(suffix: str, tmp_path: Path, told: Callable[[], str]) -> None:
    array = np.array([[Dangerous(str(tmp_path / "trace"))]], object)
    save = np.save if suffix == "npy" else np.savez
    save(tmp_path / f"s/a.{suffix}", array, allow_pickle=True)
    assert "pickled objects can run code and are never loaded" in told()
    assert not (tmp_path / "trace").exists()


def test_pickle_under_the_name_of_an_array(tmp_path: Path, told: Callable[[], str]) -> None:
    import pickle

    (tmp_path / "s/a.npy").write_bytes(pickle.dumps(Dangerous(str(tmp_path / "trace"))))
    assert "cannot be read" in told()
    assert not (tmp_path / "trace").exists()


def test_npy_that_claims_a_huge_shape(tmp_path: Path, told: Callable[[], str]) -> None:
    (tmp_path / "s/a.npy").write_bytes(attacks.npy_header((2**20, 2**20)))
    assert "its header tells of 2199023255552 bytes of values, and 0 follow" in told()


def test_npz_that_claims_a_huge_shape(tmp_path: Path, told: Callable[[], str]) -> None:
    attacks.zip_of(tmp_path / "s/a.npz", {"labels.npy": attacks.npy_header((2**31, 2**31)) + b"\0" * (32 * MIB)})
    assert "Expected 24 × 30 along y, x" in told()


def test_npz_that_unpacks_to_more_than_it_claims(tmp_path: Path, told: Callable[[], str], labels: np.ndarray) -> None:
    stream = io.BytesIO()
    np.save(stream, labels)
    attacks.zip_of(tmp_path / "s/a.npz", {"labels.npy": stream.getvalue() + b"\0" * (128 * MIB)})
    assert "and there are more" in told()


def test_header_of_an_array_that_is_a_bomb(tmp_path: Path, told: Callable[[], str]) -> None:
    header = b"\x93NUMPY\x02\x00" + struct.pack("<I", 128 * MIB) + b" " * (128 * MIB)
    attacks.zip_of(tmp_path / "s/a.npz", {"labels.npy": header})
    assert "its header has 134217728 bytes. Expected at most 10000" in told()


def test_header_of_an_array_that_is_code(tmp_path: Path, told: Callable[[], str]) -> None:
    text = f"__import__('os').mkdir({str(tmp_path / 'trace')!r})".encode()
    (tmp_path / "s/a.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text)
    assert "cannot be read" in told()
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("descr", ["|V8", "<M8[s]", "<c16", "|S4", "<U4", [("x", "<u2")]])
def test_arrays_of_other_types(descr: Any, tmp_path: Path, told: Callable[[], str]) -> None:
    array = np.zeros((24, 30), np.dtype(descr))
    np.save(tmp_path / "s/a.npy", array)
    assert "Expected an array of numbers" in told()


def test_several_arrays(tmp_path: Path, told: Callable[[], str], labels: np.ndarray) -> None:
    np.savez(tmp_path / "s/a.npz", one=labels, two=labels)
    assert "it has 2 members: one.npy, two.npy. Expected one array" in told()


def test_png_that_claims_a_huge_image(tmp_path: Path, told: Callable[[], str]) -> None:
    (tmp_path / "s/a.png").write_bytes(attacks.png(100_000, 100_000, rows=b"\0" * 1000))
    assert "it is too large for a PNG" in told()
    (tmp_path / "s/a.png").write_bytes(attacks.png(10_000, 10_000, rows=b"\0" * 1000))
    assert "its shape is 10000 × 10000. Expected 24 × 30 along y, x" in told()


def test_png_with_rows_without_end(tmp_path: Path, check: Check, labels: np.ndarray) -> None:
    (tmp_path / "a.png").write_bytes(attacks.png(30, 24, rows=b"\0" * (128 * MIB)))
    np.save(tmp_path / "b.npy", labels)
    with attacks.memory_below(64 * MIB):
        check(tmp_path)


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_png_with_text_that_is_a_bomb(kind: bytes, tmp_path: Path, check: Check, labels: np.ndarray) -> None:
    bomb = b"Comment\0\0" + zlib.compress(b"A" * (128 * MIB))
    (tmp_path / "a.png").write_bytes(attacks.png(30, 24, (kind, bomb), rows=b"\0" * 31 * 24))
    np.save(tmp_path / "b.npy", labels)
    with attacks.memory_below(64 * MIB):
        check(tmp_path)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_coloured_picture(mode: str, tmp_path: Path, told: Callable[[], str]) -> None:
    Image.new(mode, (30, 24)).save(tmp_path / "s/a.png")
    assert "it is a coloured picture" in told()


def test_tiff_that_claims_a_huge_image(tmp_path: Path, told: Callable[[], str]) -> None:
    (tmp_path / "s/a.tif").write_bytes(attacks.tiff(attacks.tiff_page(2**31 - 1, 2**31 - 1, count=100)))
    assert "its shape is 2147483647 × 2147483647" in told()


@pytest.mark.parametrize(("offset", "count"), [(8, 2**31), (2**31, 720), (8, 0)])
def test_tiff_with_pixels_that_are_not_there(offset: int, count: int, tmp_path: Path, told: Callable[[], str]) -> None:
    page = attacks.tiff_page(30, 24, offset=offset, count=count)
    (tmp_path / "s/a.tif").write_bytes(attacks.tiff(page, data=b"\0" * 720))
    assert "not all of them are in the file" in told()


def test_tiff_whose_directories_go_round(tmp_path: Path, check: Check, labels: np.ndarray) -> None:
    """The chain of directories is followed once: there is one page."""
    (tmp_path / "a.tif").write_bytes(attacks.tiff(attacks.tiff_page(30, 24), following=728, data=b"\0" * 720))
    np.save(tmp_path / "b.npy", labels)
    assert check(tmp_path).cases["a"].objects == 0
    assert find_format("tiff").inspect(tmp_path / "a.tif").shape == (24, 30)


def test_tiff_whose_next_directory_is_elsewhere(tmp_path: Path, told: Callable[[], str]) -> None:
    page = attacks.tiff(attacks.tiff_page(31, 24), following=2**31, data=b"\0" * 744)
    (tmp_path / "s/a.tif").write_bytes(page)
    told()


def test_tiff_with_a_strip_that_is_a_bomb(tmp_path: Path, told: Callable[[], str]) -> None:
    data = zlib.compress(b"\0" * (128 * MIB))
    page = attacks.tiff_page(31, 24, compression=8, count=len(data))
    (tmp_path / "s/a.tif").write_bytes(attacks.tiff(page, data=data))
    told()
    page = attacks.tiff_page(30, 24, compression=8, count=len(data))
    (tmp_path / "s/a.tif").write_bytes(attacks.tiff(page, data=data))
    with attacks.memory_below(16 * MIB), contextlib.suppress(PredictionFileError):
        find_format("tiff").load(tmp_path / "s/a.tif", "labels")


def test_tiff_with_tiles_larger_than_memory(tmp_path: Path, told: Callable[[], str]) -> None:
    page = [entry for entry in attacks.tiff_page(30, 24, compression=8) if entry[0] not in (273, 278, 279)]
    page += [(322, 4, 1, 2**30), (323, 4, 1, 2**30), (324, 4, 1, 8), (325, 4, 1, 10)]
    (tmp_path / "s/a.tif").write_bytes(attacks.tiff(page, data=zlib.compress(b"\0" * 99)))
    assert "page 1 has tiles of" in told()


def test_tiff_with_a_tag_longer_than_the_file(tmp_path: Path, told: Callable[[], str]) -> None:
    page = [*attacks.tiff_page(31, 24), (270, 2, 2**32 - 1, 8)]
    (tmp_path / "s/a.tif").write_bytes(attacks.tiff(page, data=b"\0" * 744))
    told()


@pytest.mark.parametrize("options", [{"compression": "jpeg"}, {"compression": "lzma"}])
def test_tiff_with_other_codecs(options: dict[str, Any], tmp_path: Path, told: Callable[[], str]) -> None:
    tifffile.imwrite(tmp_path / "s/a.tif", np.zeros((24, 30), np.uint8), **options)
    assert "Expected one of Deflate, LZW, PackBits, Zstandard, none" in told()


def test_coloured_tiff(tmp_path: Path, told: Callable[[], str]) -> None:
    tifffile.imwrite(tmp_path / "s/a.tif", np.zeros((24, 30, 3), np.uint8), photometric="rgb")
    assert "page 1 has 3 values a pixel" in told()


def test_ome_tiff_with_pixels_in_another_file(tmp_path: Path, told: Callable[[], str], labels: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "secret.tif", labels)
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        'DimensionOrder="XYZCT" Type="uint16" SizeX="30" SizeY="24" SizeZ="1" SizeC="1" SizeT="1"><TiffData IFD="0" '
        'PlaneCount="1"><UUID FileName="../secret.tif">urn:uuid:1</UUID></TiffData></Pixels></Image></OME>'
    )
    tifffile.imwrite(tmp_path / "s/a.ome.tif", labels * 0, description=xml, metadata=None)
    assert "its OME-XML refers to other files" in told()


def test_xml_that_grows(tmp_path: Path, told: Callable[[], str], labels: np.ndarray) -> None:
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    xml = f'<?xml version="1.0"?><!DOCTYPE OME [{entities}]><OME>&j;</OME>'
    tifffile.imwrite(tmp_path / "s/a.tif", labels, description=xml, metadata=None)
    assert "Expected well-formed XML without entities" in told()


def test_script_in_metadata_is_text(tmp_path: Path, check: Check, labels: np.ndarray) -> None:
    script = "<script>alert(1)</script>"
    tifffile.imwrite(tmp_path / "a.tif", labels[1:], description=f"<OME {script}", metadata=None)
    np.save(tmp_path / "b.npy", labels)
    np.save(tmp_path / "<img src=x onerror=alert(1)>.npy", labels)
    report = check(tmp_path)
    assert "<img" in str(report)
    assert "<script" not in report._repr_html_()
    assert "<img" not in report._repr_html_()
    assert "&lt;img src=x" in report._repr_html_()


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: os.link(path.parents[5] / "other", path),
        lambda path: os.mkfifo(path),
    ],
    ids=["symlink", "hardlink", "pipe"],
)
def test_links_in_folders(make: Callable[[Path], None], tmp_path: Path, check: Check, labels: np.ndarray) -> None:
    (tmp_path / "s").mkdir()
    find_format("ome_zarr").write(tmp_path / "s/a.zarr", labels, ("y", "x"), None)
    np.save(tmp_path / "s/b.npy", labels)
    target = tmp_path / "s/a.zarr/0/c/0/0"
    target.unlink()
    (tmp_path / "other").write_bytes(b"1")
    make(target)
    assert "'a.zarr/0/c/0/0' is a " in str(check(tmp_path / "s"))


def test_folder_that_is_a_link(tmp_path: Path, check: Check, labels: np.ndarray) -> None:
    (tmp_path / "other").mkdir()
    np.save(tmp_path / "other/b.npy", labels)
    (tmp_path / "s").mkdir()
    (tmp_path / "s/a.zarr").symlink_to(tmp_path / "other")
    assert "'a.zarr' is a link" in str(check(tmp_path / "s"))
    (tmp_path / "t").symlink_to(tmp_path / "other")
    assert "there is no such file or folder" in str(check(tmp_path / "t"))


@pytest.mark.parametrize("suffix", ["tif", "png", "npy", "npz", "zarr"])
@pytest.mark.parametrize(
    "content", [b"", b"\x89HDF\r\n\x1a\n" + b"\0" * 100, b"II*\0\x08\0\0\0", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"]
)
def test_wrong_magic(suffix: str, content: bytes, tmp_path: Path, told: Callable[[], str]) -> None:
    (tmp_path / f"s/a.{suffix}").write_bytes(content)
    assert "Expected" in told()


def test_hdf5_is_not_read(tmp_path: Path, check: Check, labels: np.ndarray) -> None:
    """No format of submissions is HDF5, so its links to other files lead nowhere."""
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["labels"] = h5py.ExternalLink("/etc/secret.h5", "/labels")
    np.save(tmp_path / "b.npy", labels)
    assert "there is 'a.h5', which is no case" in str(check(tmp_path))


WRITERS: dict[str, Callable[[Path, np.ndarray], object]] = {
    "a.tif": lambda path, array: tifffile.imwrite(path, array, compression="zlib", tile=(16, 16)),
    "a.png": lambda path, array: Image.fromarray(array).save(path),
    "a.npy": np.save,
    "a.npz": lambda path, array: np.savez_compressed(path, array),
    "a.zarr": lambda path, array: find_format("ome_zarr").write(path, array, ("y", "x"), (0.5, 0.5)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_files_never_raise(name: str, tmp_path: Path, check: Check, labels: np.ndarray) -> None:
    WRITERS[name](tmp_path / name, labels)
    np.save(tmp_path / "b.npy", labels)
    path = tmp_path / name
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    chance = np.random.default_rng(len(name))
    found = 0
    for _ in range(40):
        file = files[int(chance.integers(len(files)))]
        whole = file.read_bytes()
        damaged = bytearray(whole)
        damaged[chance.integers(len(whole))] ^= int(chance.integers(1, 256))
        file.write_bytes(damaged if chance.random() < 0.7 else damaged[: chance.integers(len(whole))])
        found += not check(tmp_path).ok
        file.write_bytes(whole)
    assert found
    assert check(tmp_path).ok
