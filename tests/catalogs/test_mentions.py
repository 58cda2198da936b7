from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.errors import InvalidDocumentError
from bioimagehub.catalogs.mentions import find_mentions

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.catalogs import Catalog


def _notebook(path: Path, *cells: tuple[str, str]) -> Path:
    made = [{"cell_type": kind, "source": source.splitlines(keepends=True)} for kind, source in cells]
    path.write_text(json.dumps({"cells": made}))
    return path


def test_code_is_searched_and_text_is_not(catalog: Catalog, tmp_path: Path) -> None:
    file = _notebook(
        tmp_path / "a.ipynb",
        ("markdown", "See `samples:emd-3001`."),
        ("code", 'a = catalog["samples:nuclei-3d"]\nb = catalog["samples:bbbc038-nuclei"]'),
        ("code", "again = 'samples:nuclei-3d'  # and samples:no-such-thing, http://example.org"),
    )
    assert [record.name for record in find_mentions(file, catalog)] == ["nuclei-3d", "bbbc038-nuclei"]


def test_script_is_searched_whole(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# The images are samples:nuclei-3d.\n")
    assert [record.name for record in find_mentions(tmp_path / "a.py", catalog)] == ["nuclei-3d"]


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"cells": 3}', b'{"cells": [{}]}', b"\xff\xfe"])
def test_what_is_no_notebook_is_told(catalog: Catalog, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.ipynb").write_bytes(content)
    with pytest.raises(InvalidDocumentError, match=r"a\.ipynb cannot be read.*Check the path"):
        find_mentions(tmp_path / "a.ipynb", catalog)


def test_missing_notebook_is_told(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(InvalidDocumentError, match="No such file"):
        find_mentions(tmp_path / "none.ipynb", catalog)
