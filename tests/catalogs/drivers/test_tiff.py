"""TIFF and OME-TIFF as tifffile, the writers of bioio, Pillow and ITK write them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from bioio_base.types import PhysicalPixelSizes
from bioio_ome_tiff.writers import OmeTiffWriter
from PIL import Image

from bioimagehub.catalogs.reader import Place
from catalogs.drivers.contract import DriverContract, Written
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VOLUME = ("t", "c", "z", "y", "x")


def cells(shape: tuple[int, ...], dtype: str = "uint16") -> NDArray[Any]:
    noise = np.random.default_rng(5).integers(0, 200, shape)
    return (noise + 3 * np.arange(shape[-1])).astype(dtype)


class TestPlainStack(DriverContract):
    """Strips without compression: each page in one piece."""

    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((5, 40, 52))
        tifffile.imwrite(folder / "stack.tif", pixels, photometric="minisblack", metadata=None, rowsperstrip=7)
        return Written(
            folder / "stack.tif",
            pixels,
            ("z", "y", "x"),
            coords={"z": np.arange(5.0), "y": np.arange(40.0)},
            units={"z": "pixel", "x": "pixel"},
        )


class TestBigEndianStrips(DriverContract):
    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((3, 2, 40, 52), "int32") - 300
        tifffile.imwrite(
            folder / "strips.tif",
            pixels,
            photometric="minisblack",
            byteorder=">",
            rowsperstrip=11,
            compression="lzw",
            predictor=True,
            metadata={"axes": "TCYX"},
        )
        return Written(folder / "strips.tif", pixels, ("t", "c", "y", "x"), units={"t": "frame", "y": "pixel"})


class TestBigTiffWithTiles(DriverContract):
    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((4, 70, 90), "float32") / 7
        tifffile.imwrite(
            folder / "tiles.tif",
            pixels,
            photometric="minisblack",
            bigtiff=True,
            tile=(32, 48),
            compression="zstd",
            predictor=3,
            resolution=(4e4, 2e4),
            resolutionunit="centimeter",
            metadata={"axes": "ZYX"},
        )
        return Written(
            folder / "tiles.tif",
            pixels,
            ("z", "y", "x"),
            coords={"y": np.arange(70) * 0.5, "x": np.arange(90) * 0.25},
            units={"z": "pixel", "y": "micrometer", "x": "micrometer"},
        )


class TestPyramid(DriverContract):
    """OME-TIFF with its coarser levels in SubIFDs."""

    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((2, 3, 2, 96, 110))
        levels = [np.ascontiguousarray(pixels[..., :: 2**level, :: 2**level]) for level in range(3)]
        metadata = {
            "axes": "TCZYX",
            "PhysicalSizeX": 250,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 0.25,
            "PhysicalSizeYUnit": "µm",
            "PhysicalSizeZ": 1e-6,
            "PhysicalSizeZUnit": "m",
            "TimeIncrement": 2,
            "TimeIncrementUnit": "min",
            "Channel": {"Name": ["DAPI", "GFP", "actin"]},
        }
        options: dict[str, Any] = {"tile": (32, 32), "compression": "zlib", "photometric": "minisblack"}
        with tifffile.TiffWriter(folder / "pyramid.ome.tif", bigtiff=True) as file:
            file.write(levels[0], subifds=2, metadata=metadata, **options)
            for level in levels[1:]:
                file.write(level, subfiletype=1, **options)
        return Written(
            folder / "pyramid.ome.tif",
            pixels,
            VOLUME,
            levels=levels,
            coords={
                "t": [0.0, 120.0],
                "c": ["DAPI", "GFP", "actin"],
                "z": [0.0, 1.0],
                "y": np.arange(96) * 0.25,
                "x": np.arange(110) * 0.25,
            },
            units={"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"},
        )


class TestHyperstack(DriverContract):
    """ImageJ: all pages behind one directory."""

    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((3, 4, 2, 30, 41))
        metadata = {"axes": "TZCYX", "spacing": 1.5, "unit": "um", "finterval": 2.5}
        tifffile.imwrite(folder / "hyperstack.tif", pixels, imagej=True, resolution=(2.0, 4.0), metadata=metadata)
        with (folder / "hyperstack.tif").open("r+b") as file, tifffile.TiffFile(file) as found:
            # ImageJ writes one directory only, for stacks that are longer than 4 GiB; the next one is cut off here.
            place = found.pages.first.offset + 2 + 12 * len(found.pages.first.tags)
            file.seek(place)
            file.write(bytes(4))
        return Written(
            folder / "hyperstack.tif",
            pixels.swapaxes(1, 2),
            VOLUME,
            coords={
                "t": np.arange(3) * 2.5,
                "z": np.arange(4) * 1.5,
                "y": np.arange(30) * 0.25,
                "x": np.arange(41) * 0.5,
            },
            units={"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"},
        )


class TestPlanarColours(DriverContract):
    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((2, 3, 50, 60), "uint8")
        tifffile.imwrite(
            folder / "planar.tif", pixels, photometric="rgb", planarconfig="separate", tile=(16, 32), compression="lzw"
        )
        return Written(
            folder / "planar.tif",
            pixels.swapaxes(0, 1),
            ("c", "z", "y", "x"),
            coords={"c": ["red", "green", "blue"]},
        )


class TestHalfPrecision(DriverContract):
    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((4, 33, 47), "float16")
        tifffile.imwrite(folder / "half.tif", pixels, photometric="minisblack", compression="deflate", tile=(16, 16))
        return Written(folder / "half.tif", pixels, ("z", "y", "x"))


class TestSetOfFiles(DriverContract):
    """OME-TIFF in several files: a timepoint each."""

    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((3, 2, 30, 41))
        data = "".join(
            f'<TiffData IFD="{c}" FirstT="{t}" FirstC="{c}" PlaneCount="1">'
            f'<UUID FileName="set_t{t}.ome.tif">urn:uuid:{t}</UUID></TiffData>'
            for t in range(3)
            for c in range(2)
        )
        for t in range(3):
            xml = (
                '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
                f'UUID="urn:uuid:{t}"><Image ID="Image:0" Name="set"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" '
                'Type="uint16" SizeX="41" SizeY="30" SizeC="2" SizeZ="1" SizeT="3" PhysicalSizeX="500" '
                'PhysicalSizeXUnit="nm"><Channel ID="Channel:0" Name="a"/><Channel ID="Channel:1" Name="b"/>'
                f"{data}</Pixels></Image></OME>"
            )
            tifffile.imwrite(
                folder / f"set_t{t}.ome.tif",
                pixels[t],
                photometric="minisblack",
                ome=False,
                description=xml,
                metadata=None,
                compression="zlib",
            )
        return Written(
            folder / "set_t1.ome.tif",
            pixels,
            ("t", "c", "y", "x"),
            coords={"c": ["a", "b"], "x": np.arange(41) * 0.5},
            units={"t": "frame", "x": "micrometer", "y": "pixel"},
        )

    def test_changed_after_indexing(self, written: Written, tmp_path: Path) -> None:
        folder = shutil.copytree(written.path.parent, tmp_path / "set")
        with StoreServer(folder) as server:
            url = f"{server.url}/{written.path.name}"
            layout = self.module.scan(url)
            for file in folder.iterdir():
                file.write_bytes(file.read_bytes()[::-1])
            assert self._fails_or_is_right(Place(url, layout=layout), written)


class TestWriterOfBioio(DriverContract):
    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((2, 2, 3, 40, 50))
        OmeTiffWriter.save(
            pixels,
            folder / "bioio.ome.tiff",
            dim_order="TCZYX",
            channel_names=["membrane", "nuclei"],
            physical_pixel_sizes=PhysicalPixelSizes(2.0, 0.5, 0.25),
        )
        return Written(
            folder / "bioio.ome.tiff",
            pixels,
            VOLUME,
            coords={"c": ["membrane", "nuclei"], "z": [0.0, 2.0, 4.0], "x": np.arange(50) * 0.25},
            units={"z": "micrometer"},
        )


class TestPillow(DriverContract):
    driver = "tiff"

    def write(self, folder: Path) -> Written:
        pixels = cells((45, 60, 4), "uint8")
        Image.fromarray(pixels, "RGBA").save(folder / "pillow.tif", compression="tiff_lzw")
        return Written(
            folder / "pillow.tif",
            pixels.transpose(2, 0, 1),
            ("c", "y", "x"),
            coords={"c": ["red", "green", "blue", "alpha"]},
        )
