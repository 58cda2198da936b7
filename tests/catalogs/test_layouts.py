"""What opening an image needs is kept, found again, and refused when it is not whole."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.catalogs.errors import DamagedLayoutError
from bioimagehub.catalogs.layouts import Layout, find_layout, layout_folders, load_layout, remove_layout, save_layout
from bioimagehub.catalogs.reader import Version

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://example.org/a.tif"
LAYOUT = Layout(
    driver="tiff",
    url=URL,
    facts={"series": [{"axes": "yx", "names": ["µ"]}]},
    tables={"offsets": np.arange(5, dtype=np.uint64), "empty": np.zeros((0, 2), np.int32)},
    version=Version(10, '"a"', None),
    verified=date(2026, 11, 22),
    summary={"axes": ["y", "x"]},
)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    own, shared = tmp_path / "own", tmp_path / "shared"
    monkeypatch.setenv("BIOIMAGEHUB_LAYOUTS", f"{own}:{shared}")
    return own, shared


def test_comes_back_as_it_was() -> None:
    found = load_layout(save_layout(LAYOUT))
    assert {name: values.tolist() for name, values in found.tables.items()} == {"offsets": [0, 1, 2, 3, 4], "empty": []}
    assert found.tables["offsets"].dtype == np.uint64
    for name in ("driver", "url", "facts", "version", "verified", "summary"):
        assert getattr(found, name) == getattr(LAYOUT, name)


def test_is_found_in_each_folder_and_the_own_goes_first(folders: tuple[Path, Path]) -> None:
    own, shared = folders
    assert find_layout(URL) is None
    save_layout(LAYOUT, shared)
    found = find_layout(URL)
    assert found is not None
    assert found.driver == "tiff"
    save_layout(Layout("mrc", URL, {}))
    found = find_layout(URL)
    assert found is not None
    assert found.driver == "mrc"
    assert len(list(own.iterdir())) == 1
    assert remove_layout(URL)
    assert not remove_layout(URL)
    found = find_layout(URL)
    assert found is not None
    assert found.driver == "tiff"


def test_home_may_be_written_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BIOIMAGEHUB_LAYOUTS", "~/layouts")
    assert layout_folders() == (tmp_path / "layouts",)
    monkeypatch.delenv("BIOIMAGEHUB_LAYOUTS")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert layout_folders() == (tmp_path / ".local/share/bioimagehub/layouts",)


@pytest.mark.parametrize("damage", ["cut", "empty", "rubbish", "flipped"])
def test_damaged_file_is_refused(damage: str) -> None:
    file = save_layout(LAYOUT)
    content = file.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
    damaged = {"cut": content[:middle], "empty": b"", "rubbish": b"x" * 100, "flipped": flipped}
    file.write_bytes(damaged[damage])
    with pytest.raises(DamagedLayoutError, match=r"make it anew with that command"):
        find_layout(URL)


def test_nothing_half_written_is_left(folders: tuple[Path, Path]) -> None:
    save_layout(LAYOUT)
    with pytest.raises(TypeError):
        save_layout(Layout("tiff", URL, {"a": object()}))
    assert [file.suffix for file in folders[0].iterdir()] == [".layout"]
    found = find_layout(URL)
    assert found is not None
    assert found.facts == LAYOUT.facts
