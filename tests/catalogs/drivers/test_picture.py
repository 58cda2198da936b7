"""Pictures as Pillow and imagecodecs write them, compared with what went in; and every kind of damage."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageFile

from bioimagehub.catalogs.cost import cost
from bioimagehub.catalogs.drivers import picture
from bioimagehub.catalogs.errors import UnknownOptionError, UnreadableImageError
from catalogs.drivers.contract import DriverContract, Written
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RANDOM = np.random.default_rng(0)
COLOURS = ["red", "green", "blue"]


def noise(*shape: int, dtype: str = "uint8") -> NDArray[Any]:
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(height: int, width: int) -> NDArray[np.uint8]:
    """Something like a micrograph, so that JPEG has something to leave out."""
    y, x = np.mgrid[:height, :width]
    values = 120 + 60 * np.sin(y / 9) * np.cos(x / 7) + RANDOM.normal(0, 9, (height, width))
    return values.clip(0, 255).astype(np.uint8)


class TestPng8(DriverContract):
    driver = "picture"

    def write(self, folder: Path) -> Written:
        pixels = noise(97, 131)
        Image.fromarray(pixels).save(folder / "nuclei.png")
        axes = {"y": np.arange(97.0), "x": np.arange(131.0)}
        return Written(
            folder / "nuclei.png", pixels, ("y", "x"), coords=axes, units={"y": "pixel", "x": "pixel"}, opening=1
        )


class TestPng16Rgb(DriverContract):
    """Pillow would leave 8 of the 16 bits."""

    driver = "picture"

    def write(self, folder: Path) -> Written:
        pixels = noise(61, 83, 3, dtype="uint16")
        (folder / "deep.png").write_bytes(imagecodecs.png_encode(pixels))
        return Written(folder / "deep.png", np.moveaxis(pixels, -1, 0), ("c", "y", "x"), coords={"c": COLOURS})


class TestJpeg(DriverContract):
    driver = "picture"

    def write(self, folder: Path) -> Written:
        pixels = np.stack([smooth(120, 90) for _ in range(3)], axis=-1)
        Image.fromarray(pixels).save(folder / "field.jpg", quality=90)
        decoded = np.asarray(Image.open(folder / "field.jpg"))
        return Written(folder / "field.jpg", np.moveaxis(decoded, -1, 0), ("c", "y", "x"), coords={"c": COLOURS})


class TestGif(DriverContract):
    driver = "picture"

    def write(self, folder: Path) -> Written:
        frames = [Image.fromarray(noise(40, 50) // 8 * 8).convert("P") for _ in range(5)]
        frames[0].save(folder / "movie.gif", save_all=True, append_images=frames[1:], duration=100, loop=0)
        shown = np.stack([np.asarray(frame.convert("RGB")) for frame in frames])
        return Written(
            folder / "movie.gif", np.moveaxis(shown, -1, 1), ("t", "c", "y", "x"), units={"t": "frame"}, opening=2
        )


# ---- every kind of sample


def save(folder: Path, image: Image.Image, name: str, **options: Any) -> str:
    image.save(folder / name, **options)
    return str(folder / name)


@pytest.mark.parametrize("name", ["grey.png", "grey.bmp", "grey.dib"])
def test_grey_of_8_bits(name: str, tmp_path: Path) -> None:
    pixels = noise(20, 31)
    found = picture.open_array(save(tmp_path, Image.fromarray(pixels), name))
    assert (found.dims, found.dtype, found.attrs["bits"]) == (("y", "x"), np.uint8, 8)
    np.testing.assert_array_equal(found.values, pixels)


@pytest.mark.parametrize("name", ["colour.png", "colour.bmp", "colour.dib", "colour.webp"])
def test_colour(name: str, tmp_path: Path) -> None:
    pixels = noise(20, 31, 3)
    options = {"lossless": True} if name.endswith("webp") else {}
    found = picture.open_array(save(tmp_path, Image.fromarray(pixels), name, **options))
    assert found.c.values.tolist() == COLOURS
    np.testing.assert_array_equal(found.transpose("y", "x", "c").values, pixels)


def test_alpha(tmp_path: Path) -> None:
    pixels = noise(20, 31, 4)
    found = picture.open_array(save(tmp_path, Image.fromarray(pixels), "alpha.png"))
    np.testing.assert_array_equal(found.sel(c="alpha").values, pixels[..., 3])


def test_grey_with_alpha_of_16_bits(tmp_path: Path) -> None:
    pixels = noise(20, 31, 2, dtype="uint16")
    (tmp_path / "deep.png").write_bytes(imagecodecs.png_encode(pixels))
    found = picture.open_array(str(tmp_path / "deep.png"))
    assert found.c.values.tolist() == ["grey", "alpha"]
    np.testing.assert_array_equal(found.transpose("y", "x", "c").values, pixels)


def test_grey_of_16_bits(tmp_path: Path) -> None:
    pixels = noise(20, 31, dtype="uint16")
    found = picture.open_array(save(tmp_path, Image.fromarray(pixels), "deep.png"))
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found.values, pixels)


@pytest.mark.parametrize("name", ["mask.png", "mask.bmp"])
def test_one_bit_is_bool(name: str, tmp_path: Path) -> None:
    pixels = noise(20, 31) > 127
    found = picture.open_array(save(tmp_path, Image.fromarray(pixels), name))
    assert (found.dtype, found.attrs["units"]) == (np.bool_, "1")
    np.testing.assert_array_equal(found.values, pixels)


@pytest.fixture
def mask(tmp_path: Path) -> tuple[str, NDArray[np.uint8], NDArray[np.uint8]]:
    """A mask with a palette in which the labels 3 and 5 have the same colour."""
    labels = noise(20, 31) % 6
    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [9, 9, 9], [0, 0, 255], [9, 9, 9]], np.uint8)
    image = Image.fromarray(labels)
    image.putpalette(colours.tobytes())
    return save(tmp_path, image, "labels.png"), labels, colours


def test_palette_gives_labels(mask: tuple[str, NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    url, labels, colours = mask
    found = picture.open_array(url)
    assert (found.dims, found.attrs["units"]) == (("y", "x"), "1")
    np.testing.assert_array_equal(found.values, labels)
    assert found.attrs["palette"][:6] == colours.tolist()


def test_palette_gives_colours(mask: tuple[str, NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    url, labels, colours = mask
    found = picture.open_array(url, palette="colour")
    np.testing.assert_array_equal(found.transpose("y", "x", "c").values, colours[labels])
    with pytest.raises(UnknownOptionError, match=r"choose 'colour' or 'index'"):
        picture.open_array(url, palette="rgb")  # type: ignore[arg-type]


def test_palette_with_transparency(tmp_path: Path) -> None:
    image = Image.fromarray(noise(20, 31) % 3)
    image.putpalette(bytes([10, 20, 30, 40, 50, 60, 70, 80, 90]))
    url = save(tmp_path, image, "clear.png", transparency=bytes([0, 128]))
    found = picture.open_array(url, palette="colour")
    expected = np.array([[10, 20, 30, 0], [40, 50, 60, 128], [70, 80, 90, 255]], np.uint8)[np.asarray(image)]
    np.testing.assert_array_equal(found.transpose("y", "x", "c").values, expected)


@pytest.mark.parametrize(("mode", "channels"), [("L", None), ("CMYK", ["cyan", "magenta", "yellow", "black"])])
def test_jpeg_of_other_colours(mode: str, channels: list[str] | None, tmp_path: Path) -> None:
    url = save(tmp_path, Image.fromarray(smooth(40, 50)).convert(mode), "field.jpg")
    found = picture.open_array(url)
    assert channels is None or found.c.values.tolist() == channels
    expected = np.asarray(Image.open(url))
    np.testing.assert_array_equal(found.values, expected if channels is None else np.moveaxis(expected, -1, 0))


def test_animated_webp_and_png(tmp_path: Path) -> None:
    frames = [noise(20, 31, 3) for _ in range(4)]
    images = [Image.fromarray(frame) for frame in frames]
    for name, options in {"a.webp": {"lossless": True}, "a.png": {}}.items():
        url = save(tmp_path, images[0], name, save_all=True, append_images=images[1:], **options)
        found = picture.open_array(url)
        assert found.sizes["t"] == 4
        np.testing.assert_array_equal(found.transpose("t", "y", "x", "c").values[..., :3], np.stack(frames))


def test_orientation_is_told_and_not_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    url = save(tmp_path, Image.fromarray(smooth(40, 64)), "turned.jpg", exif=exif)
    found = picture.open_array(url)
    assert (found.shape, found.attrs["orientation"]) == ((40, 64), 6)


def cellomics(pixels: NDArray[np.uint16]) -> bytes:
    """What an ArrayScan reader writes, after CellomicsReader of Bio-Formats."""
    height, width = pixels.shape
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 16, 0, pixels.nbytes, 0, 0, 0, 0)
    return header.ljust(52, b"\0") + pixels.astype("<u2").tobytes()


def test_cellomics_keeps_its_16_bits(tmp_path: Path) -> None:
    """Pillow takes these for colours of 5 bits, upside down."""
    pixels = noise(64, 48, dtype="uint16")
    (tmp_path / "well.DIB").write_bytes(cellomics(pixels))
    (tmp_path / "well.C01").write_bytes(b"\0\0\0\x10" + zlib.compress(cellomics(pixels)))
    for name in ("well.DIB", "well.C01"):
        found = picture.open_array(str(tmp_path / name))
        assert found.dtype == np.uint16
        np.testing.assert_array_equal(found.values, pixels)


# ---- requests


def test_header_behind_a_large_profile_takes_two_requests(tmp_path: Path) -> None:
    url = save(tmp_path, Image.fromarray(smooth(400, 500)), "field.jpg", icc_profile=noise(60_000).tobytes())
    with StoreServer(tmp_path) as store:
        found = picture.open_array(f"{store.url}/field.jpg")
        assert len(store.requests) <= 2
        store.reset()
        found.load()
        found = picture.open_array(f"{store.url}/field.jpg")
        np.testing.assert_array_equal(found[10:20, 30:40].values, np.asarray(Image.open(url))[10:20, 30:40])


def test_cost_is_that_of_the_file(tmp_path: Path) -> None:
    found = picture.open_array(save(tmp_path, Image.fromarray(noise(300, 200)), "nuclei.png"))
    told = cost(found, {"y": slice(10)})
    assert (told.requests, told.bytes, told.exact) == (1, (tmp_path / "nuclei.png").stat().st_size, True)


def test_picture_is_fetched_once(tmp_path: Path) -> None:
    save(tmp_path, Image.fromarray(noise(300, 200)), "nuclei.png")
    with StoreServer(tmp_path) as store:
        found = picture.open_array(f"{store.url}/nuclei.png")
        store.reset()
        for row in range(0, 300, 50):
            found[row].load()
        assert len(store.requests) == 1


# ---- damage: an error, and never grey


def assert_never_wrong(file: Path, damaged: bytes, expected: NDArray[Any]) -> bool:
    """Tell whether there is an error; without one, the pixels have to be right."""
    file.write_bytes(damaged)
    try:
        found = picture.open_array(str(file)).values
    except UnreadableImageError:
        return True
    np.testing.assert_array_equal(found, expected)
    return False


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"optimize": True}])
def test_jpeg_without_some_of_its_data(options: dict[str, Any], tmp_path: Path) -> None:
    """Pillow and libjpeg give grey for them, and say nothing."""
    coded = io.BytesIO()
    Image.fromarray(smooth(160, 200)).save(coded, "JPEG", quality=92, **options)
    data = coded.getvalue()
    whole = np.asarray(Image.open(coded))
    begin = data.rindex(b"\xff\xda") + 20
    for share in (0.1, 0.5, 0.9, 0.99):
        cut = begin + int((len(data) - begin) * share)
        assert assert_never_wrong(tmp_path / f"cut {share}.jpg", data[:cut], whole)
        assert assert_never_wrong(tmp_path / f"ended {share}.jpg", data[:cut].rstrip(b"\xff") + b"\xff\xd9", whole)
    assert not assert_never_wrong(tmp_path / "more.jpg", data + b"more", whole)


def test_png_with_one_bit_changed(tmp_path: Path) -> None:
    coded = io.BytesIO()
    pixels = noise(40, 50)
    Image.fromarray(pixels).save(coded, "PNG")
    data = coded.getvalue()
    for number, at in enumerate(np.linspace(8, len(data) - 1, 60).astype(int)):
        changed = bytearray(data)
        changed[at] ^= 0x10
        assert assert_never_wrong(tmp_path / f"{number}.png", bytes(changed), pixels)
    assert assert_never_wrong(tmp_path / "no end.png", data[:-12], pixels)


def test_bitmap_cut_off(tmp_path: Path) -> None:
    pixels = noise(40, 50)
    for name in ("a.bmp", "a.dib", "a.gif", "a.webp"):
        url = save(tmp_path, Image.fromarray(pixels), name)
        data = (tmp_path / name).read_bytes()
        whole = picture.open_array(url).values
        for share in (0.02, 0.5, 0.95):
            assert assert_never_wrong(tmp_path / f"{share}{name}", data[: int(len(data) * share)], whole)


def test_setting_of_others_that_fills_with_grey_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = save(tmp_path, Image.fromarray(noise(40, 50)), "a.bmp")
    found = picture.open_array(url)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(UnreadableImageError, match=r"set it to False"):
        found.load()


def test_bombs_are_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    )
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    with pytest.raises(UnreadableImageError, match=r"100,000 by 100,000 pixels.*TIFF or OME-Zarr"):
        picture.open_array(str(tmp_path / "bomb.png"))


@pytest.mark.parametrize(
    "content", [b"", b"<html>not found</html>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF89a"]
)
def test_what_is_no_picture(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"cannot be read as a picture.*Fetch it anew"):
        picture.open_array(str(tmp_path / "a.png"))
