from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mrcfile
import numpy as np
import pytest
import tifffile

from bioimagehub.catalogs.drivers.empiar import open_array, open_tree, scan
from bioimagehub.catalogs.errors import (
    AmbiguousImageError,
    ChangedFileError,
    MissingFileError,
    UnknownImageError,
    UnknownOptionError,
    UnreadableImageError,
)
from bioimagehub.catalogs.reader import Place
from catalogs.drivers.contract import DriverContract, Written
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VALUES = np.random.default_rng(6).integers(0, 4000, (3, 20, 30), dtype=np.uint16)
NAMES = ["mic_2.mrc", "mic_9.mrc", "mic_10.mrc"]


def write_mrc(file: Path, values: NDArray[Any], voxel: float = 1.1) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(file, overwrite=True) as written:
        written.set_data(values)
        if values.ndim == 3:
            written.set_image_stack()
        written.voxel_size = voxel


def write_set(folder: Path) -> Path:
    for name, values in zip(NAMES, VALUES, strict=True):
        write_mrc(folder / name, values)
    return folder


class TestMicrographs(DriverContract):
    driver = "empiar"

    def write(self, folder: Path) -> Written:
        return Written(
            write_set(folder / "data"),
            VALUES,
            ("image", "y", "x"),
            coords={"image": NAMES, "x": np.arange(30) * 1.1e-4},
            units={"x": "micrometer"},
            opening=2,
        )


class TestTiffMovies(DriverContract):
    driver = "empiar"

    def write(self, folder: Path) -> Written:
        (folder / "data").mkdir()
        values = np.stack([VALUES, VALUES[::-1]])
        for name, movie in zip(("a_1.tiff", "a_2.tiff"), values, strict=True):
            tifffile.imwrite(folder / "data" / name, movie, photometric="minisblack", compression="zlib", metadata=None)
        return Written(folder / "data", values, ("image", "t", "y", "x"), options={"axes": "tyx"})


def test_patterns_lead_to_folders(tmp_path: Path) -> None:
    for number, values in enumerate(VALUES):
        write_mrc(tmp_path / f"Disc{number} a" / "Data" / "mic.mrc", values)
        (tmp_path / f"Disc{number} a" / "Data" / "mic.xml").write_text("<a/>")
    (tmp_path / "Disc0 a" / "gain.mrc").write_bytes(b"")
    with StoreServer(tmp_path) as store:
        for url in (str(tmp_path), store.url):
            found = open_array(url, pattern="Disc*/Data/*.mrc")
            assert found["image"].values.tolist() == [f"Disc{number} a/Data/mic.mrc" for number in range(3)]
            np.testing.assert_array_equal(found.values, VALUES)
            assert found.attrs["left_out"] == 3
            np.testing.assert_array_equal(open_array(url, pattern="Disc[12]*/Data/*.mrc").values, VALUES[1:])


def test_files_of_several_formats_are_chosen_by_pattern(tmp_path: Path) -> None:
    write_set(tmp_path)
    tifffile.imwrite(tmp_path / "gain.tif", VALUES[0])
    with pytest.raises(AmbiguousImageError, match=r"several formats: 3 \*\.mrc, 1 \*\.tif\. Choose with `pattern`"):
        open_array(str(tmp_path))
    assert open_array(str(tmp_path), pattern="*.mrc").sizes["image"] == 3
    layout = scan(str(tmp_path))
    found = open_array(Place(str(tmp_path), layout=layout), pattern="mic_?.mrc")
    assert found.attrs["left_out"] == 2
    np.testing.assert_array_equal(found.values, VALUES[:2])
    assert open_array(Place(str(tmp_path), layout=layout), pattern="gain*").shape == (1, 20, 30)


