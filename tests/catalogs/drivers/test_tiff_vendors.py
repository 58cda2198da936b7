"""TIFF as microscopes and slide scanners write it: written byte by byte here, and checked by tifffile."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from bioimagehub.catalogs.drivers import tiff
from bioimagehub.catalogs.errors import AmbiguousImageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Tags = list[tuple[int, int, int, bytes]]


def cells(*shape: int, dtype: str = "uint16") -> NDArray[Any]:
    return np.random.default_rng(6).integers(0, 250, shape).astype(dtype)


def shorts(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def longs(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def page_tags(image: NDArray[Any], offset: int, *, samples: int = 1, reduced: bool = False) -> Tags:
    """Tags of a page in one strip, or one a sample; kind, number and bytes of each."""
    height, width = image.shape[-2:]
    size = height * width * image.itemsize
    return [
        (254, 4, 1, longs(int(reduced))),
        (256, 4, 1, longs(width)),
        (257, 4, 1, longs(height)),
        (258, 3, samples, shorts(*[8 * image.itemsize] * samples)),
        (259, 3, 1, shorts(1)),
        (262, 3, 1, shorts(1)),
        (273, 4, samples, longs(*(offset + number * size for number in range(samples)))),
        (277, 3, 1, shorts(samples)),
        (278, 4, 1, longs(height)),
        (279, 4, samples, longs(*[size] * samples)),
        (284, 3, 1, shorts(2)),
    ]


def directory(tags: Tags, at: int, following: int, *, wide: bool = False) -> bytes:
    """Write a directory that begins at a byte, with its values behind it; `wide` as Hamamatsu has it."""
    link = 8 if wide else 4
    end = at + 2 + 12 * len(tags) + link + (4 * len(tags) if wide else 0)
    entries, values = struct.pack("<H", len(tags)), b""
    for tag, kind, number, data in sorted(tags):
        place = longs(end + len(values)) if len(data) > 4 else data.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, number) + place
        values += data if len(data) > 4 else b""
    high = bytes(4 * len(tags)) if wide else b""
    return entries + following.to_bytes(link, "little") + high + values


def write_chain(file: Path, pages: list[Tags], data: bytes, *, wide: bool = False) -> None:
    """Write directories behind the pixels; each gets 4096 bytes."""
    start = -(-(16 + len(data)) // 4096) * 4096
    begin = b"II*\0" + (start.to_bytes(8, "little") if wide else longs(start))
    content = bytearray(begin.ljust(16, b"\0") + data)
    for number, tags in enumerate(pages):
        at = start + 4096 * number
        following = at + 4096 if number + 1 < len(pages) else 0
        content = content.ljust(at, b"\0") + directory(tags, at, following, wide=wide)
    file.write_bytes(content.ljust(start + 4096 * len(pages), b"\0"))


def test_metamorph_stack(tmp_path: Path) -> None:
    """All planes behind one directory; UIC tags tell how many."""
    pixels = cells(5, 30, 40)
    planes = longs(*(value for plane in range(5) for value in (3, 2, 2451545, 1000 * plane, 2451545, 1000 * plane)))
    # A distance of 1/4, and the name of its unit; the tag has pointers to them.
    at = 16 + pixels.nbytes
    data = pixels.tobytes() + longs(1, 4, 3) + b"um\0"
    calibration = longs(3, 1, 4, at, 5, at, 6, at + 8)
    tags = [*page_tags(pixels[0], 16), (33628, 4, 4, calibration), (33629, 5, 5, planes)]
    write_chain(tmp_path / "metamorph.stk", [tags], data)
    with tifffile.TiffFile(tmp_path / "metamorph.stk") as file:
        assert file.is_stk
        np.testing.assert_array_equal(file.asarray(), pixels)
    found = tiff.open_array(str(tmp_path / "metamorph.stk"))
    assert found.dims == ("z", "y", "x")
    np.testing.assert_array_equal(found.values, pixels)
    np.testing.assert_allclose(found.x, np.arange(40) * 0.25)
    np.testing.assert_allclose(found.z, np.arange(5) * 1.5)
    assert found.z.attrs["units"] == "micrometer"


def lsm_info(x: int, y: int, z: int, c: int, t: int, positions: int) -> bytes:
    info = np.zeros((), tifffile.TIFF.CZ_LSMINFO)
    values = {"MagicNumber": 67127628, "StructureSize": info.dtype.itemsize, "ScanType": 6, "DimensionP": positions}
    values |= {"DimensionX": x, "DimensionY": y, "DimensionZ": z, "DimensionChannels": c, "DimensionTime": t}
    for name, value in values.items():
        info[name] = value
    for axis, size in {"X": 2e-7, "Y": 2e-7, "Z": 1e-6}.items():
        info[f"VoxelSize{axis}"] = size
    info["TimeIntervall"] = 2.5
    return info.tobytes()


@pytest.mark.parametrize(("positions", "channels"), [(0, 3), (2, 3), (0, 2)])
def test_zeiss_lsm(tmp_path: Path, positions: int, channels: int) -> None:
    """Channels in strips of their own, each page with a thumbnail behind it."""
    pixels = cells(max(1, positions), 2, 3, channels, 30, 40)
    pages, data = [], b""
    for number, image in enumerate(pixels.reshape(-1, channels, 30, 40)):
        small = np.ascontiguousarray(image[:, ::4, ::4]).astype(np.uint8)
        for one in (image, small):
            tags = page_tags(one, 16 + len(data), samples=channels, reduced=one is small)
            data += one.tobytes()
            if channels == 2:
                # Two values would fit into the tag; LSM has a pointer to them none the less.
                tags = [tag for tag in tags if tag[0] != 258] + [(258, 3, 2, longs(16 + len(data)))]
                data += shorts(*[8 * one.itemsize] * 2)
            if number == 0 and one is image:
                info = lsm_info(40, 30, 3, channels, 2, positions)
                tags.append((34412, 1, len(info), info))
            pages.append(tags)
    write_chain(tmp_path / "zeiss.lsm", pages, data)
    with tifffile.TiffFile(tmp_path / "zeiss.lsm") as file:
        assert file.is_lsm
        np.testing.assert_array_equal(file.asarray().reshape(pixels.shape), pixels)
    with pytest.raises(AmbiguousImageError, match="series"):
        tiff.open_array(str(tmp_path / "zeiss.lsm"))
    for number in range(max(1, positions)):
        found = tiff.open_array(str(tmp_path / "zeiss.lsm"), series=number)
        assert found.dims == ("t", "c", "z", "y", "x")
        np.testing.assert_array_equal(found.values, pixels[number].swapaxes(1, 2))
        np.testing.assert_allclose(found.x, np.arange(40) * 0.2)
        np.testing.assert_allclose(found.t, [0, 2.5])
        assert found.z.attrs["units"] == "micrometer"


def test_hamamatsu_slide(tmp_path: Path) -> None:
    """Offsets of 64 bits in a classic TIFF."""
    pixels, macro = cells(60, 80, dtype="uint8"), cells(20, 30, dtype="uint8")
    pages, data = [], b""
    for image, magnification in ((pixels, 20.0), (macro, -1.0)):
        tags = page_tags(image, 16 + len(data))
        tags += [
            (271, 2, 10, b"Hamamatsu\0"),
            (65420, 4, 1, longs(1)),
            (65421, 11, 1, struct.pack("<f", magnification)),
        ]
        pages.append(tags)
        data += image.tobytes()
    write_chain(tmp_path / "slide.ndpi", pages, data, wide=True)
    with tifffile.TiffFile(tmp_path / "slide.ndpi") as file:
        assert file.is_ndpi
        assert len(file.pages) == 2
    np.testing.assert_array_equal(tiff.open_array(str(tmp_path / "slide.ndpi"), series=0).values, pixels)
    np.testing.assert_array_equal(tiff.open_array(str(tmp_path / "slide.ndpi"), series="Macro").values, macro)


def test_itk(tmp_path: Path) -> None:
    pixels = cells(5, 30, 40, dtype="float32")
    np.save(tmp_path / "pixels.npy", pixels)
    # ITK is not at ease in a process with audit hooks, such as that of the tests.
    code = "import itk, numpy; itk.imwrite(itk.image_from_array(numpy.load('pixels.npy')), 'itk.tif', compression=True)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    found = tiff.open_array(str(tmp_path / "itk.tif"))
    assert found.dims == ("z", "y", "x")
    np.testing.assert_array_equal(found.values, pixels)
