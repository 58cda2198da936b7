from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bioimagehub.challenges.errors import ExplorerError
from bioimagehub.challenges.explorer import Scene, Sheet
from bioimagehub.challenges.explorer.instances import find_mistakes

if TYPE_CHECKING:
    from pathlib import Path

TRUTH = np.zeros((60, 60), int)
TRUTH[2:10, 2:10], TRUTH[20:26, 20:26], TRUTH[40:44, 40:44] = 1, 2, 3
MISTAKES = find_mistakes(TRUTH, np.zeros_like(TRUTH), spacing=(0.5, 0.5))
SCENE = Scene(TRUTH * 10.0, TRUTH, np.zeros_like(TRUTH))


def test_a_folder_of_pictures_with_a_page_and_a_table(tmp_path: Path) -> None:
    page = Sheet(MISTAKES, SCENE, "<field> 1").write(tmp_path / "sheet")
    folder = page.parent
    assert sorted(path.name for path in folder.iterdir()) == ["crops", "index.html", "mistakes.csv"]
    text = page.read_text()
    for path in sorted((folder / "crops").iterdir()):
        assert f'href="crops/{path.name}"' in text
        with Image.open(path) as picture:
            assert picture.mode == "RGB"
    assert len(list((folder / "crops").iterdir())) == 3
    assert "3 missed." in text
    assert "Mistakes in &lt;field&gt; 1" in text
    assert "<field>" not in text
    table = pd.read_csv(folder / "mistakes.csv")
    assert table.label.tolist() == [1, 2, 3]
    assert table["size"].tolist() == [64, 36, 16]
    assert [path.name for path in tmp_path.iterdir()] == ["sheet"]


def test_the_largest_are_drawn_and_all_are_listed(tmp_path: Path) -> None:
    page = Sheet(MISTAKES, SCENE, limit=2).write(tmp_path / "sheet")
    assert "The 2 largest of 3 are shown" in page.read_text()
    assert len(pd.read_csv(page.parent / "mistakes.csv")) == 3


def test_links_to_a_viewer() -> None:
    sheet = Sheet(MISTAKES, SCENE, link=lambda one: f"https://viewer.example/?y={one.centroid[0]}&x={one.centroid[1]}")
    assert 'href="https://viewer.example/?y=5.5&amp;x=5.5"' in sheet.to_html()


def test_in_a_notebook_the_pictures_are_in_the_page() -> None:
    sheet = Sheet(MISTAKES, SCENE)
    assert sheet.to_html().count("data:image/png;base64,") == 3
    assert "href=" not in sheet._repr_html_()
    assert "<html" not in sheet._repr_html_()


def test_nothing_wrong(tmp_path: Path) -> None:
    page = Sheet([], SCENE).write(tmp_path / "sheet")
    assert "<p>none.</p>" in page.read_text()


def test_a_folder_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "sheet").mkdir()
    with pytest.raises(ExplorerError, match="Choose another name"):
        Sheet(MISTAKES, SCENE).write(tmp_path / "sheet")


def test_nothing_is_left_of_a_sheet_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ExplorerError, match="give the image itself"):
        Sheet(MISTAKES, Scene(np.zeros((3, 3)), TRUTH, TRUTH)).write(tmp_path / "sheet")
    assert list(tmp_path.iterdir()) == []
