"""Points, tracks and shapes: from tables in the units of the image to samples, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bioimagehub.challenges.points import Points
from bioimagehub.challenges.tracks import Lineage, Tracks
from bioimagehub.widgets.errors import UnviewableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.page import Page


@pytest.fixture(scope="module")
def film() -> Any:
    coords = {
        "t": ("t", 30.0 * np.arange(4), {"units": "second"}),
        "z": ("z", 2.0 * np.arange(5), {"units": "micrometer"}),
        "y": ("y", 100 + 0.5 * np.arange(40), {"units": "micrometer"}),
        "x": ("x", 0.5 * np.arange(60), {"units": "micrometer"}),
    }
    return xr.DataArray(np.zeros((4, 5, 40, 60), np.uint8), dims=list("tzyx"), coords=coords)


def ask_points(page: Page, layer: str = "p0", **asked: Any) -> Any:
    told, (data,) = page.ask("points", layer=layer, **({"t": 0, "z": None, "most": 100} | asked))
    return told["count"], np.frombuffer(data, "<f4").reshape(-1, 4)


def test_points_of_a_table_are_samples(show: Callable[..., Page], film: Any) -> None:
    table = pd.DataFrame({"Y": [100.0, 110.0], "X": [0.0, 5.0], "z": [0.0, 8.0], "t": [0.0, 60.0]})
    page = show(film, points={"spots": table})
    assert page.viewer.scene["layers"][1] == {"id": "p0", "kind": "points", "name": "spots", "count": 2}
    assert ask_points(page, t=0)[1].tolist() == [[0, 0, 0, 0]]
    assert ask_points(page, t=2)[1].tolist() == [[20, 10, 4, 1]]
    assert ask_points(page, t=2, z=4)[0] == 1
    assert ask_points(page, t=2, z=0)[0] == 0
    assert ask_points(page, t=1)[0] == 0


@pytest.mark.parametrize(
    "source",
    [
        np.array([[110.0, 5.0]]),
        [[110.0, 5.0]],
        pd.DataFrame({"x": [5.0], "y": [110.0]}),
        Points([[110.0, 5.0]]),
        [Points([[110.0, 5.0]])],
    ],
)
def test_points_without_time_and_depth_are_seen_always(show: Callable[..., Page], film: Any, source: Any) -> None:
    page = show(film, points=source)
    for t, z in ((0, 0), (3, 4)):
        assert ask_points(page, t=t, z=z) == (1, pytest.approx(np.array([[20, 10, z, 0]])))


def test_points_with_depth_and_time_are_seen_on_an_image_without(show: Callable[..., Page]) -> None:
    table = pd.DataFrame({"t": [0, 7], "z": [90.0, 3.0], "y": [1, 2], "x": [3, 4]})
    image = np.zeros((8, 8), np.uint8)
    assert ask_points(show(image, points=table), z=0)[1].tolist() == [[1, 3, 0, 0], [2, 4, 0, 1]]
    page = show(np.zeros((100, 8, 8), np.uint8), axes="zyx", points=table)
    assert ask_points(page, z=90)[1].tolist() == [[1, 3, 90, 0]]
    page = show(np.zeros((8, 1, 8, 8), np.uint8), axes="tzyx", points=table)
    assert ask_points(page, t=7, z=0)[1].tolist() == [[2, 4, 0, 1]]


def test_of_many_points_few_are_sent(show: Callable[..., Page], film: Any) -> None:
    places = np.random.default_rng(0).random((200_000, 2)) * [20, 30] + [100, 0]
    page = show(film, points=places)
    count, rows = ask_points(page, most=1000)
    assert (count, len(rows)) == (200_000, 1000)
    told, (data,) = page.ask("points", layer="p0", t=0, z=None, most=10**9)
    assert told["count"] == 200_000
    assert len(data) < 10**6
    count, rows = ask_points(page, box=[0, 0, 10, 10])
    assert 8_000 < count < 8_600
    assert rows[:, :2].max() <= 10


def test_points_that_are_nowhere(show: Callable[..., Page], film: Any) -> None:
    table = pd.DataFrame({"y": [np.nan, np.inf, 110.0], "x": [1.0, 1.0, 5.0]})
    page = show(film, points=table)
    assert page.viewer.problem is None
    assert ask_points(page, box=[0, 0, 39, 59])[1].tolist() == [[20, 10, 0, 2]]
    assert ask_points(show(film, points=[]))[0] == 0


def test_wrong_columns_are_told(show: Callable[..., Page], film: Any) -> None:
    problem = show(film, points=pd.DataFrame({"row": [1], "col": [2]})).viewer.problem
    assert "row, col" in problem["what"]
    assert "rename" in problem["cure"]
    problem = show(film, tracks=pd.DataFrame({"y": [1], "x": [2]})).viewer.problem
    assert "track and t" in " ".join(problem.values())
    problem = show(film, points=pd.DataFrame({"y": ["a"], "x": [2]})).viewer.problem
    assert "to_numeric" in problem["cure"]


def ask_tracks(page: Page, t: int, tail: int) -> dict[int, list[list[float]]]:
    told, (places, numbers) = page.ask("tracks", layer="k0", t=t, tail=tail)
    rows = np.frombuffer(places, "<f4").reshape(-1, 4).tolist()
    ids = np.frombuffer(numbers, "<u4").tolist()
    offsets = told["offsets"]
    assert told["sent"] == len(ids) == len(offsets) - 1
    return {number: rows[offsets[n] : offsets[n + 1]] for n, number in enumerate(ids)}


def test_tracks_of_a_table(show: Callable[..., Page], film: Any) -> None:
    table = pd.DataFrame(
        {"track_id": [7, 3, 7, 3], "frame": [2, 0, 1, 1], "y": [101.0, 100, 100.5, 100], "x": [1.0, 0, 0.5, 5]}
    )
    page = show(film, tracks=table)
    assert ask_tracks(page, 2, 1) == {7: [[1, 0, 1, 1], [2, 0, 2, 2]], 3: [[1, 0, 0, 10]]}
    assert ask_tracks(page, 0, 5) == {3: [[0, 0, 0, 0]]}


@pytest.mark.parametrize(("tracks", "length"), [(5_000, 20), (50_000, 1), (200_000, 2), (3, 60_000)])
def test_of_many_tracks_some_are_sent_whole(show: Callable[..., Page], tracks: int, length: int) -> None:
    table = pd.DataFrame(
        {"track": np.repeat(np.arange(1, tracks + 1), length), "t": np.tile(np.arange(length), tracks), "y": 1, "x": 2}
    )
    page = show(xr.DataArray(np.broadcast_to(np.uint8(0), (length, 4, 4)), dims=["t", "y", "x"]), tracks=table)
    told, buffers = page.ask("tracks", layer="k0", t=length - 1, tail=length)
    assert len(json.dumps(told)) + sum(map(len, buffers)) < 950_000
    assert told["count"] == tracks
    found = ask_tracks(page, length - 1, length)
    assert {len(rows) for rows in found.values()} == {min(length, 4096)}
    assert all((rows[0][0], rows[-1][0]) == (0, length - 1) for rows in found.values())
    share = len(found) / tracks
    tenths = np.histogram(list(found), 10, (1, tracks + 1))[0] / (tracks / 10)
    assert tenths == pytest.approx(share, rel=0.05) or tracks < 10
    assert tracks >= 10 or len(found) == tracks
    assert set(ask_tracks(page, length // 2, length)) >= set(found), "no track comes and goes"


def test_tracks_of_label_images(show: Callable[..., Page]) -> None:
    frames = np.zeros((3, 8, 8), np.uint16)
    frames[0, 2:4, 2:4] = 1
    frames[1, 2:4, 2:4] = 1
    frames[2, 0, 0], frames[2, 6, 6] = 2, 3
    tracks = Tracks(frames, Lineage.from_rows([(1, 0, 1, 0), (2, 2, 2, 1), (3, 2, 2, 1)]))
    page = show(np.zeros((3, 8, 8), np.uint8), axes="tyx", tracks=tracks)
    assert [layer["kind"] for layer in page.viewer.scene["layers"]] == ["channel", "labels", "tracks"]
    np.testing.assert_array_equal(page.tile("l0", t=2), frames[2])
    found = ask_tracks(page, 2, 5)
    assert found[1] == [[0, 0, 2.5, 2.5], [1, 0, 2.5, 2.5]]
    assert found[2] == [[1, 0, 2.5, 2.5], [2, 0, 0, 0]], "the line goes on from the parent"


def test_shapes_are_physical(show: Callable[..., Page], film: Any) -> None:
    viewer = show(film).viewer
    viewer.shapes = [
        {"kind": "point", "points": [[110, 5]], "t": 2, "z": 3, "id": "a", "name": "a\u202eb"},
        {"kind": "box", "points": [[101, 1], [102, 2.5]]},
    ]
    assert viewer.shapes[1] == {"id": "1", "kind": "box", "t": 0, "z": 0, "points": [[101, 1], [102, 2.5]], "name": ""}
    table = viewer.shapes_table()
    assert table.loc[0].to_dict() == {
        "shape": "a", "kind": "point", "name": "ab", "t": 2, "z": 3, "time": 60.0, "depth": 6.0, "vertex": 0,
        "y": 110.0, "x": 5.0,
    }  # fmt: skip
    assert table["x"].tolist() == [5, 1, 2.5]
    assert table.attrs["units"] == {"y": "micrometer", "x": "micrometer", "depth": "micrometer", "time": "second"}
    viewer.shapes = []
    assert viewer.shapes_table().empty


@pytest.mark.parametrize(
    "shape",
    [
        {"kind": "circle", "points": [[1, 2]]},
        {"kind": "polygon", "points": [[1, 2], [3, 4]]},
        {"kind": "point", "points": [[1, float("nan")]]},
        {"kind": "point"},
        {"kind": "point", "points": [[1, 2, 3]]},
        "point",
    ],
)
def test_shapes_that_are_none_are_refused(show: Callable[..., Page], film: Any, shape: Any) -> None:
    viewer = show(film).viewer
    with pytest.raises(UnviewableError, match=r"Correct it\."):
        viewer.shapes = [shape]
    assert viewer.shapes == []