def test_another_shape_is_told_when_it_is_read(tmp_path: Path) -> None:
    write_set(tmp_path)
    write_mrc(tmp_path / "mic_9.mrc", VALUES[1, :10])
    found = open_array(str(tmp_path))
    np.testing.assert_array_equal(found[::2].values, VALUES[::2])
    with pytest.raises(UnreadableImageError, match=r"mic_9\.mrc is uint16 y 10 x 30.*mic_2\.mrc, is uint16 y 20 x 30"):
        found[:2].load()


def test_another_shape_is_told_when_an_indexed_set_is_opened(tmp_path: Path) -> None:
    write_set(tmp_path)
    write_mrc(tmp_path / "mic_9.mrc", VALUES[1], voxel=2)
    layout = scan(str(tmp_path))
    told = r"1 of the 3 files .* are not like mic_2\.mrc.*: mic_9\.mrc: uint16 y 20 x 30, y every 0\.0002 micrometer"
    with pytest.raises(UnreadableImageError, match=told):
        open_array(Place(str(tmp_path), layout=layout))
    tree = open_tree(Place(str(tmp_path), layout=layout))
    np.testing.assert_array_equal(tree["mic_9.mrc/image"].values, VALUES[1])


def test_indexed_set_is_read_without_looking_at_headers(tmp_path: Path) -> None:
    write_set(tmp_path)
    with StoreServer(tmp_path) as store:
        layout = scan(store.url)
        store.reset()
        found = open_array(Place(store.url, layout=layout))
        assert store.count == 0
        np.testing.assert_array_equal(found[1].values, VALUES[1])
        assert store.count == 1
        np.testing.assert_array_equal(open_tree(Place(store.url, layout=layout))["mic_2.mrc/image"].values, VALUES[0])
        write_mrc(tmp_path / "mic_10.mrc", VALUES[0])
        with pytest.raises(ChangedFileError, match=r"mic_10\.mrc"):
            open_array(Place(store.url, layout=layout))[2].load()


def test_first_file_alone_is_looked_at(tmp_path: Path) -> None:
    write_set(tmp_path)
    with StoreServer(tmp_path) as store:
        found = open_array(store.url)
        assert store.count == 2
        np.testing.assert_array_equal(found[2, 3:5].values, VALUES[2, 3:5])
        assert store.count == 4


def test_tree_has_files_of_every_shape(tmp_path: Path) -> None:
    write_set(tmp_path)
    write_mrc(tmp_path / "movie.mrcs", VALUES)
    tifffile.imwrite(tmp_path / "gain.tif", VALUES[0])
    tree = open_tree(str(tmp_path))
    assert sorted(tree.children) == sorted([*NAMES, "gain.tif", "movie.mrcs"])
    assert tree["movie.mrcs/image"].dims == ("t", "y", "x")
    np.testing.assert_array_equal(tree["gain.tif/image"].values, VALUES[0])


def test_movies_whose_sections_look_like_slices(tmp_path: Path) -> None:
    for number in range(2):
        with mrcfile.new(tmp_path / f"movie{number}.mrc") as written:
            written.set_data(VALUES)
    assert open_array(str(tmp_path)).dims == ("image", "z", "y", "x")
    movies = open_array(str(tmp_path), stack=True)
    assert movies.dims == ("image", "t", "y", "x")
    np.testing.assert_array_equal(movies[1].values, VALUES)


def test_options_that_the_files_have_no_use_for_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path)
    with pytest.raises(UnknownOptionError, match=r"with axes: it is a set of mrc files. Leave it out"):
        open_array(str(tmp_path), axes="yx")


def test_folder_without_images_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownImageError, match=r"no MRC or TIFF file in it. It has 0 files: none. .*`pattern`"):
        open_array(str(tmp_path))
    (tmp_path / "movie.eer").write_bytes(b"")
    write_set(tmp_path)
    with pytest.raises(UnknownImageError, match=r"that fits '\*\.eer'. It has 4 files: .*movie\.eer"):
        open_array(str(tmp_path), pattern="*.eer")


def test_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"nowhere"):
        open_array(str(tmp_path / "nowhere"))
