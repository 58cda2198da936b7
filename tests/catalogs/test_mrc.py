from __future__ import annotations

import bz2
import gzip
import importlib.util
import pickle
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from bioimagehub.catalogs.drivers.mrc import open_array, parse_axes
from bioimagehub.catalogs.errors import UnknownLabelError, UnknownLevelError, UnreadableImageError

VALUES = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Three sections of four rows of five columns, 2 Å a voxel."""
    file = tmp_path / "map.mrc"
    with mrcfile.new(file) as written:
        written.set_data(VALUES)
        written.voxel_size = 2.0
    return file


@pytest.fixture
def emd_3001() -> Path:
    spec = importlib.util.find_spec("gridData")
    assert spec
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "tests" / "datafiles" / "EMD-3001.map.bz2"


def test_map_is_read_with_its_coordinates(volume: Path) -> None:
    density = open_array(str(volume))
    assert density.dims == ("z", "y", "x")
    np.testing.assert_array_equal(density.values, VALUES)
    assert density["x"].attrs == {"units": "micrometer", "spacing": pytest.approx(2e-4)}
    np.testing.assert_allclose(density["z"], [0, 2e-4, 4e-4], rtol=1e-12)


def test_order_of_the_axes_is_that_of_the_header(emd_3001: Path) -> None:
    """EMD-3001 has columns along z, rows along x and sections along y."""
    density = open_array(str(emd_3001))
    assert dict(density.sizes) == {"z": 73, "y": 25, "x": 43}
    with mrcfile.open(emd_3001, permissive=True) as stored:
        assert density.values[10, 5, 30] == stored.data[5, 30, 10]
        np.testing.assert_array_equal(density.values, np.moveaxis(stored.data, -1, 0))
    assert [density[axis].attrs["spacing"] for axis in "zyx"] == pytest.approx(
        [33.03e-4 / 72, 4.71e-4 / 12, 17.93e-4 / 40], rel=1e-9
    )
    assert float(density["y"][0]) == pytest.approx(-12 * 4.71e-4 / 12)
    assert float(density["x"][0]) == pytest.approx(-21 * 17.93e-4 / 40)


def test_planes_are_read_alone(volume: Path) -> None:
    density = open_array(str(volume), chunks=())
    assert density.chunks == ((1, 1, 1), (4,), (5,))
    np.testing.assert_array_equal(density.isel(z=1).values, VALUES[1])


def test_map_can_be_sent_to_another_process(volume: Path) -> None:
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(open_array(str(volume)))).values, VALUES)  # noqa: S301


@pytest.mark.parametrize(("ending", "module"), [(".gz", gzip), (".bz2", bz2)])
def test_compressed_maps(volume: Path, ending: str, module: object) -> None:
    packed = volume.with_name(volume.name + ending)
    packed.write_bytes(module.compress(volume.read_bytes()))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(open_array(str(packed)).isel(y=2).values, VALUES[:, 2])


def test_cell_that_is_not_stated_gives_pixels(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "map.mrc") as written:
        written.set_data(VALUES)
    assert open_array(str(tmp_path / "map.mrc"))["x"].attrs == {"units": "pixel", "spacing": 1.0}


def test_header_without_order_means_the_usual(volume: Path) -> None:
    with mrcfile.open(volume, mode="r+") as changed:
        changed.header.mapc = changed.header.mapr = changed.header.maps = 0
    np.testing.assert_array_equal(open_array(str(volume)).values, VALUES)


def test_header_that_names_an_axis_twice_is_told(volume: Path) -> None:
    with mrcfile.open(volume, mode="r+") as changed:
        changed.header.mapc = 2
    with pytest.raises(UnreadableImageError, match=r"as the axes \[3, 2, 2\]; expected 1, 2 and 3.*MAPS, MAPR, MAPC"):
        open_array(str(volume))


@pytest.mark.parametrize("content", [b"", b"not a map", b"\0" * 2000])
def test_file_that_is_no_map_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "map.mrc"
    file.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"map\.mrc.*[Ff]etch"):
        open_array(str(file))


def test_cut_map_is_told(volume: Path) -> None:
    volume.write_bytes(volume.read_bytes()[:-40])
    with pytest.raises(UnreadableImageError, match=r"map\.mrc.*[Ff]etch"):
        open_array(str(volume))


def test_map_that_was_cut_after_it_was_opened_is_told(volume: Path) -> None:
    density = open_array(str(volume))
    volume.write_bytes(volume.read_bytes()[:-40])
    with pytest.raises(UnreadableImageError, match=r"map\.mrc"):
        density.load()


def test_missing_map_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"No map could be opened at .*none\.mrc.*Check the path"):
        open_array(str(tmp_path / "none.mrc"))


def test_single_image_is_no_map(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "image.mrc") as written:
        written.set_data(VALUES[0])
    with pytest.raises(UnreadableImageError, match="has 2 dimensions; expected a map of three"):
        open_array(str(tmp_path / "image.mrc"))


def test_levels_and_labels_are_refused(volume: Path) -> None:
    with pytest.raises(UnknownLevelError, match=r"Level 1 .* has the level 0 only. Choose 0"):
        open_array(str(volume), level=1)
    with pytest.raises(UnknownLabelError, match=r"'cells' .* an MRC file has none"):
        open_array(str(volume), label="cells")


def test_axes_of_every_order() -> None:
    for stored in ((1, 2, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)):
        header = np.zeros(1, dtype=mrcfile.dtypes.HEADER_DTYPE)[0]
        header["maps"], header["mapr"], header["mapc"] = stored
        order, axes = parse_axes(header, "map")
        assert [stored[position] for position in order] == [3, 2, 1]
        assert [axis.name for axis in axes] == ["z", "y", "x"]
