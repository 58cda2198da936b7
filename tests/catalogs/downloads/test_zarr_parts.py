"""OME-Zarr images, whole and in part, as other people's tools write and read them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

from bioimagehub.catalogs.downloads import FetchSettings, Report, Selection, fetch, plan_fetch
from bioimagehub.catalogs.errors import (
    InvalidSelectionError,
    UnknownAxisError,
    UnknownLevelError,
    UnreadableImageError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from servers.store import StoreServer

NAMES = ("0.4", "0.5", "sharded")
SHAPE = (3, 5, 100, 150)
DATA = np.random.default_rng(0).integers(1, 60_000, SHAPE, dtype=np.uint16)
CELLS = (DATA[0] > 30_000).astype(np.uint8)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images with three levels, three named channels and a label image, written by ome-zarr-py."""
    from ome_zarr.format import FormatV04, FormatV05
    from ome_zarr.writer import write_image, write_labels

    folder = tmp_path_factory.mktemp("images")
    channels = [
        {"label": label, "color": "FFFFFF", "active": True, "window": WINDOW} for label in ("DAPI", "GFP", "RFP")
    ]
    for name in NAMES:
        form = FormatV04() if name == "0.4" else FormatV05()
        group = zarr.open_group(folder / f"i{name}.zarr", mode="w", zarr_format=2 if name == "0.4" else 3)
        options: dict[str, Any] = {"chunks": (1, 1, 32, 32)} | ({"shards": (1, 1, 64, 64)} if name == "sharded" else {})
        write_image(
            DATA, group, scale_factors=[2, 4], axes="czyx", fmt=form, storage_options=options,
            metadata={"omero": {"channels": channels}},
        )  # fmt: skip
        write_labels(CELLS, group, "cells", scale_factors=[2, 4], axes="zyx", fmt=form)
    return folder


@pytest.fixture(params=NAMES)
def image(request: pytest.FixtureRequest, images: Path, folder: Path) -> str:
    """One of the images, in the store."""
    name = f"i{request.param}.zarr"
    shutil.copytree(images / name, folder / name)
    return name


WINDOW = {"start": 0, "end": 1, "min": 0, "max": 1}


def get(url: str, into: Path, **selection: Any) -> Report:
    plan = plan_fetch(url, selection=Selection(**selection) if selection else None)
    report = fetch(plan, into, settings=FetchSettings(pause=0.02, stall_timeout=2.0, tries=2))
    assert report.complete, [outcome for outcome in report.files if outcome.status == "failed"]
    return report


def levels(group: zarr.Group) -> list[dict[str, Any]]:
    attributes = group.attrs.asdict()
    found: list[dict[str, Any]] = attributes.get("ome", attributes)["multiscales"][0]["datasets"]
    return found


def read(into: Path, name: str, level: int = 0, label: str | None = None) -> Any:
    group = zarr.open_group(into / name / (f"labels/{label}" if label else ""), mode="r")
    return group[levels(group)[level]["path"]][...]  # type: ignore[index]


def test_a_whole_image_is_the_same_file_by_file(store: StoreServer, folder: Path, into: Path, image: str) -> None:
    report = get(f"{store.url}/{image}", into)
    files = {path.relative_to(folder): path.read_bytes() for path in (folder / image).rglob("*") if path.is_file()}
    got = {path.relative_to(into): path.read_bytes() for path in (into / image).rglob("*") if path.is_file()}
    assert got == files
    assert sum(request.status == 404 for request in store.requests) <= 4
    assert report.counts["fetched"] > 20


def test_a_whole_image_on_this_machine_is_the_same(folder: Path, into: Path, image: str) -> None:
    get(str(folder / image), into)
    files = {path.relative_to(folder): path.read_bytes() for path in (folder / image).rglob("*") if path.is_file()}
    got = {path.relative_to(into): path.read_bytes() for path in (into / image).rglob("*") if path.is_file()}
    assert got == files


