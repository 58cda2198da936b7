"""What is written is OME-Zarr 0.5, as ome-zarr-models and the specification have it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from ome_zarr_models.v05 import Image
from ome_zarr_models.v05.image_label import ImageLabel
from ome_zarr_models.v05.labels import Labels

from bioimagehub.catalogs.records import parse_record
from bioimagehub.catalogs.samples import list_samples
from bioimagehub.catalogs.samples.ngff import choose_chunks, render_hints, write_image

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [record.name for record in list_samples()]


@pytest.fixture(params=NAMES)
def image(request: pytest.FixtureRequest, samples: Path) -> Path:
    return samples / request.param / "image.ome.zarr"


def test_image_is_valid(image: Path) -> None:
    found = Image.from_zarr(zarr.open_group(image, mode="r"))
    multiscale = found.ome_attributes.multiscales[0]
    assert found.ome_attributes.version == "0.5"
    assert multiscale.type == "mean"
    assert multiscale.name == image.parent.name


def test_label_images_are_valid(image: Path) -> None:
    folder = image / "labels"
    if not folder.exists():
        with pytest.raises(KeyError):
            (lambda: zarr.open_group(image, mode="r")["labels"])()
        return
    names = Labels.from_zarr(zarr.open_group(folder, mode="r")).ome_attributes.labels
    assert names == ["nuclei"]
    for name in names:
        found = ImageLabel.from_zarr(zarr.open_group(folder / name, mode="r"))
        assert found.ome_attributes.image_label is not None
        assert found.ome_attributes.image_label.source is not None
        assert found.ome_attributes.image_label.source.image == "../../"
        assert found.ome_attributes.multiscales[0].type == "mode"


def test_arrays_are_checked_and_complete(image: Path) -> None:
    """Each chunk is there, even an empty one, and ends in a checksum."""
    for file in image.rglob("zarr.json"):
        metadata = json.loads(file.read_text())
        if metadata["node_type"] == "group":
            continue
        assert [codec["name"] for codec in metadata["codecs"]] == ["bytes", "zstd", "crc32c"]
        assert metadata["dimension_names"]
        chunks = metadata["chunk_grid"]["configuration"]["chunk_shape"]
        expected = np.prod([-(-size // chunk) for size, chunk in zip(metadata["shape"], chunks, strict=True)])
        assert sum(path.is_file() for path in (file.parent / "c").rglob("*")) == expected


def test_every_level_covers_the_image(image: Path) -> None:
    """The outer edges of the first and last pixel lie where they lie at level 0, up to half a coarse pixel."""
    group = zarr.open_group(image, mode="r")
    ome: Any = group.attrs["ome"]
    edges = []
    for dataset in ome["multiscales"][0]["datasets"]:
        scale, shift = (np.array(step[step["type"]]) for step in dataset["coordinateTransformations"])
        array = group[dataset["path"]]
        assert isinstance(array, zarr.Array)
        edges.append((shift - scale / 2, shift + (np.array(array.shape) - 0.5) * scale, scale))
    for first, last, scale in edges:
        np.testing.assert_allclose(first, edges[0][0], rtol=0, atol=1e-12)
        assert (np.abs(last - edges[0][1]) <= scale + 1e-12).all()


def test_unstated_units_are_left_out(samples: Path) -> None:
    axes = zarr.open_group(samples / "ctc-timelapse" / "image.ome.zarr").attrs["ome"]["multiscales"][0]["axes"]  # type: ignore[index,call-overload]
    assert axes == [{"name": "t", "type": "time"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]


def test_photographs_are_shown_as_they_are(samples: Path) -> None:
    hints: Any = zarr.open_group(samples / "skimage-ihc" / "image.ome.zarr").attrs["ome"]
    channels = hints["omero"]["channels"]
    assert [(channel["label"], channel["color"]) for channel in channels] == [
        ("red", "FF0000"),
        ("green", "00FF00"),
        ("blue", "0000FF"),
    ]
    assert {(channel["window"]["start"], channel["window"]["end"]) for channel in channels} == {(0.0, 255.0)}


def test_window_leaves_out_the_extremes(fields: dict[str, Any]) -> None:
    record = parse_record(fields, "here")
    pixels = np.full((512, 512), 100, dtype=np.uint16)
    pixels[0, :10], pixels[1] = 60000, 200
    window = render_hints(record, pixels)["channels"][0]["window"]
    assert window == {"min": 100.0, "max": 60000.0, "start": 100.0, "end": pytest.approx(100.0)}


def test_middle_is_shown_first(samples: Path) -> None:
    hints: Any = zarr.open_group(samples / "nibabel-mr-anatomy" / "image.ome.zarr").attrs["ome"]
    assert hints["omero"]["rdefs"] == {"model": "greyscale", "defaultT": 1, "defaultZ": 12}


@pytest.mark.parametrize(
    ("axes", "shape", "chunks"),
    [
        ("yx", (100, 3000), (100, 256)),
        ("tcyx", (5, 2, 700, 700), (1, 1, 256, 256)),
        ("zyx", (1, 700, 700), (1, 256, 256)),
        ("zyx", (101, 135, 135), (16, 128, 128)),
    ],
)
def test_chunks(axes: str, shape: tuple[int, ...], chunks: tuple[int, ...]) -> None:
    assert choose_chunks(axes, shape) == chunks


def test_pixels_come_back_as_they_were(tmp_path: Path, fields: dict[str, Any]) -> None:
    random = np.random.default_rng(1)
    shape = (2, 3, 40, 300, 31)
    names = [{"name": name, "colour": "00FF00"} for name in ("a", "b", "c")]
    changes = {"axes": list("tczyx"), "shape": shape, "spacing": [2.0, None, 0.5, 0.1, 0.1], "channels": names}
    record = parse_record({**fields, **changes}, "here")
    pixels = random.integers(0, 4000, shape, dtype=np.uint16)
    labels = random.integers(0, 9, (2, 40, 300, 31), dtype=np.uint8)
    write_image(tmp_path / "image", record, pixels, {"nuclei": labels})
    group = zarr.open_group(tmp_path / "image")
    np.testing.assert_array_equal(group["0"][...], pixels)  # type: ignore[index]
    np.testing.assert_array_equal(group["labels/nuclei/0"][...], labels)  # type: ignore[index]
    assert group["1"].shape == (2, 3, 40, 150, 16)  # type: ignore[union-attr]
    Image.from_zarr(group)
    ImageLabel.from_zarr(zarr.open_group(tmp_path / "image" / "labels" / "nuclei"))
