"""Tiles: which samples they hold, of which level, in which plane, and how little is read for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from bioimagehub.widgets.view.recent import MOST, SHELF

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.page import Page

Show = "Callable[..., Page]"


@pytest.fixture(scope="module")
def volume() -> Any:
    return np.random.default_rng(1).integers(0, 60000, (2, 3, 20, 300, 400), np.uint16)


def test_tiles_are_parts_of_a_plane(show: Callable[..., Page], volume: Any) -> None:
    page = show(volume)
    assert [layer["id"] for layer in page.viewer.scene["layers"]] == ["c0", "c1", "c2"]
    np.testing.assert_array_equal(page.tile("c2", t=1, z=7), volume[1, 2, 7, :256, :256])
    np.testing.assert_array_equal(page.tile("c0", t=0, z=3, row=1, column=1), volume[0, 0, 3, 256:, 256:])


def test_maximum_along_z(show: Callable[..., Page], volume: Any) -> None:
    found = show(volume).tile("c1", t=0, mode="maximum", row=0, column=1)
    np.testing.assert_array_equal(found, volume[0, 1].max(axis=0)[:256, 256:])


def test_maximum_leaves_out_nan(show: Callable[..., Page]) -> None:
    image = np.full((3, 4, 5), np.nan, np.float32)
    image[1, 2, 3] = 8
    found = show(image).tile(mode="maximum")
    assert found[2, 3] == pytest.approx(8)
    assert np.isnan(found).sum() == 19


@pytest.mark.parametrize("plane", ["zx", "zy"])
def test_planes_across(show: Callable[..., Page], volume: Any, plane: str) -> None:
    found = show(volume).tile("c0", t=1, plane=plane, at=123)
    expected = volume[1, 0, :, 123, :256] if plane == "zx" else volume[1, 0, :, :256, 123]
    np.testing.assert_array_equal(found, expected)


def test_levels_of_an_array_leave_samples_out(show: Callable[..., Page]) -> None:
    image = np.arange(1000 * 1401, dtype=np.uint32).reshape(1000, 1401)
    page = show(image)
    levels = page.viewer.scene["levels"]
    assert [(each["y"], each["x"]) for each in levels] == [(1000, 1401), (500, 701), (250, 351)]
    found = page.tile(level=2)
    rows = ((np.arange(250) * 2 + 1) * 1000) // 500
    columns = ((np.arange(256) * 2 + 1) * 1401) // 702
    np.testing.assert_allclose(found, image[np.ix_(rows, columns)], rtol=2e-5, atol=16)


def test_stored_levels_are_read_and_no_other(show: Callable[..., Page]) -> None:
    fine, coarse = np.zeros((600, 600), np.uint8), np.ones((300, 300), np.uint8)
    tree = xr.DataTree.from_dict(
        {str(n): xr.Dataset({"image": (("y", "x"), image)}) for n, image in enumerate((fine, coarse))}
    )
    page = show(tree)
    assert page.tile(level=0).max() == 0
    assert page.tile(level=1).min() == 1


def test_labels_of_another_size_lie_on_the_image(show: Callable[..., Page]) -> None:
    image = np.zeros((512, 512), np.uint8)
    labels = np.arange(1, 65, dtype=np.uint64).reshape(8, 8)
    page = show(image, labels=labels)
    found = page.tile("l0")
    np.testing.assert_array_equal(found[::64, ::64], labels[:4, :4])
    np.testing.assert_array_equal(found[63::64, 63::64], labels[:4, :4])


def test_photograph(show: Callable[..., Page]) -> None:
    image = np.random.default_rng(0).integers(0, 255, (300, 200, 3), np.uint8)
    page = show(image)
    assert [layer["kind"] for layer in page.viewer.scene["layers"]] == ["rgb"]
    np.testing.assert_array_equal(page.tile("r0"), image[:256])
    np.testing.assert_array_equal(page.tile("r0", row=1), image[256:])


def test_only_the_blocks_that_a_tile_needs_are_computed(show: Callable[..., Page]) -> None:
    computed: list[Any] = []

    def fill(block_info: Any = None) -> Any:
        computed.append(block_info[None]["chunk-location"])
        return np.full(block_info[None]["chunk-shape"], len(computed), np.uint16)

    image = da.map_blocks(
        fill, chunks=((1,) * 30, (512,) * 4, (512,) * 4), dtype=np.uint16, meta=np.empty(0, np.uint16)
    )
    page = show(image, axes="zyx")
    computed.clear()
    page.tile(z=3, row=0, column=0)
    page.tile(z=3, row=1, column=1)
    assert computed == [(3, 0, 0)], "what two tiles share is read once"
    page.tile(z=4, row=4, column=0)
    assert computed == [(3, 0, 0), (4, 2, 0)]


@pytest.mark.parametrize("most", [MOST, 2**20], ids=["kept", "kept alone"])
def test_a_large_block_is_computed_once(show: Callable[..., Page], monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(SHELF, "_most", most)
    computed: list[int] = []

    def fill(block_info: Any = None) -> Any:
        computed.append(1)
        return np.zeros(block_info[None]["chunk-shape"], np.uint16)

    # One block of 32 MiB.
    image = da.map_blocks(fill, chunks=((4096,), (4096,)), dtype=np.uint16, meta=np.empty(0, np.uint16))
    page = show(image)
    for row in range(3):
        page.tile(row=row, column=5)
    for number in [page.begin("tile", layers=["c0"], level=0, row=row, column=7) for row in range(3)]:
        assert "problem" not in page.expect(number)[0]
    assert computed == [1], "the one for the contrast"


def test_viewers_that_were_made_again_keep_no_more(show: Callable[..., Page]) -> None:
    for number in range(4):
        image = da.full((4096, 4096), number, np.uint16, chunks=(4096, 4096))
        assert show(image).tile(row=3, column=3).max() == number
    assert SHELF.bytes <= MOST


def test_planes_across_come_from_a_level_that_is_bounded(show: Callable[..., Page]) -> None:
    fine = da.zeros((400, 2048, 2048), np.uint16, chunks=(16, 512, 512))
    coarse = da.ones((400, 256, 256), np.uint16, chunks=(16, 256, 256))
    levels = {str(n): xr.Dataset({"image": (("z", "y", "x"), image)}) for n, image in enumerate((fine, coarse))}
    page = show(xr.DataTree.from_dict(levels))
    # 25 blocks of 8 MiB would be 200 MiB for one tile of the finest level.
    found = page.tile(level=0, plane="zx", at=1000)
    assert found.shape == (256, 256)
    assert found.min() == 1
    assert page.tile(level=0, mode="maximum").min() == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"layers": ["c7"]}, "c0"),
        ({"level": 99}, "level"),
        ({"row": 5}, "tile 5"),
        ({"row": -1}, "tile -1"),
        ({"plane": "xy"}, "yx, zx, zy"),
    ],
)
def test_a_tile_that_is_not_there(show: Callable[..., Page], asked: dict[str, Any], told: str) -> None:
    page = show(np.zeros((20, 20), np.uint8))
    asked = {"layers": ["c0"], "level": 0, "row": 0, "column": 0} | asked
    assert told in page.problem("tile", **asked)


def test_layers_of_a_tile_come_together(show: Callable[..., Page]) -> None:
    image = np.random.default_rng(0).integers(0, 2**16, (2, 3, 4, 300, 280), np.uint16)
    labels = np.random.default_rng(1).integers(0, 9, (300, 280), np.int32)
    page = show(image, labels=labels)
    found = page.tiles("c2", "l0", "c0", level=0, row=1, column=0, t=1, z=3)
    for tile, expected in zip(found, (image[1, 2, 3], labels, image[1, 0, 3]), strict=True):
        np.testing.assert_array_equal(tile, expected[256:, :256])
    across = page.tiles("c1", "c2", level=0, row=0, column=1, t=1, plane="zx", at=33)
    for tile, channel in zip(across, (1, 2), strict=True):
        np.testing.assert_array_equal(tile, image[1, channel, :, 33, 256:])
    highest = page.tiles("c0", "c1", level=0, row=0, column=0, mode="maximum")
    for tile, channel in zip(highest, (0, 1), strict=True):
        np.testing.assert_array_equal(tile, image[0, channel].max(0)[:256, :256])
    layers = ["c0", "c1", "c2", "l0", "l0", "l0"]
    assert "Ask for fewer layers." in page.problem("tile", layers=layers, level=0, row=0, column=0)


def test_values_are_exact(show: Callable[..., Page]) -> None:
    image = np.full((4, 4), 2**53 + 1, np.uint64)
    labels = np.full((4, 4), 2**63 + 1, np.uint64)
    page = show(image, labels=labels)
    found = page.ask("value", t=0, z=0, y=1, x=1)[0]["values"]
    assert found == {"c0": str(2**53 + 1), "l0": str(2**63 + 1)}
    assert set(page.ask("value", t=0, z=0, y=4, x=1)[0]["values"].values()) == {None}


def test_value_of_a_maximum(show: Callable[..., Page], volume: Any) -> None:
    found = show(volume).ask("value", t=0, z=0, y=10, x=20, mode="maximum")[0]["values"]["c1"]
    assert found == str(volume[0, 1, :, 10, 20].max())


def test_value_of_a_maximum_is_what_is_drawn(show: Callable[..., Page]) -> None:
    image = np.full((3, 4, 5), np.nan, np.float32)
    image[1, 2, 3] = 8
    page = show(image)
    assert page.ask("value", t=0, z=0, y=2, x=3, mode="maximum")[0]["values"] == {"c0": "8.0"}
    assert page.ask("value", t=0, z=0, y=0, x=0, mode="maximum")[0]["values"] == {"c0": "nan"}
    photographs = np.random.default_rng(0).integers(0, 255, (5, 30, 20, 3), np.uint8)
    page = show(photographs, axes="zyxc")
    assert page.viewer.scene["layers"][0]["kind"] == "rgb"
    drawn = page.tile("r0", mode="maximum")[7, 9]
    np.testing.assert_array_equal(drawn, photographs[:, 7, 9].max(axis=0))
    found = page.ask("value", t=0, z=0, y=7, x=9, mode="maximum")[0]["values"]["r0"]
    assert found == ", ".join(map(str, drawn))


def test_a_hot_sample_leaves_the_contrast_of_its_tile(show: Callable[..., Page]) -> None:
    image = np.random.default_rng(0).random((300, 300)).astype(np.float32)
    image[20, 30] = 1e9
    page = show(image)
    assert np.abs(page.tile() - image[:256, :256])[40:].max() < 1 / 256
    assert float(page.ask("value", t=0, z=0, y=20, x=30)[0]["values"]["c0"]) == 1e9


def test_histogram_counts_all_samples(show: Callable[..., Page], volume: Any) -> None:
    found = show(volume).ask("histogram", layer="c1", t=1, z=2)[0]
    plane = volume[1, 1, 2]
    assert sum(found["counts"]) == plane.size
    assert len(found["counts"]) == 256
    assert (found["low"], found["high"]) == (plane.min(), plane.max())
    assert found["percentiles"]["99"] == pytest.approx(np.percentile(plane, 99))
