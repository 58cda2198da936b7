from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

from bioimagehub.challenges import load_labels
from bioimagehub.challenges.errors import (
    ChallengeError,
    LabelFileNotFoundError,
    LabelFormatError,
    LabelShapeError,
    NotALabelImageError,
    UnreadableLabelsError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LABELS = np.random.default_rng(2).integers(0, 300, (24, 30)).astype(np.uint16)


def write_ome_zarr(path: Path, labels: np.ndarray, version: str) -> None:
    """A label image with two levels as OME-Zarr has it."""
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    group.create_array("full", data=labels, chunks=(16,) * labels.ndim)
    group.create_array("half", data=labels[::2, ::2])
    metadata: dict[str, Any] = {"image-label": {}, "multiscales": [{"datasets": [{"path": "full"}, {"path": "half"}]}]}
    group.attrs.update(metadata if version == "0.4" else {"ome": {"version": version, **metadata}})


WRITERS: dict[str, Callable[[Path], object]] = {
    "a.npy": lambda path: np.save(path, LABELS),
    "a.png": lambda path: Image.fromarray(LABELS).save(path),
    "A.PNG": lambda path: Image.fromarray(LABELS).save(path, format="PNG"),
    "a.tif": lambda path: tifffile.imwrite(path, LABELS),
    "zipped.tiff": lambda path: tifffile.imwrite(path, LABELS, compression="zlib", predictor=True, tile=(16, 16)),
    "array.zarr": lambda path: zarr.create_array(path, data=LABELS),
    "ngff-0.4": lambda path: write_ome_zarr(path, LABELS, "0.4"),
    "ngff-0.5": lambda path: write_ome_zarr(path, LABELS, "0.5"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    for path in (tmp_path / name, str(tmp_path / name)):
        loaded = load_labels(path)
        assert np.array_equal(loaded, LABELS)
        assert loaded.dtype == LABELS.dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.int32])
def test_stack(dtype: type, tmp_path: Path) -> None:
    stack = np.stack([LABELS % 256] * 3).astype(dtype)
    tifffile.imwrite(tmp_path / "stack.ome.tif", stack, metadata={"axes": "ZYX"})
    np.save(tmp_path / "stack.npy", stack)
    for path in tmp_path.iterdir():
        assert np.array_equal(load_labels(path), stack)


def test_palette_of_a_png_is_not_taken_for_the_labels(tmp_path: Path) -> None:
    numbers = (LABELS % 7).astype(np.uint8)
    image = Image.fromarray(numbers)
    image.putpalette([200, 3, 100] * 256)
    image.save(tmp_path / "a.png")
    assert np.array_equal(load_labels(tmp_path / "a.png"), numbers)


@pytest.mark.usefixtures("samples")
def test_label_image_of_a_sample(samples: Path) -> None:
    from bioimagehub.catalogs import open_catalog

    (folder,) = (path for path in samples.rglob("labels/nuclei") if "bbbc038-nuclei" in str(path))
    expected = open_catalog()["samples:bbbc038-nuclei"].open(label="nuclei")
    assert np.array_equal(load_labels(folder), expected.to_numpy())
    with pytest.raises(UnreadableLabelsError) as caught:
        load_labels(folder.parents[1])
    assert "is an image and not a label image. It has the label images nuclei" in str(caught.value)
    assert f"Give one of them, such as {folder}" in str(caught.value)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(LabelFileNotFoundError, match=r"no label image at .*a.png. .* Correct the path"):
        load_labels(tmp_path / "a.png")


def test_another_format(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(LabelFormatError, match=r"Expected one of .npy, .png, .tif, .tiff, or a Zarr folder"):
        load_labels(tmp_path / "a.jpg")


def test_folder_without_zarr(tmp_path: Path) -> None:
    with pytest.raises(UnreadableLabelsError, match="cannot be read"):
        load_labels(tmp_path)


def test_group_without_label_image(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "a.zarr", mode="w").create_array("0", data=LABELS)
    with pytest.raises(
        UnreadableLabelsError, match=r"Give the folder of the label image itself, such as image.zarr/labels/nuclei"
    ):
        load_labels(tmp_path / "a.zarr")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_coloured_picture(mode: str, tmp_path: Path) -> None:
    Image.fromarray((LABELS % 256).astype(np.uint8)).convert(mode).save(tmp_path / "a.png")
    with pytest.raises(UnreadableLabelsError, match=r"coloured picture .* Save the numbers of the objects"):
        load_labels(tmp_path / "a.png")


def test_mask_in_a_png(tmp_path: Path) -> None:
    Image.fromarray(LABELS > 100).save(tmp_path / "a.png")
    with pytest.raises(NotALabelImageError, match=r"The label image .*a.png has boolean values"):
        load_labels(tmp_path / "a.png")


def test_small_file_that_unpacks_to_a_huge_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(LABELS).save(tmp_path / "a.png")
    for most in (LABELS.size // 3, LABELS.size - 1):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        with pytest.raises(UnreadableLabelsError, match=r"too large for a PNG.* Save it as TIFF or OME-Zarr"):
            load_labels(tmp_path / "a.png")


def test_pickled_objects_are_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[print]], object), allow_pickle=True)
    with pytest.raises(UnreadableLabelsError, match="Object arrays cannot be loaded"):
        load_labels(tmp_path / "a.npy")


def test_array_of_one_axis(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", LABELS[0])
    with pytest.raises(LabelShapeError, match=r"a.npy has the shape \(30,\)"):
        load_labels(tmp_path / "a.npy")


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_files_never_fail_without_a_word(name: str, tmp_path: Path) -> None:
    """Whatever byte was changed or lost: an image of integers, or an error of ours with what to do."""
    chance = random.Random(name)
    WRITERS[name](tmp_path / name)
    path = tmp_path / name
    files = [path] if path.is_file() else sorted(inner for inner in path.rglob("*") if inner.is_file())
    told = []
    for _ in range(60):
        file = chance.choice(files)
        whole = file.read_bytes()
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= chance.randrange(1, 256)
        file.write_bytes(damaged if chance.random() < 0.7 else damaged[: chance.randrange(len(whole))])
        try:
            assert load_labels(path).dtype.kind in "iu"
        except ChallengeError as error:
            told.append(str(error))
        file.write_bytes(whole)
    assert told
    assert all(str(path) in message and message.count(". ") >= 2 for message in told), told
    assert np.array_equal(load_labels(path), LABELS)
