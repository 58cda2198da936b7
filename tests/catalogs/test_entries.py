from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bioimagehub.catalogs import entries
from bioimagehub.catalogs.entries import find_installed_catalog, read_catalog
from bioimagehub.catalogs.errors import CatalogNotFoundError, InvalidEntryError
from bioimagehub.catalogs.scales import SCALES

ROOT = Path(__file__).resolve().parents[2]


def _source(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a record as a source of an Intake catalog."""
    metadata = {name: value for name, value in fields.items() if name not in {"description", "driver", "url"}}
    arguments = {"url": fields["url"]}
    return {"description": "d", "driver": fields["driver"], "args": arguments, "metadata": metadata}


def _write(file: Path, **sources: Any) -> Path:
    file.write_text(yaml.safe_dump({"sources": sources}))
    return file


def test_catalog_of_the_checkout_is_found() -> None:
    """In the checkout itself, or as the copy of it that was installed."""
    found = find_installed_catalog()
    assert found.read_text() == (ROOT / "catalogs" / "entries" / "catalog.yml").read_text()
    assert found.with_name("samples.yml").read_text() == (ROOT / "catalogs" / "entries" / "samples.yml").read_text()


def test_catalog_of_an_installation_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a wheel the entries lie under the prefix, and no checkout is around the package."""
    package = tmp_path / "lib" / "python" / "site-packages" / "bioimagehub" / "catalogs" / "entries.py"
    monkeypatch.setattr(entries, "__file__", str(package))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(CatalogNotFoundError, match="install it again"):
        find_installed_catalog()
    expected = tmp_path / "share" / "bioimagehub" / "entries" / "catalog.yml"
    expected.parent.mkdir(parents=True)
    expected.write_text("sources: {}")
    assert find_installed_catalog() == expected


def test_entries_of_the_checkout_are_valid() -> None:
    records = read_catalog(find_installed_catalog())
    assert len(records) >= 12
    assert {scale for record in records for scale in record.scales} == set(SCALES)


def test_address_beside_the_catalog(tmp_path: Path, fields: dict[str, Any]) -> None:
    fields["url"] = "{{ CATALOG_DIR }}/image.ome.zarr"
    file = _write(tmp_path / "own.yml", **{"bbbc038-nuclei": _source(fields)})
    assert read_catalog(file)[0].url == f"{tmp_path}/image.ome.zarr"


@pytest.mark.parametrize("here", ["{{CATALOG_DIR}}", "{{  CATALOG_DIR }}"])
def test_the_folder_is_written_with_any_spaces(tmp_path: Path, fields: dict[str, Any], here: str) -> None:
    source = _source(fields)
    source["args"] = {"url": f"{here}/a.zarr"}
    (record,) = read_catalog(_write(tmp_path / "lab.yml", **{"bbbc038-nuclei": source}))
    assert record.url == f"{tmp_path}/a.zarr"


def test_nested_catalogs_are_read(tmp_path: Path, fields: dict[str, Any]) -> None:
    _write(tmp_path / "inner.yml", **{"bbbc038-nuclei": _source(fields)})
    nested = {"driver": "yaml_file_cat", "args": {"path": "{{ CATALOG_DIR }}/inner.yml"}}
    file = _write(tmp_path / "outer.yml", samples=nested)
    assert [record.name for record in read_catalog(file)] == ["bbbc038-nuclei"]


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogNotFoundError, match="BIOIMAGEHUB_CATALOGS"):
        read_catalog(tmp_path / "none.yml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sources: [", "(?s)cannot be read.*Correct the file"),
        ("- a\n- b", "has no mapping 'sources'. Give the path of an Intake catalog"),
        ("", "has no mapping 'sources'"),
        ("sources: {a: {driver: ome_zarr}, b: {}, a: {driver: mrc}}", "(?s)a stands more than once.*Correct the file"),
        ("sources: {a: 3}", "The entry 'a' in .* is 3; expected a mapping with driver and args"),
        ("sources: {a: {driver: ome_zarr}}", "lacks 'args: url'. Add it"),
        ("sources: {a: {driver: yaml_file_cat}}", "lacks 'args: path'. Add it"),
        ("sources: {a: {driver: ome_zarr, args: {url: x}}}", "title: Field required"),
    ],
)
def test_file_that_is_no_catalog_is_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "bad.yml"
    file.write_text(text)
    with pytest.raises(InvalidEntryError, match=told) as caught:
        read_catalog(file)
    assert str(file) in str(caught.value)


def test_a_folder_is_no_catalog(tmp_path: Path) -> None:
    with pytest.raises(InvalidEntryError, match="cannot be read"):
        read_catalog(tmp_path)


def test_yaml_that_makes_objects_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.yml"
    file.write_text("sources: !!python/object/apply:os.system ['true']")
    with pytest.raises(InvalidEntryError, match="could not determine a constructor"):
        read_catalog(file)


def test_name_and_identifier_must_agree(tmp_path: Path, fields: dict[str, Any]) -> None:
    file = _write(tmp_path / "own.yml", other=_source(fields))
    with pytest.raises(InvalidEntryError, match="Make the two agree"):
        read_catalog(file)