@pytest.mark.parametrize(
    ("region", "channels", "copied"),
    [
        ({"y": (64, 100), "x": (64, 130)}, (), True),
        ({"z": (4, 5)}, (0, "RFP"), True),
        ({"y": (10, 91), "x": (33, 150), "z": (1, 3)}, ("GFP",), False),
        ({"y": (99, 100), "x": (0, 1)}, (0, "RFP"), False),
    ],
    ids=str,
)
def test_a_part_has_the_pixels_of_that_part(
    store: StoreServer, into: Path, image: str, region: Any, channels: Any, copied: bool
) -> None:
    report = get(f"{store.url}/{image}", into, region=region, channels=channels, levels=(0,))
    positions = [{"GFP": 1, "RFP": 2}.get(each, each) for each in channels] or [0, 1, 2]
    spans = tuple(slice(*region.get(axis, (0, None))) for axis in "zyx")
    assert np.array_equal(read(into, image), DATA[positions][:, *spans])
    assert np.array_equal(read(into, image, label="cells"), CELLS[spans])
    chunks = [outcome for outcome in report.files if outcome.status == "fetched"]
    assert bool(chunks) == copied
    group = zarr.open_group(into / image, mode="r")
    (level,) = levels(group)
    scale, *translation = level["coordinateTransformations"]
    begins = [0.0, *(float(region.get(axis, (0, 0))[0]) for axis in "zyx")]
    assert translation == ([{"type": "translation", "translation": begins}] if any(begins) else [])
    assert scale["type"] == "scale"
    attributes = group.attrs.asdict()
    assert attributes["bioimagehub"]["url"] == f"{store.url}/{image}"
    named = [each["label"] for each in attributes.get("ome", attributes)["omero"]["channels"]]
    assert named == [("DAPI", "GFP", "RFP")[position] for position in positions]


def test_levels_of_a_part_lie_where_they_lay(store: StoreServer, folder: Path, into: Path, image: str) -> None:
    get(f"{store.url}/{image}", into, region={"y": (30, 90), "x": (41, 121)})
    old, new = zarr.open_group(folder / image, mode="r"), zarr.open_group(into / image, mode="r")
    for before, after in zip(levels(old), levels(new), strict=True):
        scale, was = (np.array(step) for step in (before["coordinateTransformations"][0]["scale"], [0.0] * 4))
        for step in before["coordinateTransformations"][1:]:
            was = np.array(step["translation"])
        moved = np.array(after["coordinateTransformations"][1]["translation"])
        first = np.rint((moved - was) / scale).astype(int)
        shape = new[after["path"]].shape  # type: ignore[union-attr]
        whole = old[before["path"]][...]  # type: ignore[index]
        part = whole[tuple(slice(start, start + size) for start, size in zip(first, shape, strict=True))]
        assert np.array_equal(new[after["path"]][...], part)  # type: ignore[index]
        factor = scale[2]
        assert first[2] * factor <= 30 < (first[2] + 1) * factor
        assert (first[2] + shape[2]) * factor >= min(90, whole.shape[2] * factor)


def test_other_tools_read_a_part(store: StoreServer, into: Path, image: str) -> None:
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader
    from ome_zarr_models import open_ome_zarr

    get(f"{store.url}/{image}", into, region={"y": (10, 91)}, channels=("GFP",), levels=(0, 1))
    location = parse_url(into / image)
    assert location is not None
    node = next(iter(Reader(location)()))
    assert [level.shape for level in node.data] == [(1, 5, 81, 150), (1, 5, 41, 75)]
    assert np.array_equal(np.asarray(node.data[0]), DATA[1:2, :, 10:91])
    open_ome_zarr(zarr.open_group(into / image, mode="r"))


def test_labels_are_left_out_on_request(store: StoreServer, into: Path, image: str) -> None:
    get(f"{store.url}/{image}", into, labels=False)
    assert np.array_equal(read(into, image), DATA)
    assert not (into / image / "labels").exists()


