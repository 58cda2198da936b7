"""The sample archive on this machine: where it is, what is in it, whether it is whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

from platformdirs import user_data_path

from bioimagehub.catalogs.entries import find_installed_catalog, read_catalog
from bioimagehub.catalogs.errors import DamagedSampleError, InvalidEntryError, SamplesNotBuiltError
from bioimagehub.catalogs.records import Record, parse_record
from bioimagehub.catalogs.samples.manifest import RECORD, compare

CURE = "Build it with: bioimagehub samples build"


def samples_path() -> Path:
    """Folder of the sample archive: ``BIOIMAGEHUB_SAMPLES``, or else the user's data folder."""
    chosen = os.environ.get("BIOIMAGEHUB_SAMPLES")
    return Path(chosen) if chosen else user_data_path("bioimagehub") / "samples"


def list_samples(path: Path | None = None) -> list[Record]:
    """List the records of all samples, built or not.

    Parameters
    ----------
    path : Path or None
        The sample archive; None is `samples_path`.

    Returns
    -------
    list of Record
        In the order of the catalog. The checksum is that of the built dataset, or None where there is none.
    """
    folder = samples_path() if path is None else path
    records = read_catalog(find_installed_catalog().with_name("samples.yml"))
    return [add_checksum(record, folder) for record in records]


def add_checksum(record: Record, folder: Path) -> Record:
    """Add to the record of a sample the checksum of the dataset built from it, if there is one."""
    try:
        built = read_record(folder / record.name)
    except (OSError, InvalidEntryError):
        return record  # not built, or damaged, which opening it will tell
    return record.model_copy(update={"checksum": built.checksum})


def read_record(dataset: Path) -> Record:
    """Read the record that lies in a built dataset.

    Raises
    ------
    OSError
        If there is none.
    InvalidEntryError
        If it is not a record.
    """
    file = dataset / RECORD
    try:
        fields = json.loads(file.read_bytes())
        if isinstance(fields, dict):
            return parse_record(fields, file)
        fault: object = "it holds no fields"
    except ValueError as error:
        fault = error
    msg = f"{file} is not a record: {fault}. {CURE}."
    raise InvalidEntryError(msg)


def find_dataset(name: str, path: Path | None = None) -> Path:
    """Find a built dataset, and make sure that none of its files is missing.

    Only the names of files are looked at, which takes milliseconds: `verify` reads them. A changed byte
    in a chunk still shows, when the chunk is read, through the checksum that each chunk carries.

    Raises
    ------
    SamplesNotBuiltError
        If the dataset is not there.
    DamagedSampleError
        If files are missing or do not belong there, or its record cannot be read.
    """
    folder = samples_path() if path is None else path
    dataset = folder / name
    if not dataset.is_dir():
        what = f"dataset {name} of the sample archive" if folder.is_dir() else "sample archive"
        msg = f"The {what} was not found in {folder}. {CURE}; or set BIOIMAGEHUB_SAMPLES to the folder where it is."
        raise SamplesNotBuiltError(msg)
    problems = inspect(dataset, content=False)
    if problems:
        msg = f"The sample {name} in {folder} is damaged: {_summarise(problems)}. {CURE}; it replaces what is damaged."
        raise DamagedSampleError(msg)
    return dataset


def inspect(dataset: Path, *, content: bool, record: Record | None = None) -> list[str]:
    """Tell what is wrong with a built dataset.

    Parameters
    ----------
    dataset : Path
        Its folder.
    content : bool
        Whether to read every file, or only to look that all are there.
    record : Record or None
        What it should be a dataset of; None takes any.

    Returns
    -------
    list of str
        One line a problem; empty when there is none.
    """
    try:
        built = read_record(dataset)
    except OSError:
        return [f"{RECORD} is missing"]
    except InvalidEntryError:
        return [f"{RECORD} cannot be read"]
    problems = compare(dataset, built.checksum, content=content)
    if record is not None and built.model_copy(update={"checksum": record.checksum}) != record:
        problems.append(f"{RECORD} differs from the catalog: it was built by another version")
    return problems


def verify(path: Path | None = None) -> list[str]:
    """Read every file of the sample archive and tell which are missing, changed or in excess.

    Parameters
    ----------
    path : Path or None
        The sample archive; None is `samples_path`.

    Returns
    -------
    list of str
        One line a problem, ``<dataset>: <what>``; empty when the archive is whole.

    Raises
    ------
    SamplesNotBuiltError
        If there is no sample archive.
    """
    folder = samples_path() if path is None else path
    if not folder.is_dir():
        msg = f"There is no sample archive in {folder}. {CURE}; or set BIOIMAGEHUB_SAMPLES to the folder where it is."
        raise SamplesNotBuiltError(msg)
    problems = []
    for record in list_samples(folder):
        dataset = folder / record.name
        found = inspect(dataset, content=True, record=record) if dataset.is_dir() else ["is not built"]
        problems += [f"{record.name}: {problem}" for problem in found]
    return problems


def _summarise(problems: list[str]) -> str:
    shown = "; ".join(problems[:3])
    return shown if len(problems) <= 3 else f"{shown}; and {len(problems) - 3} more"
