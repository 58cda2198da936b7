"""Catalog files: Intake's YAML, read as records without Intake."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bioimagehub.catalogs.errors import CatalogNotFoundError, InvalidEntryError
from bioimagehub.catalogs.records import Record, parse_record

_NESTED = "yaml_file_cat"
_HERE = "{{ CATALOG_DIR }}"


def find_installed_catalog() -> Path:
    """Find the ``catalog.yml`` that came with the software: in the checkout, or under the Python prefix.

    Raises
    ------
    CatalogNotFoundError
        If it is in neither place.
    """
    checkout = Path(__file__).parents[3] / "entries" / "catalog.yml"
    installed = Path(sys.prefix) / "share" / "bioimagehub" / "entries" / "catalog.yml"
    for file in (checkout, installed):
        if file.is_file():
            return file
    msg = (
        f"The catalog of bioimagehub was not found: neither {checkout} nor {installed} is there. "
        "The installation is not whole; install it again: python -m pip install --force-reinstall bioimagehub."
    )
    raise CatalogNotFoundError(msg)


def read_catalog(file: Path) -> list[Record]:
    """Read the records of a catalog file and of those nested in it, in their order.

    Parameters
    ----------
    file : Path
        An Intake catalog (``sources:``). A source is a record, whose fields are its metadata beside
        its description, driver and address; or it is a nested catalog (``driver: yaml_file_cat``).

    Raises
    ------
    CatalogNotFoundError
        If the file is missing.
    InvalidEntryError
        If it is not a catalog, or an entry is not a valid record.
    """
    records = []
    for name, source in _read_sources(file).items():
        if not isinstance(source, Mapping):
            msg = f"The entry {name} in {file} is {source!r}; expected a mapping with driver and args. Correct it."
            raise InvalidEntryError(msg)
        if source.get("driver") == _NESTED:
            path = str(_argument(source, "path", name, file))
            records += read_catalog(Path(path.replace(_HERE, str(file.parent))))
        else:
            records.append(_read_entry(name, source, file))
    return records


def _read_sources(file: Path) -> Mapping[str, Any]:
    try:
        content = yaml.load(file.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except FileNotFoundError as error:
        msg = f"The catalog {file} was not found. Check the path, and the variable BIOIMAGEHUB_CATALOGS if it is set."
        raise CatalogNotFoundError(msg) from error
    except (OSError, yaml.YAMLError) as error:
        msg = f"The catalog {file} cannot be read: {error}. Expected an Intake catalog in YAML. Correct the file."
        raise InvalidEntryError(msg) from error
    sources = content.get("sources") if isinstance(content, Mapping) else None
    if not isinstance(sources, Mapping):
        msg = f"The file {file} is not a catalog: it has no mapping 'sources'. Give the path of an Intake catalog."
        raise InvalidEntryError(msg)
    return sources


def _argument(source: Mapping[str, Any], argument: str, name: str, file: Path) -> Any:
    arguments = source.get("args")
    if not isinstance(arguments, Mapping) or argument not in arguments:
        msg = f"The entry {name} in {file} lacks 'args: {argument}'. Add it, so that the entry can be opened."
        raise InvalidEntryError(msg)
    return arguments[argument]


def _read_entry(name: str, source: Mapping[str, Any], file: Path) -> Record:
    url = str(_argument(source, "url", name, file)).replace(_HERE, str(file.parent))
    metadata = source.get("metadata") or {}
    own = {"description": source.get("description"), "driver": source.get("driver"), "url": url}
    record = parse_record({**metadata, **own}, file)
    if record.name != name:
        msg = (
            f"The entry {name} in {file} has the identifier {record.identifier}; expected one that ends in "
            f":{name}. Make the two agree."
        )
        raise InvalidEntryError(msg)
    return record