def test_an_image_whose_chunks_failed_cannot_be_opened(store: StoreServer, into: Path, image: str) -> None:
    plan = plan_fetch(f"{store.url}/{image}")
    victim = next(item for item in plan.items if item.optional)
    store.fault(victim.path, status=500)
    report = fetch(plan, into, settings=FetchSettings(pause=0.02, stall_timeout=2.0, tries=2))
    assert report.counts["failed"] > 1
    with pytest.raises((FileNotFoundError, ValueError)):
        zarr.open_group(into / image, mode="r")
    store.mend()
    store.reset()
    assert fetch(plan, into).complete
    assert store.count == 1
    assert np.array_equal(read(into, image), DATA)


def test_chunks_that_the_store_does_not_have_are_told(store: StoreServer, folder: Path, into: Path, image: str) -> None:
    plan = plan_fetch(f"{store.url}/{image}")
    victim = next(item for item in plan.items if item.optional)
    (folder / victim.path).unlink()
    report = get(f"{store.url}/{image}", into)
    assert report.counts["absent"] == 1
    assert not (into / victim.path).exists()


def test_an_image_without_any_chunk_is_told(store: StoreServer, folder: Path, into: Path, image: str) -> None:
    for item in plan_fetch(f"{store.url}/{image}").items:
        if item.optional:
            (folder / item.path).unlink()
    report = fetch(plan_fetch(f"{store.url}/{image}"), into)
    assert f"None of the chunks of {image} is in the store" in report.notes[0]


@pytest.mark.parametrize(
    ("selection", "error", "message"),
    [
        ({"levels": (7,)}, UnknownLevelError, "Level 7 of the image does not exist: it has the levels 0 to 2"),
        ({"channels": ("Cy5",)}, InvalidSelectionError, "channels 0 to 2, named DAPI, GFP, RFP. Choose among these"),
        ({"channels": (3,)}, InvalidSelectionError, "There is no channel 3"),
        ({"region": {"t": (0, 1)}}, UnknownAxisError, "axis t, which .* its axes are c, z, y, x"),
        ({"region": {"y": (0, 101)}}, InvalidSelectionError, "y from 0 to 101, and the image 100 pixels"),
    ],
    ids=str,
)
def test_a_part_that_is_not_there_is_told_before(
    store: StoreServer, into: Path, image: str, selection: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plan_fetch(f"{store.url}/{image}", selection=Selection(**selection))


def test_a_plate_is_fetched_with_all_its_fields(store: StoreServer, folder: Path, into: Path) -> None:
    from ome_zarr.format import FormatV04
    from ome_zarr.writer import write_image, write_plate_metadata, write_well_metadata

    root = zarr.open_group(folder / "plate.zarr", mode="w", zarr_format=2)
    write_plate_metadata(root, ["A", "B"], ["1"], ["A/1", "B/1"], fmt=FormatV04())
    for well in ("A/1", "B/1"):
        group = root.require_group(well)
        write_well_metadata(group, ["0", "1"], fmt=FormatV04())
        for field in ("0", "1"):
            write_image(DATA[0], group.require_group(field), axes="zyx", fmt=FormatV04(), scale_factors=[])
    get(f"{store.url}/plate.zarr", into)
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert {path.relative_to(into) for path in (into / "plate.zarr").rglob("*") if path.is_file()} == files
    get(f"{store.url}/plate.zarr", into / "part", region={"z": (2, 4)})
    assert np.array_equal(read(into / "part", "plate.zarr/B/1/1"), DATA[0, 2:4])


@pytest.mark.parametrize("content", ["{", "[]", '{"multiscales": 5}', '{"multiscales": [{"datasets": [{}]}]}', "{}"])
def test_metadata_that_are_none_are_told(store: StoreServer, folder: Path, content: str) -> None:
    (folder / "bad.zarr").mkdir()
    (folder / "bad.zarr" / ".zattrs").write_text(content)
    (folder / "bad.zarr" / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
    with pytest.raises(UnreadableImageError):
        plan_fetch(f"{store.url}/bad.zarr")


def test_no_image_at_all_is_told(store: StoreServer) -> None:
    with pytest.raises(UnreadableImageError, match=r"neither zarr.json nor .zgroup. Check the address"):
        plan_fetch(f"{store.url}/none.zarr")
