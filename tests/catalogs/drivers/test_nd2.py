"""ND2 files, written byte by byte here and checked by nd2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nd2 as library
import numpy as np
import pytest

from bioimagehub.catalogs.drivers import nd2
from bioimagehub.catalogs.errors import AmbiguousImageError, UnknownImageError, UnreadableImageError
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.writers.nd2 import Nd2File, write_nd2

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TIME: tuple[int, dict[str, Any]] = (1, {"uiCount": 3, "dStart": 0.0, "dPeriod": 2000.0, "dDuration": 6000.0})
STACK: tuple[int, dict[str, Any]] = (4, {"uiCount": 4, "dZLow": 0.0, "dZHigh": 1.5, "dZStep": 0.5, "iType": 0})


def positions(*names: str) -> tuple[int, dict[str, Any]]:
    points = [{"dPosX": 10.0 * at, "dPosY": 0.0, "dPosZ": 0.0, "dPosName": name} for at, name in enumerate(names)]
    return 2, {"uiCount": len(names), "bUseZ": False, "Points": points}


def cells(shape: tuple[int, ...], dtype: str = "uint16") -> NDArray[Any]:
    return np.random.default_rng(3).integers(0, 200, shape).astype(dtype)


def frames_of(image: NDArray[Any]) -> dict[int, NDArray[Any]]:
    """Frames of an image with the axes (loops..., y, x, component)."""
    flat = image.reshape(-1, *image.shape[-3:])
    return dict(enumerate(flat))


class TestTimesAndStacks(DriverContract):
    driver = "nd2"

    def write(self, folder: Path) -> Written:
        image = cells((3, 4, 30, 41, 2))
        made = Nd2File(frames_of(image), [TIME, STACK], ("DAPI", "GFP"), padding=6)
        write_nd2(folder / "image.nd2", made)
        with library.ND2File(folder / "image.nd2") as file:
            assert dict(file.sizes) == {"T": 3, "Z": 4, "C": 2, "Y": 30, "X": 41}
            np.testing.assert_array_equal(file.asarray(), np.moveaxis(image, -1, 2))
        return Written(
            folder / "image.nd2",
            np.moveaxis(image, -1, 1),
            ("t", "c", "z", "y", "x"),
            coords={
                "t": 2.0 * np.arange(3),
                "c": ["DAPI", "GFP"],
                "z": 0.5 * np.arange(4),
                "y": 0.25 * np.arange(30),
                "x": 0.25 * np.arange(41),
            },
            units={"t": "second", "z": "micrometer", "x": "micrometer"},
        )


class TestPositionsDeflated(DriverContract):
    """Positions within times, of a stack that goes down, with frames of floats that are deflated."""

    driver = "nd2"

    def write(self, folder: Path) -> Written:
        image = cells((3, 2, 4, 20, 21, 1), "float32")
        down = (4, STACK[1] | {"iType": 4})
        write_nd2(folder / "image.nd2", Nd2File(frames_of(image), [TIME, positions("A1", "A2"), down], deflated=True))
        with library.ND2File(folder / "image.nd2") as file:
            assert dict(file.sizes) == {"T": 3, "P": 2, "Z": 4, "Y": 20, "X": 21}
            np.testing.assert_array_equal(file.asarray(), image[..., 0])
        return Written(
            folder / "image.nd2",
            image[:, 1, ..., 0],
            ("t", "z", "y", "x"),
            coords={"z": -0.5 * np.arange(4)},
            units={"t": "second"},
            options={"series": "A2"},
        )


class TestOneFrame(DriverContract):
    driver = "nd2"

    def write(self, folder: Path) -> Written:
        image = cells((25, 33, 3), "uint8")
        write_nd2(folder / "frame.nd2", Nd2File({0: image}, channels=("Brightfield",), calibration=0.0))
        with library.ND2File(folder / "frame.nd2") as file:
            assert file.is_rgb
            np.testing.assert_array_equal(file.asarray(), image)
        return Written(
            folder / "frame.nd2",
            np.moveaxis(image, -1, 0),
            ("c", "y", "x"),
            coords={"c": ["Brightfield 0", "Brightfield 1", "Brightfield 2"], "x": np.arange(33)},
            units={"y": "pixel", "x": "pixel"},
        )


def test_positions_have_to_be_named(tmp_path: Path) -> None:
    path = str(tmp_path / "image.nd2")
    image = cells((3, 9, 8, 1))
    write_nd2(tmp_path / "image.nd2", Nd2File(frames_of(image), [positions("left", "right", "")]))
    with pytest.raises(AmbiguousImageError, match=r"3 images.*0: 'left', 1: 'right', 2: 'XYPos:2'.*`series`"):
        nd2.open_array(path)
    with pytest.raises(UnknownImageError, match=r"'middle'.*'left'"):
        nd2.open_array(path, series="middle")
    np.testing.assert_array_equal(nd2.open_array(path, series="right").values, image[1, ..., 0])
    tree = nd2.open_tree(path)
    assert tree["2"]["image"].attrs["series"] == "XYPos:2"
    np.testing.assert_array_equal(tree["2"]["image"].values, image[2, ..., 0])


def test_frames_that_were_never_taken_are_counted(tmp_path: Path) -> None:
    frames = frames_of(cells((3, 9, 8, 1)))
    del frames[2]
    write_nd2(tmp_path / "image.nd2", Nd2File(frames, [TIME]))
    found = nd2.open_array(str(tmp_path / "image.nd2"))
    assert found.attrs["frames_missing"] == 1
    assert found.sizes["t"] == 3
    assert not found[2].values.any()


def test_frames_of_no_loop_are_an_error(tmp_path: Path) -> None:
    write_nd2(tmp_path / "image.nd2", Nd2File(frames_of(cells((5, 9, 8, 1))), [TIME]))
    with pytest.raises(UnreadableImageError, match=r"2 of its 5 frames are in no loop"):
        nd2.open_array(str(tmp_path / "image.nd2"))


@pytest.mark.parametrize(
    ("attributes", "told"),
    [({"eCompression": 1}, "compressed with loss"), ({"uiTileWidth": 4}, "frames are tiled")],
)
def test_frames_that_are_not_read(tmp_path: Path, attributes: dict[str, int], told: str) -> None:
    write_nd2(tmp_path / "image.nd2", Nd2File(frames_of(cells((1, 9, 8, 1))), attributes=attributes))
    with pytest.raises(UnreadableImageError, match=rf"{told}.*Convert it"):
        nd2.open_array(str(tmp_path / "image.nd2"))


def test_phases_of_different_rates_have_no_common_step(tmp_path: Path) -> None:
    period = {"uiCount": 2, "dStart": 0.0, "dPeriod": 1000.0, "dDuration": 2000.0}
    phases = (8, {"uiCount": 4, "pPeriod": [period, period | {"dPeriod": 5000.0}], "pPeriodValid": [1, 1]})
    write_nd2(tmp_path / "image.nd2", Nd2File(frames_of(cells((4, 9, 8, 1))), [phases]))
    found = nd2.open_array(str(tmp_path / "image.nd2"))
    assert found.sizes["t"] == 4
    assert found.t.attrs["units"] == "frame"


def test_frames_elsewhere_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "image.nd2"
    write_nd2(path, Nd2File(frames_of(cells((3, 9, 8, 1))), [TIME]))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"ImageDataSeq|1!\0", b"ImageDataSeq|7!\0", 1))
    found = nd2.open_array(str(path))
    assert found[0].values.shape == (9, 8)
    with pytest.raises(UnreadableImageError, match=r"Frame 1 of .* is not where the chunk map"):
        found[1].load()


def test_older_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "old.nd2").write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200))
    with pytest.raises(UnreadableImageError, match=r"old.nd2 cannot be read.*older than NIS-Elements 3"):
        nd2.open_array(str(tmp_path / "old.nd2"))


def test_frames_beyond_the_file(tmp_path: Path) -> None:
    path = tmp_path / "image.nd2"
    write_nd2(path, Nd2File(frames_of(cells((3, 9, 8, 1))), [TIME]))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"ImageDataSeq|2!") + len(b"ImageDataSeq|2!")
    content[at : at + 8] = (2**63 + 5).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"1 of its 3 frames end beyond the file"):
        nd2.open_array(str(path))
