"""Catalog files: Intake's YAML and the tables it names, read without Intake."""

from __future__ import annotations

import json
import os
import re
import reprlib
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from platformdirs import user_data_path

from bioimagehub.catalogs.errors import CatalogNotFoundError, InvalidEntryError

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML without libyaml
    from yaml import SafeLoader as _SafeLoader

if TYPE_CHECKING:
    from bioimagehub.catalogs.records import Record

NESTED = "yaml_file_cat"
ARCHIVE = "archive"
"""Driver of an entry that stands for all records of an archive, in a table."""
_HERE = re.compile(r"\{\{\s*CATALOG_DIR\s*\}\}")


def harvest_path() -> Path:
    """Folder of the tables harvested on this machine: ``BIOIMAGEHUB_HARVEST``, or else in the user's data folder."""
    chosen = os.environ.get("BIOIMAGEHUB_HARVEST")
    return Path(chosen) if chosen else user_data_path("bioimagehub") / "harvest"


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
    """Read the records of a catalog file, and of those nested in it, in their order.

    Parameters
    ----------
    file : Path
        An Intake catalog (``sources:``). A source is a record, whose fields are its metadata beside its
        description, driver and address; or a nested catalog (``driver: yaml_file_cat``); or an archive
        (``driver: archive``), whose records are in a table.

    Raises
    ------
    CatalogNotFoundError
        If a file is missing.
    InvalidEntryError
        If it is not a catalog, or an entry is not a valid record.
    """
    from bioimagehub.catalogs.records import parse_record

    return [parse_record(fields, where) for where, fields in iterate_fields(file)]


def read_entries(file: Path) -> Iterator[Record | InvalidEntryError]:
    """Read the records of a catalog file as `read_catalog` does, and give the fault in place of one that is not valid.

    Raises
    ------
    CatalogNotFoundError, InvalidEntryError
        If a file is missing or is not a catalog.
    """
    from bioimagehub.catalogs.records import parse_record

    for where, name, source in _walk(file):
        if source.get("driver") == ARCHIVE:
            table = nested_path(name, source, where)
            yield from (_try(partial(parse_record, fields, table)) for fields in _read_table(table))
        else:
            yield _try(partial(_read_entry, name, source, where))


def _try(make: Callable[[], Record]) -> Record | InvalidEntryError:
    try:
        return make()
    except InvalidEntryError as error:
        return error


def _read_table(table: Path) -> Iterator[Mapping[str, Any]]:
    from bioimagehub.catalogs.tables import read_table

    return read_table(table)


