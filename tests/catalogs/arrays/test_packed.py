from __future__ import annotations

import bz2
import gzip
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.catalogs.arrays import packed
from bioimagehub.catalogs.arrays.packed import PackedPixels, find_codec, unpack_head
from bioimagehub.catalogs.arrays.raw import RawPixels, dense_strides
from bioimagehub.catalogs.arrays.selection import normalise
from bioimagehub.catalogs.errors import UnreadableImageError
from bioimagehub.catalogs.reader import Place

if TYPE_CHECKING:
    from pathlib import Path

VALUES = np.random.default_rng(0).integers(0, 40, (30, 100, 200), dtype=np.int16)
CODECS: dict[Any, Any] = {"gzip": gzip, "bzip2": bz2}


def open_packed(file: Path, codec: Any, *, start: int = 0, slack: int = 0, **options: Any) -> PackedPixels:
    raw = RawPixels(Place(str(file)), 100, VALUES.shape, "<i2", **options)
    return PackedPixels(raw, codec, start, slack)


@pytest.fixture(params=sorted(CODECS))
def codec(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(packed, "PART", 50_000)
    monkeypatch.setattr(packed, "SLICE", 7_000)
    monkeypatch.setattr(packed, "STEP", 9_000)
    return str(request.param)


def test_pixels_are_unpacked_once(tmp_path: Path, codec: str) -> None:
    file = tmp_path / "map"
    file.write_bytes(b"#" * 33 + CODECS[codec].compress(b"h" * 100 + VALUES.tobytes()))
    pixels = open_packed(file, codec, start=33)
    whole = normalise((slice(None),) * 3, VALUES.shape)[0]
    assert pixels.foresee(whole).requests == -(-(file.stat().st_size - 33) // 50_000)
    np.testing.assert_array_equal(pixels[3, ::7, [5, 1, 1]], VALUES[3, ::7][:, [5, 1, 1]])
    assert pixels.foresee(whole).requests == 0
    again = pickle.loads(pickle.dumps(pixels))  # noqa: S301
    file.unlink()
    np.testing.assert_array_equal(pixels[...], VALUES)
    with pytest.raises(LookupError, match="map"):
        again[...]


def test_streams_one_behind_another_are_one(tmp_path: Path, codec: str) -> None:
    content = b"h" * 100 + VALUES.tobytes()
    pack = CODECS[codec].compress
    (tmp_path / "map").write_bytes(pack(content[:77_777]) + pack(content[77_777:]) + b"\0" * 512)
    np.testing.assert_array_equal(open_packed(tmp_path / "map", codec)[...], VALUES)


def test_axes_in_another_order(tmp_path: Path, codec: str) -> None:
    (tmp_path / "map").write_bytes(CODECS[codec].compress(b"h" * 100 + VALUES.transpose(2, 0, 1).tobytes()))
    strides = dense_strides(VALUES.shape, VALUES.dtype, (2, 0, 1))
    np.testing.assert_array_equal(open_packed(tmp_path / "map", codec, strides=strides)[:, 5], VALUES[:, 5])


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99999])
def test_cut_files_are_told(tmp_path: Path, codec: str, share: float) -> None:
    content = CODECS[codec].compress(b"h" * 100 + VALUES.tobytes())
    (tmp_path / "map").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UnreadableImageError, match=r"map .*(too early|cannot be unpacked).*Fetch"):
        open_packed(tmp_path / "map", codec)[0, 0, 0]


def test_what_is_too_short_or_too_long_is_told(tmp_path: Path, codec: str) -> None:
    pack = CODECS[codec].compress
    (tmp_path / "map").write_bytes(pack(b"h" * 100 + VALUES[:-1].tobytes()))
    with pytest.raises(UnreadableImageError, match=r"ends too early: it unpacks to 1160100 bytes, .*1200100"):
        open_packed(tmp_path / "map", codec)[0]
    (tmp_path / "map").write_bytes(pack(b"h" * 100 + VALUES.tobytes() + b"0123"))
    with pytest.raises(UnreadableImageError, match=r"unpacks to more than the 1200100 bytes"):
        open_packed(tmp_path / "map", codec)[0]
    np.testing.assert_array_equal(open_packed(tmp_path / "map", codec, slack=4)[0], VALUES[0])


def test_damage_is_told(tmp_path: Path, codec: str) -> None:
    content = bytearray(CODECS[codec].compress(b"h" * 100 + VALUES.tobytes()))
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "map").write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"map .*Fetch"):
        open_packed(tmp_path / "map", codec)[0]


def test_array_larger_than_the_memory_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    raw = RawPixels(Place(str(tmp_path / "none")), 0, (10**6, 10**7), "<f8")
    with pytest.raises(UnreadableImageError, match=r"unpacks to 8\d+ bytes, .* memory. Unpack the file on disk"):
        PackedPixels(raw, "gzip")[0, 0]


def test_head_of_a_file_is_unpacked_alone(codec: Any) -> None:
    content = CODECS[codec].compress(b"header" + VALUES.tobytes())
    assert find_codec(content) == codec
    assert unpack_head(content, codec, 6) == b"header"
    if codec == "gzip":
        assert unpack_head(content[:3000], codec, 6) == b"header"
    assert find_codec(b"header") is None
