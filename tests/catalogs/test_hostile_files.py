"""Catalog files from people who mean harm are refused, and do nothing on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.errors import InvalidEntryError

if TYPE_CHECKING:
    from pathlib import Path


def catalog_file(folder: Path, metadata: str) -> Path:
    file = folder / "bad.yml"
    text = f"sources:\n  entry:\n    driver: ome_zarr\n    args: {{url: x}}\n    metadata: {metadata}\n"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.mkdir [{made}]",
        "!!python/object/new:os.mkdir [{made}]",
        "!!python/name:os.system",
        "{{title: !!python/object/apply:pathlib.Path.touch [{made}]}}",
    ],
)
def test_yaml_builds_no_objects(tmp_path: Path, value: str) -> None:
    made = tmp_path / "made"
    with pytest.raises(InvalidEntryError, match="cannot be read"):
        open_catalog(catalog_file(tmp_path, value.format(made=made)))
    assert not made.exists()


def test_yaml_that_repeats_itself_does_not_fill_the_memory(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    with pytest.raises(InvalidEntryError, match="holds more than 100,000 values"):
        open_catalog(catalog_file(tmp_path, "{" + ", ".join(levels) + ", keywords: *a29}"))


def test_yaml_that_holds_itself_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidEntryError, match="holds more than 100,000 values"):
        open_catalog(catalog_file(tmp_path, "{identifier: bad:entry, keywords: &k [*k]}"))
