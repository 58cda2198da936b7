"""Images that are none, that are strange, or that never come: the widget lives, and says clearly what is wrong."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from bioimagehub.widgets.errors import UnknownKeywordError
from bioimagehub.widgets.view import view
from bioimagehub.widgets.view import viewer as viewer_module
from bioimagehub.widgets.view.reads import THREADS
from bioimagehub.widgets.view.text import clean
from bioimagehub.widgets.view.viewer import Viewer
from servers.page import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.page import Page


@pytest.mark.parametrize(
    ("source", "given", "found", "cure"),
    [
        (np.zeros((4, 0, 4)), {}, "(4, 0, 4)", "Look at the selection"),
        (np.zeros(7), {}, "(7,)", "reshape it"),
        (np.float64(3), {}, "()", "reshape it"),
        (np.zeros((1, 1, 1, 1, 1, 2, 2)), {}, "7 axes", 'view(image, axes="zyx")'),
        (np.zeros((4, 5)), {"axes": "xyz"}, "x, y, z", 'view(image, axes="zyx")'),
        (np.zeros((4, 5)), {"axes": "yy"}, "y, y", 'view(image, axes="zyx")'),
        (np.zeros((4, 5)), {"axes": "q" * 2}, "q, q", 'view(image, axes="zyx")'),
        (np.zeros((4, 5), complex), {}, "complex128", "numpy.abs"),
        (np.array([["a", "b"]]), {}, "no number", "astype"),
        (np.zeros((4, 5), "datetime64[s]"), {}, "no number", "astype"),
        (np.zeros((4, 5), object), {}, "no number", "astype"),
        (np.zeros((4, 5), [("a", "u1"), ("b", "u1")]), {}, "no number", "astype"),
        ([], {}, "empty", "at least one"),
        ({}, {}, "empty", "at least one"),
        ([[1, 2], [3]], {}, "no image", "Give one of these"),
        (object(), {}, "no image", "Give one of these"),
        (None, {}, "no image", "Give one of these"),
        ("no-such-file.xyz", {}, "no driver", "give the array"),
        ("./no-such-folder/image.zarr", {}, "image.zarr", "Check"),
        (xr.Dataset({"a": ("x", [1])}), {}, "none with two axes", "dataset[name]"),
        (xr.DataTree(), {}, "none", "tree['A1']"),
        (np.zeros((4, 5)), {"labels": np.zeros((4, 5))}, "float64", "astype('uint32')"),
        (np.zeros((4, 5)), {"points": [[1, 2, 3, 4, 5]]}, "no points", "Give one of these"),
        (np.zeros((4, 5)), {"points": "there"}, "no points", "Give one of these"),
        (np.zeros((4, 5)), {"tracks": [1, 2]}, "no tracks", "Give one of these"),
        (np.zeros((4, 5), int), {"truth": np.zeros((5, 4), int)}, "cannot be compared", "Cut the same part"),
    ],
)
def test_what_cannot_be_shown(
    show: Callable[..., Page], source: Any, given: dict[str, Any], found: str, cure: str
) -> None:
    page = show(source, **given)
    problem = page.viewer.problem
    text = " ".join(problem.values())
    assert found in text
    assert cure in problem["cure"]
    assert problem["what"]
    assert page.viewer.scene == {}
    # The page may ask all the same, and text and picture are there.
    assert found in page.problem("tile", layers=["c0"], level=0, row=0, column=0)
    assert found in page.viewer.as_text()
    assert found.replace("'", "&#x27;") in page.viewer.as_static()["text/html"]


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "uint64", "float16", "float32", "float64"])
def test_all_types(show: Callable[..., Page], dtype: str) -> None:
    image = np.zeros((40, 50)).astype(dtype)
    image[3, 4] = 1
    page = show(image)
    assert page.viewer.problem is None
    assert page.tile()[3, 4] == pytest.approx(1)
    assert page.viewer.scene["layers"][0]["dtype"] == dtype
    assert "image/png" in page.viewer.as_static()


@pytest.mark.parametrize(
    "image",
    [
        np.full((30, 30), np.nan),
        np.full((30, 30), np.inf),
        np.full((30, 30), 7),
        np.full((30, 30), -(2**63)),
        np.full((30, 30), 2**64 - 1, np.uint64),
        np.array([[np.finfo(np.float64).max, np.finfo(np.float64).min]] * 2),
        np.array([[np.iinfo(np.int64).max, np.iinfo(np.int64).min]] * 2),
        np.zeros((1, 1)),
    ],
    ids=["nan", "inf", "constant", "least", "largest", "doubles", "integers", "one"],
)
def test_strange_values(show: Callable[..., Page], image: Any) -> None:
    page = show(image)
    assert page.viewer.problem is None
    look = page.viewer.looks["c0"]
    assert look["low"] < look["high"]
    page.tile()
    found = page.ask("histogram", layer="c0", t=0, z=0)[0]
    assert sum(found["counts"]) == np.isfinite(image.astype(float)).sum()
    assert page.ask("value", t=0, z=0, y=0, x=0)[0]["values"]["c0"] == str(image[0, 0])
    assert "image/png" in page.viewer.as_static()


def test_of_64_channels_8_are_shown_and_that_is_told(show: Callable[..., Page]) -> None:
    image = np.zeros((64, 20, 20), np.uint8)
    image[7] = 9
    page = show(image, axes="cyx")
    assert [layer["id"] for layer in page.viewer.scene["layers"]] == [f"c{n}" for n in range(8)]
    assert page.tile("c7").max() == 9
    (note,) = page.viewer.scene["notes"]
    assert "64 channels; the first 8 are shown" in note
    assert "isel" in note


def test_names_are_cut_and_cleaned(show: Callable[..., Page]) -> None:
    evil = "<script>alert(1)</script>\u202egpj.exe\x1b[31m" + "x" * 10**6
    array = xr.DataArray(
        np.zeros((2, 4, 4)), dims=["c", "y", "x"], coords={"c": [evil, "b\n\0c"]}, attrs={"title": evil}
    )
    array.coords["x"] = ("x", np.arange(4.0), {"units": evil})
    page = show(array)
    scene = page.viewer.scene
    texts = [scene["title"], *(layer["name"] for layer in scene["layers"]), *scene["units"].values()]
    assert all(len(text) <= 200 for text in texts)
    assert all(text.isprintable() for text in texts)
    assert scene["layers"][1]["name"] == "b c"
    assert page.viewer.problem is None
    assert len(page.viewer.as_text()) < 2000
    assert "image/png" in page.viewer.as_static()


def test_clean_takes_out_what_turns_the_direction() -> None:
    assert clean("a\u202eb\u2066c\u200fd\u061ce") == "abcde"
    assert clean("µm Ångström 細胞 שלום") == "µm Ångström 細胞 שלום"
    assert clean("x" * 500, 10) == "xxxxxxxxx…"
    assert clean(None) == "None"


@pytest.mark.parametrize("spacing", [0.0, -1.0, np.nan, np.inf])
def test_strange_coordinates_are_pixels(show: Callable[..., Page], spacing: float) -> None:
    array = xr.DataArray(np.zeros((4, 4)), dims=["y", "x"])
    array.coords["x"] = ("x", np.arange(4.0), {"units": "micrometer", "spacing": spacing})
    scene = show(array).viewer.scene
    assert (scene["spacing"]["x"], scene["units"]["x"]) == (1.0, "pixel")


def test_unknown_keywords_are_refused() -> None:
    with pytest.raises(UnknownKeywordError, match=r"colour.*zoom"):
        view(np.zeros((4, 4)), colour="red")


def test_a_store_that_hangs_holds_up_neither_cell_nor_others(
    show: Callable[..., Page],
) -> None:
    free, lock, hanging = threading.Event(), threading.Lock(), []

    def hang(block: Any) -> Any:
        with lock:
            hanging.append(1)
        assert free.wait(DEADLINE)
        return block

    # A tile for each thread that answers.
    good = np.full((256, 256 * Viewer.THREADS), 3, np.uint8)
    late = da.from_array(good, chunks=256).map_blocks(hang, dtype=np.uint8, meta=np.empty((0, 0), np.uint8))
    page = show(xr.DataArray(good, dims=["y", "x"]), labels={"late": late}, patience=0.5)
    slow = [page.begin("tile", layers=["l0"], level=0, row=0, column=column) for column in range(Viewer.THREADS)]
    start = time.monotonic()
    assert page.tile("c0").min() == 3
    assert time.monotonic() - start < DEADLINE / 2
    for number in slow:
        problem = page.expect(number)[0]["problem"]
        assert "late does not answer" in problem["what"]
        assert "open the viewer anew" in problem["cure"]
    assert 0 < len(hanging) <= THREADS
    free.set()


def test_what_is_opened_for_ever_does_not_hold_up_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    monkeypatch.setattr(viewer_module, "open_contents", lambda *_, **__: free.wait(DEADLINE))
    viewer = Viewer("samples:nuclei-3d")
    assert "still being opened" in viewer.as_text()
    assert "still being opened" in viewer.as_static()["text/html"]
    with pytest.raises(Exception, match=r"Wait for it"):
        viewer.wait(0.01)
    viewer.close()
    free.set()
