from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.digests import digest_data, digest_json, digest_path
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.tracks import Lineage, Tracks

if TYPE_CHECKING:
    from pathlib import Path


class Lazy:
    """Frames that are loaded one by one."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __getitem__(self, index: int) -> np.ndarray:
        return self.array[index]


ARRAY = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
DIFFERENT = [
    ARRAY,
    ARRAY.astype(np.uint32),
    ARRAY.reshape(3, 2, 4),
    ARRAY[:1],
    ARRAY[:0],
    ARRAY + 1,
    {"a": 1},
    {"a": 1.0},
    {"a": "1"},
    {"a": True},
    {"a": None},
    {"a": {"b": 1}},
    {"a": 1, "b": 1},
    {"ab": 1},
    ["a", "b"],
    ["ab"],
    [["a"], "b"],
    {},
    [],
    None,
    "",
    float("nan"),
    Points([[1, 2]]),
    Points([[1, 2]], confidence=[1]),
    Points([[1, 2]], intensity=[1]),
    Points([[1, 2, 3]], axes="zyx"),
    Points([[1, 2, 3]], axes="tyx"),
    Tracks(ARRAY, Lineage.from_rows([(1, 0, 1, 0)])),
    Tracks(ARRAY, Lineage.from_rows([(1, 0, 0, 0)])),
    Tracks(ARRAY, Lineage.from_rows([(1, 0, 1, 0)]), first=1),
    Tracks(Lazy(ARRAY + 1), Lineage.from_rows([(1, 0, 1, 0)])),
]


def test_what_differs_has_another_digest() -> None:
    digests = [digest_data(data) for data in DIFFERENT]
    assert len(set(digests)) == len(DIFFERENT)
    assert digests == [digest_data(data) for data in DIFFERENT]


def test_where_and_how_it_is_kept_does_not_count() -> None:
    for same in (np.asfortranarray(ARRAY), ARRAY.astype(">u2"), ARRAY[::-1][::-1], ARRAY.copy()):
        assert digest_data(same) == digest_data(ARRAY)
    frames = Tracks(Lazy(ARRAY), Lineage.from_rows([]))
    assert digest_data(frames) == digest_data(Tracks(Lazy(ARRAY.copy()), Lineage.from_rows([])))
    assert digest_data({"a": np.float64(1), "b": 2}) == digest_data({"b": np.int64(2), "a": 1.0})


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_folders_are_told_apart_by_names_and_bytes(
    tmp_path_factory: pytest.TempPathFactory, a: bytes, b: bytes
) -> None:
    folder = tmp_path_factory.mktemp("digest")

    def digest(files: dict[str, bytes]) -> str:
        place = folder / str(len(list(folder.iterdir())))
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        return digest_path(place)

    one = digest({"x/0": a, "y": b})
    assert one == digest({"y": b, "x/0": a})
    assert one != digest({"x/1": a, "y": b})
    assert one != digest({"x/0": a + b"!", "y": b})
    assert (one == digest({"x/0": b, "y": a})) == (a == b)


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert digest_path(tmp_path / "x") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_plain_values() -> None:
    assert digest_json({"a": 1, "b": [None, 0.1]}) == digest_json({"b": [None, 0.1], "a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_json({"a": float("nan")})