def iterate_fields(file: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Give the fields of each record of a catalog file, with the file that it stands in.

    Records of YAML files are checked here; those of tables were checked when the table was written.

    Raises
    ------
    CatalogNotFoundError, InvalidEntryError
        As `read_catalog`.
    """
    for where, name, source in _walk(file):
        if source.get("driver") == ARCHIVE:
            table = nested_path(name, source, where)
            for fields in _read_table(table):
                yield table, fields
        else:
            yield where, _read_entry(name, source, where).model_dump(mode="json", exclude_defaults=True)


def list_files(file: Path) -> list[Path]:
    """List the files that a catalog consists of: itself, and what is nested in it, at any depth.

    Raises
    ------
    CatalogNotFoundError, InvalidEntryError
        As `read_catalog`.
    """
    return list(_list_files(file, ()))


def _list_files(file: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    _refuse_circle(file, above)
    yield file
    for name, source in _read_sources(file).items():
        if source.get("driver") == NESTED:
            yield from _list_files(nested_path(name, source, file), (*above, file.resolve()))
        elif source.get("driver") == ARCHIVE:
            yield nested_path(name, source, file)


def _walk(file: Path, above: tuple[Path, ...] = ()) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    """Give each entry of a catalog file and of those nested in it, with its file and name, in their order."""
    _refuse_circle(file, above)
    for name, source in _read_sources(file).items():
        if source.get("driver") == NESTED:
            yield from _walk(nested_path(name, source, file), (*above, file.resolve()))
        else:
            yield file, str(name), source


def _refuse_circle(file: Path, above: tuple[Path, ...]) -> None:
    if file.resolve() in above:
        msg = f"The catalog {file} is nested in itself. Take the entry that leads to it out of {above[-1]}."
        raise InvalidEntryError(msg)


def nested_path(name: str, source: Mapping[str, Any], file: Path) -> Path:
    """Give the path of the catalog file or table that an entry stands for.

    A table that was harvested on this machine goes before the one that came with the software.

    Raises
    ------
    CatalogNotFoundError
        If there is none.
    """
    shipped = Path(_located(_argument(source, "path", name, file), file))
    path = shipped
    if source.get("driver") == ARCHIVE and file.parent == find_installed_catalog().parent:
        harvested = harvest_path() / shipped.name
        path = harvested if harvested.is_file() else shipped
    if not path.is_file():
        msg = (
            f"The entry {name} in {file} leads to {path}, where no file was found. "
            "Correct its path, or install the software again if the file came with it."
        )
        raise CatalogNotFoundError(msg)
    return path


class _Loader(_SafeLoader):
    """Refuses a key that stands twice, as Intake does: the first entry of that name would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make a dictionary, unless a key stands twice."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            twice = ", ".join(sorted({key[:60] for key in keys if keys.count(key) > 1}))
            raise yaml.constructor.ConstructorError(None, None, f"{twice} stands more than once", node.start_mark)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def _read_sources(file: Path) -> Mapping[str, Any]:
    try:
        content = yaml.load(file.read_bytes(), Loader=_Loader)  # noqa: S506 - a safe loader
    except FileNotFoundError as error:
        msg = f"The catalog {file} was not found. Check the path, and the variable BIOIMAGEHUB_CATALOGS if it is set."
        raise CatalogNotFoundError(msg) from error
    except (OSError, RecursionError, yaml.YAMLError) as error:
        msg = f"The catalog {file} cannot be read: {error}. Expected an Intake catalog in YAML. Correct the file."
        raise InvalidEntryError(msg) from error
    sources = content.get("sources") if isinstance(content, Mapping) else None
    if not isinstance(sources, Mapping):
        msg = f"The file {file} is not a catalog: it has no mapping 'sources'. Give the path of an Intake catalog."
        raise InvalidEntryError(msg)
    for name, source in sources.items():
        if not isinstance(source, Mapping):
            msg = (
                f"The entry {str(name)!r:.60} in {file} is {reprlib.repr(source)}; expected a mapping with driver and "
                "args. Correct it."
            )
            raise InvalidEntryError(msg)
    return sources


def _argument(source: Mapping[str, Any], argument: str, name: str, file: Path) -> Any:
    arguments = source.get("args")
    if not isinstance(arguments, Mapping) or argument not in arguments:
        msg = f"The entry {name} in {file} lacks 'args: {argument}'. Add it, so that the entry can be opened."
        raise InvalidEntryError(msg)
    return arguments[argument]


def _located(address: Any, file: Path) -> str:
    """Put the folder of a catalog file in place of what stands for it."""
    return _HERE.sub(lambda _: str(file.parent), str(address))


def _read_entry(name: str, source: Mapping[str, Any], file: Path) -> Record:
    from bioimagehub.catalogs.records import parse_record

    url = _located(_argument(source, "url", name, file), file)
    metadata = source.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        msg = (
            f"The metadata of the entry {name!r:.60} in {file} are {reprlib.repr(metadata)}; expected a mapping of "
            "fields. Correct them."
        )
        raise InvalidEntryError(msg)
    own = {"description": source.get("description"), "driver": source.get("driver"), "url": url}
    further = {key: value for key, value in source["args"].items() if key != "url"}
    if further:
        own["options"] = json.dumps(further, sort_keys=True, default=str)
    record = parse_record({**metadata, **own}, file)
    if record.name != name:
        msg = (
            f"The entry {name} in {file} has the identifier {record.identifier}; expected one that ends in "
            f":{name}. Make the two agree."
        )
        raise InvalidEntryError(msg)
    return record
