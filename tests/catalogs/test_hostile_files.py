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


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ("[1, 2]", "expected a mapping of fields"),
        ("3", "are 3; expected a mapping"),
        ("[" * 900 + "]" * 900, "metadata"),
    ],
)
def test_metadata_that_are_no_fields_are_told(tmp_path: Path, metadata: str, told: str) -> None:
    with pytest.raises(InvalidEntryError, match=told):
        open_catalog(catalog_file(tmp_path, metadata))


def test_a_catalog_that_is_nested_in_itself_is_told(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{one}.yml").write_text(
            f"sources:\n  {other}: {{driver: yaml_file_cat, args: {{path: '{{{{ CATALOG_DIR }}}}/{other}.yml'}}}}\n"
        )
    with pytest.raises(InvalidEntryError, match=r"a.yml is nested in itself.*out of .*b.yml"):
        open_catalog(tmp_path / "a.yml")


def test_names_of_entries_that_a_terminal_obeys_are_told_in_print(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text('sources:\n  "\\e[2J": 3\n')
    with pytest.raises(InvalidEntryError) as caught:
        open_catalog(tmp_path / "bad.yml")
    assert "\x1b" not in str(caught.value)
