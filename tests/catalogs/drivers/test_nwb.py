"""NWB files with the groups and attributes that the specification asks of image series, written by h5py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from bioimagehub.catalogs.drivers import nwb
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


def frames(shape: tuple[int, ...]) -> NDArray[Any]:
    return np.random.default_rng(11).poisson(60, shape).astype("int16")


def write_file(path: Path) -> h5py.File:
    file = h5py.File(path, "w")
    file.attrs["nwb_version"] = "2.8.0"
    file.attrs["neurodata_type"] = "NWBFile"
    return file


def write_plane(file: h5py.File, name: str, spacing: list[float], unit: str) -> h5py.Group:
    plane = file.create_group(f"general/optophysiology/{name}")
    plane.attrs["neurodata_type"] = "ImagingPlane"
    plane.create_dataset("grid_spacing", data=np.array(spacing, "f4")).attrs["unit"] = unit
    plane.create_dataset("origin_coords", data=np.array([1.0] * len(spacing))).attrs["unit"] = unit
    return plane


def write_series(
    parent: h5py.Group, name: str, data: NDArray[Any], kind: str = "TwoPhotonSeries", **made: Any
) -> h5py.Group:
    group = parent.require_group(name)
    group.attrs["neurodata_type"] = kind
    group.attrs["namespace"] = "core"
    stored = group.create_dataset("data", data=data, **made)
    stored.attrs["unit"] = "n.a."
    return group


def write_rate(group: h5py.Group, rate: float, start: float = 0.0) -> None:
    time = group.create_dataset("starting_time", data=np.float64(start))
    time.attrs["rate"], time.attrs["unit"] = np.float32(rate), "seconds"


class TestTwoPhotonSeries(DriverContract):
    driver = "nwb"

    def write(self, folder: Path) -> Written:
        image = frames((20, 40, 30))
        with write_file(folder / "session.nwb") as file:
            plane = write_plane(file, "plane0", [2e-6, 1e-6], "meters")
            group = write_series(
                file, "acquisition/TwoPhotonSeries", image, chunks=(4, 40, 30), compression="gzip", shuffle=True
            )
            write_rate(group, 4.0, start=10.0)
            group["imaging_plane"] = h5py.SoftLink(plane.name)
            table = file.create_group("general/subject")
            table.create_dataset("positions", data=np.zeros((50, 3)))
        return Written(
            folder / "session.nwb",
            image.transpose(0, 2, 1),
            ("t", "y", "x"),
            coords={
                "t": 10 + np.arange(20) / 4,
                "y": 1e6 + 1.0 * np.arange(30),
                "x": 1e6 + 2.0 * np.arange(40),
            },
            units={"t": "second", "y": "micrometer", "x": "micrometer"},
        )


class TestVolumesWithTimestamps(DriverContract):
    driver = "nwb"

    def write(self, folder: Path) -> Written:
        image = frames((6, 16, 12, 5))
        times = np.array([0.0, 0.5, 1.25, 2.0, 2.5, 9.0])
        with write_file(folder / "volumes.nwb") as file:
            group = write_series(file, "processing/ophys/Corrected/Volumes", image)
            group.create_dataset("timestamps", data=times)
            plane = write_plane(file, "volume", [0.5, 0.25, 3.0], "micrometers")
            group["imaging_plane"] = h5py.SoftLink(plane.name)
            images = file.create_group("processing/ophys/Summary")
            mean = images.create_dataset("mean", data=image.mean(0)[..., 0])
            mean.attrs["neurodata_type"], mean.attrs["resolution"] = "GrayscaleImage", 20000.0
        return Written(
            folder / "volumes.nwb",
            image.transpose(0, 3, 2, 1),
            ("t", "z", "y", "x"),
            coords={
                "t": times,
                "z": 1 + 3.0 * np.arange(5),
                "y": 1 + 0.25 * np.arange(12),
                "x": 1 + 0.5 * np.arange(16),
            },
            units={"t": "second", "z": "micrometer"},
            options={"series": "processing/ophys/Corrected/Volumes"},
        )


def test_images_beside_the_series(tmp_path: Path) -> None:
    image = frames((16, 12, 3)).astype("u1")
    with write_file(tmp_path / "images.nwb") as file:
        stored = file.create_dataset("acquisition/photos/rig", data=image)
        stored.attrs["neurodata_type"], stored.attrs["resolution"] = "RGBImage", 20000.0
    found = nwb.open_array(str(tmp_path / "images.nwb"))
    assert found.dims == ("c", "y", "x")
    assert found.c.values.tolist() == ["red", "green", "blue"]
    np.testing.assert_allclose(found.x.values, 0.5 * np.arange(16))
    np.testing.assert_array_equal(found.values, image.T)


def test_several_series_have_to_be_named(tmp_path: Path) -> None:
    path = str(tmp_path / "session.nwb")
    with write_file(tmp_path / "session.nwb") as file:
        for name in ("green", "red"):
            write_rate(write_series(file, f"acquisition/{name}", frames((4, 6, 5))), 2.0)
        write_series(file, "acquisition/voltage", frames((90, 4)), kind="ElectricalSeries")
    with pytest.raises(AmbiguousImageError, match=r"0: 'acquisition/green' \(4x6x5\), 1: 'acquisition/red'.*`series`"):
        nwb.open_array(path)
    with pytest.raises(UnknownImageError, match=r"acquisition/voltage.*acquisition/green"):
        nwb.open_array(path, series="acquisition/voltage")
    assert nwb.open_array(path, series="acquisition/red").sizes == {"t": 4, "y": 5, "x": 6}
    assert nwb.open_array(path, series=1, axes="tyx").sizes == {"t": 4, "y": 6, "x": 5}
    with pytest.raises(UnknownAxisError, match=r"the letters of 'txy'"):
        nwb.open_array(path, series=1, axes="zyx")
    tree = nwb.open_tree(path)
    assert tree["acquisition/green"]["image"].dims == ("t", "y", "x")


def test_images_in_other_files_are_named(tmp_path: Path) -> None:
    with write_file(tmp_path / "behaviour.nwb") as file:
        group = write_series(file, "acquisition/camera", np.empty((0, 0, 0), "u1"), kind="ImageSeries")
        group["external_file"] = np.array([b"camera-1.avi", b"camera-2.avi"])
    with pytest.raises(UnreadableImageError, match=r"camera-1.avi, camera-2.avi.*Fetch these"):
        nwb.open_array(str(tmp_path / "behaviour.nwb"))


def test_values_keep_their_conversion(tmp_path: Path) -> None:
    with write_file(tmp_path / "session.nwb") as file:
        group = write_series(file, "acquisition/calcium", frames((4, 6, 5)))
        group["data"].attrs.update({"unit": "lumens", "conversion": 0.5, "offset": -3.0})
    attrs = nwb.open_array(str(tmp_path / "session.nwb")).attrs
    assert (attrs["units"], attrs["conversion"], attrs["offset"]) == ("lumens", 0.5, -3.0)


def test_timestamps_that_do_not_fit(tmp_path: Path) -> None:
    with write_file(tmp_path / "session.nwb") as file:
        write_series(file, "acquisition/calcium", frames((4, 6, 5)))["timestamps"] = np.arange(3.0)
    with pytest.raises(UnreadableImageError, match=r"4 frames and 3 timestamps"):
        nwb.open_array(str(tmp_path / "session.nwb"))


def test_hdf5_that_is_not_nwb(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "image.h5", "w") as file:
        file["data"] = frames((4, 6, 5))
    with pytest.raises(UnreadableImageError, match=r"nwb_version is missing.*driver hdf5"):
        nwb.open_array(str(tmp_path / "image.h5"))
