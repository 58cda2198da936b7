"""OME-Zarr as other tools write it: each version, layout and way of naming."""

from __future__ import annotations

import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import ngff_zarr
import numpy as np
import ome_zarr.writer
import pytest
import zarr
from ome_zarr.format import FormatV01, FormatV02, FormatV03, FormatV04, FormatV05

from bioimagehub.catalogs.drivers.ome_zarr import open_array, open_tree
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.writers.itk_images import ORIGIN, SPACING, VALUES
from catalogs.drivers.writers.itk_zarr import write_itk_zarr
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from ome_zarr.format import Format

CHANNELS = {"DNA": "0000ff", "actin": "FF00FF"}


def make_pixels(shape: tuple[int, ...], dtype: str, seed: int = 0) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(dtype)


class TestOmeZarrPy05(DriverContract):
    """Written by ome-zarr-py, in shards, with labels and units."""

    driver = "ome_zarr"
    version: Format = FormatV05()
    opening = 5

    def storage(self) -> dict[str, Any]:
        return {"chunks": (1, 1, 2, 8, 8), "shards": (1, 1, 4, 16, 24)}

    def write(self, folder: Path) -> Written:
        path = folder / "image.ome.zarr"
        group = zarr.open_group(path, mode="w", zarr_format=self.version.zarr_format)
        axes: list[dict[str, str]] = [{"name": "t", "type": "time", "unit": "minute"}, {"name": "c", "type": "channel"}]
        axes += [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
        levels = [make_pixels((2, 2, 4, 21, 30), "uint16"), make_pixels((2, 2, 4, 11, 15), "uint16", 1)]
        scales = [[2.0, 1.0, 500.0, 250.0, 125.0], [2.0, 1.0, 500.0, 500.0, 250.0]]
        transformations: list[list[dict[str, Any]]] = [[{"type": "scale", "scale": scale}] for scale in scales]
        transformations[1].append({"type": "translation", "translation": [0.0, 0.0, 0.0, 125.0, 62.5]})
        omero = {"channels": [{"label": name, "color": colour} for name, colour in CHANNELS.items()]}
        ome_zarr.writer.write_multiscale(
            levels,
            group,
            fmt=self.version,
            axes=axes,
            coordinate_transformations=transformations,
            storage_options=self.storage(),
        )
        place = group.attrs.asdict().get("ome")
        group.attrs.update({"omero": omero} if place is None else {"ome": {**place, "omero": omero}})
        labels = (levels[0][:, 0] % 5).astype("uint32")
        ome_zarr.writer.write_multiscale_labels(
            [labels], group, "nuclei", fmt=self.version, axes=[axes[0], *axes[2:]],
            coordinate_transformations=[[{"type": "scale", "scale": [2.0, 500.0, 250.0, 125.0]}]],
        )  # fmt: skip
        coords = {"t": [0.0, 120.0], "c": ["DNA", "actin"], "z": 0.5 * np.arange(4), "x": 0.125 * np.arange(30)}
        units = {"t": "second", "z": "micrometer", "x": "micrometer"}
        return Written(
            path, levels[0], tuple("tczyx"), levels=levels, labels={"nuclei": labels}, coords=coords, units=units,
            opening=self.opening,
        )  # fmt: skip


class TestOmeZarrPy04(TestOmeZarrPy05):
    """The same in version 0.4: chunks in folders."""

    version = FormatV04()

    def storage(self) -> dict[str, Any]:
        return {"chunks": (1, 1, 2, 8, 8)}


class _Unscaled(DriverContract):
    driver = "ome_zarr"
    version: Format

    def write(self, folder: Path) -> Written:
        path = folder / "image.zarr"
        group = zarr.open_group(path, mode="w", zarr_format=2)
        levels = [make_pixels((1, 2, 3, 20, 30), "uint8"), make_pixels((1, 2, 3, 10, 15), "uint8", 1)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ome_zarr.writer.write_multiscale(levels, group, fmt=self.version, axes=self.axes())
        coords = {"z": np.arange(3.0), "y": np.arange(20.0)}
        return Written(
            path, levels[0], tuple("tczyx"), levels=levels, coords=coords, units={"t": "frame", "x": "pixel"}
        )

    def axes(self) -> list[str] | None:
        return None


class TestOmeZarrPy01(_Unscaled):
    """Keys with dots; no axes, no scale."""

    version = FormatV01()


class TestOmeZarrPy02(_Unscaled):
    """No axes, no scale."""

    version = FormatV02()


class TestOmeZarrPy03(_Unscaled):
    """Axes by name, no scale."""

    version = FormatV03()

    def axes(self) -> list[str]:
        return list("tczyx")


class _NgffZarr(DriverContract):
    driver = "ome_zarr"
    version: str
    shards: int | None = None

    def write(self, folder: Path) -> Written:
        path = folder / "image.ome.zarr"
        pixels = make_pixels((3, 40, 50), "float32")
        image = ngff_zarr.to_ngff_image(
            pixels,
            dims=["z", "y", "x"],
            scale={"z": 2.0, "y": 0.5, "x": 0.25},
            translation={"z": 1.0, "y": 0.0, "x": -3.0},
            axes_units=dict.fromkeys("zyx", "micrometer"),
        )
        multiscales = ngff_zarr.to_multiscales(image, scale_factors=[2], chunks=16)
        ngff_zarr.to_ngff_zarr(str(path), multiscales, version=self.version, chunks_per_shard=self.shards)
        levels = [np.asarray(level.data) for level in multiscales.images]
        coords = {"z": 1.0 + 2.0 * np.arange(3), "y": 0.5 * np.arange(40), "x": 0.25 * np.arange(50) - 3.0}
        return Written(path, pixels, tuple("zyx"), levels=levels, coords=coords, units={"z": "micrometer"})


class TestNgffZarr04(_NgffZarr):
    """Written by ngff-zarr: consolidated, paths of levels that are no numbers."""

    version = "0.4"


class TestNgffZarr05(_NgffZarr):
    version = "0.5"


class TestNgffZarr05Shards(_NgffZarr):
    version = "0.5"
    shards = 2


class TestOtherOrder(DriverContract):
    """Axes in another order than ours, which zarr-python writes as it is told; big-endian, Fortran order."""

    driver = "ome_zarr"

    def write(self, folder: Path) -> Written:
        path = folder / "image.zarr"
        group = zarr.open_group(path, mode="w", zarr_format=2)
        stored = make_pixels((30, 20, 3), "int32")
        array = group.create_array(
            "full size", shape=stored.shape, dtype=">i4", chunks=(8, 8, 2), order="F", compressors=None, fill_value=7
        )
        array[...] = stored
        axes: list[dict[str, str]] = [{"name": name, "type": "space"} for name in "xy"]
        axes.append({"name": "lambda", "type": "channel"})
        dataset = {"path": "full size", "coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.5, 1.0]}]}
        common = [{"type": "scale", "scale": [2.0, 2.0, 1.0]}, {"type": "translation", "translation": [1.0, 0.0, 0.0]}]
        group.attrs["multiscales"] = [
            {"version": "0.4", "axes": axes, "datasets": [dataset], "coordinateTransformations": common}
        ]
        coords = {"x": 1.0 + np.arange(30), "y": np.arange(20.0)}
        return Written(path, stored.transpose(2, 1, 0), tuple("cyx"), coords=coords, units={"x": "pixel"})


def test_image_of_itk_through_ngff_zarr(tmp_path: Path) -> None:
    found = open_array(str(write_itk_zarr(tmp_path)))
    np.testing.assert_array_equal(found.values, VALUES)
    for axis, spacing, origin in zip("xyz", SPACING, ORIGIN, strict=True):
        np.testing.assert_allclose(found[axis], origin + spacing * np.arange(found.sizes[axis]))


def test_samples_are_read_as_zarr_python_reads_them(samples: Path) -> None:
    for image in sorted(samples.glob("*/image.ome.zarr")):
        tree = open_tree(str(image))
        for node in tree.leaves:
            (array,) = node.data_vars.values()
            stored: Any = zarr.open_array(image / node.path.strip("/"), mode="r")
            np.testing.assert_array_equal(array.values, stored[...])


@pytest.mark.parametrize("version", [FormatV04(), FormatV05()], ids=str)
def test_colours_are_those_of_the_depositor(tmp_path: Path, version: Format) -> None:
    """What is no colour is None; nothing is told where they are of other channels."""
    axes = [{"name": "c", "type": "channel"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=version.zarr_format)
    scale: list[list[dict[str, Any]]] = [[{"type": "scale", "scale": [1.0, 1.0, 1.0]}]]
    ome_zarr.writer.write_multiscale(
        [make_pixels((3, 8, 8), "uint8")], group, fmt=version, axes=axes, coordinate_transformations=scale
    )
    place = group.attrs.asdict().get("ome")
    for colours, expected in [
        (["0000ff", "FF00FF", "url(x)"], ["0000FF", "FF00FF", None]),
        (["0000ff", "FF00FF"], None),
        ([1, None, "FFF"], None),
    ]:
        omero = {"channels": [{"color": colour} for colour in colours]}
        group.attrs.update({"omero": omero} if place is None else {"ome": {**place, "omero": omero}})
        image = open_array(str(tmp_path / "a.zarr"))
        assert image.attrs.get("colours") == expected


def test_image_in_a_zip_file(tmp_path: Path) -> None:
    written = TestOmeZarrPy05().write(tmp_path)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as packed:
        for file in sorted(written.path.rglob("*")):
            packed.write(file, file.relative_to(tmp_path))
    with StoreServer(tmp_path) as server:
        for folder in (tmp_path, server.url):
            found = open_array(f"{folder}/set.zip!/{written.path.name}", label="nuclei")
            np.testing.assert_array_equal(found.values, written.labels["nuclei"])
