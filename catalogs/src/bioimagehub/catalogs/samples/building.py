"""Build the sample archive: each dataset in a folder beside its place, checked, then moved there."""

from __future__ import annotations

import errno
import fcntl
import importlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import (
    DamagedSampleError,
    InsufficientSpaceError,
    SamplesNotWritableError,
    SourceImageError,
)
from bioimagehub.catalogs.samples.archive import inspect, list_samples, samples_path
from bioimagehub.catalogs.samples.inputs import INSTALL

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from bioimagehub.catalogs.records import Record

Progress = Callable[[int, int, str], None]
"""Called with the number of datasets done, of how many, and what is done now."""

SPACE = 100 * 2**20
"""Room that a build asks for, in bytes: about three times what the archive takes."""

_BUILDING = ".building-"
_REPLACED = ".replaced-"


def build(path: Path | None = None, *, progress: Progress | None = None) -> list[Record]:
    """Build the sample archive, or what is missing or damaged of it, from the images that packages carry.

    A dataset that is whole stays as it is. Two builds of the same folder do not clash: the second waits. A
    build that is killed leaves the datasets that it finished; the next one goes on from there.

    Parameters
    ----------
    path : Path or None
        The folder; None is `samples_path`. It and what is in it can be read by every user.
    progress : callable or None
        Called with the number of datasets done, of how many, and what is done now.

    Returns
    -------
    list of Record
        With the checksums of what was built.

    Raises
    ------
    SamplesNotWritableError, InsufficientSpaceError
        If the folder cannot be written, or the disk is too full; nothing was changed then.
    SourceImageError
        If a package that carries images is missing, or carries other ones; nothing was changed then.
    """
    folder = samples_path() if path is None else path
    report = progress or _stay_silent
    records = list_samples(folder)
    if all(_is_whole(folder / record.name, record) for record in records) and not _find_leftovers(folder):
        # Nothing to write, so that a shared archive may be read-only.
        report(len(records), len(records), "done")
        return records
    with _locked(folder, lambda: report(0, len(records), "waiting for another build")):
        _remove_leftovers(folder)
        unfit = [record for record in records if not _is_whole(folder / record.name, record)]
        if unfit:
            _check_space(folder)
        for record in unfit:
            for needed in _source(record).INPUTS:
                needed.find()
        done = len(records) - len(unfit)
        for number, record in enumerate(unfit, start=done):
            report(number, len(records), record.name)
            _build_dataset(folder, record)
        report(len(records), len(records), "done")
    return list_samples(folder)


def _stay_silent(_done: int, _total: int, _what: str) -> None:
    """Report to nobody."""


def _is_whole(dataset: Path, record: Record) -> bool:
    return dataset.is_dir() and not inspect(dataset, content=True, record=record)


def _source(record: Record) -> ModuleType:
    """Give the module of `samples.sources` that reads the sample; it has `INPUTS` and `read`."""
    name = record.name.replace("-", "_")
    try:
        return importlib.import_module(f"bioimagehub.catalogs.samples.sources.{name}")
    except ImportError as error:
        msg = f"The sample {record.name} cannot be read: the package {error.name} is not installed. {INSTALL}"
        raise SourceImageError(msg) from error


def _build_dataset(folder: Path, record: Record) -> None:
    from bioimagehub.catalogs.samples.writing import write_dataset

    building = folder / f"{_BUILDING}{record.name}"
    pixels = _source(record).read()
    try:
        write_dataset(building, record, pixels)
        problems = inspect(building, content=True)
        if not problems:
            _put_in_place(building, folder / record.name)
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        msg = (
            f"The sample {record.name} could not be written to {folder}: {error}. What was built before is kept. "
            "Make room or mend the disk, then build again: bioimagehub samples build."
        )
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (InsufficientSpaceError if full else SamplesNotWritableError)(msg) from error
    if problems:
        msg = f"The new dataset {building} is not what was written: {problems}. The disk may fail; try another folder."
        raise DamagedSampleError(msg)


def _put_in_place(building: Path, place: Path) -> None:
    """Move a finished dataset to its place; what was there is removed last."""
    replaced = place.with_name(f"{_REPLACED}{place.name}")
    if place.exists():
        place.rename(replaced)
    try:
        building.rename(place)
    except OSError:
        if replaced.exists():
            replaced.rename(place)
        raise
    shutil.rmtree(replaced, ignore_errors=True)


@contextmanager
def _locked(folder: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the folder for this build alone; the kernel lets go of it even when the build is killed."""
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        msg = (
            f"The sample archive cannot be written to {folder}: {error}. Expected a folder that this user may "
            "write to. Choose one: set BIOIMAGEHUB_SAMPLES, or give --path."
        )
        raise SamplesNotWritableError(msg) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_leftovers(folder: Path) -> None:
    for leftover in _find_leftovers(folder):
        shutil.rmtree(leftover)


def _find_leftovers(folder: Path) -> list[Path]:
    """Find what a killed build left behind."""
    return [*folder.glob(f"{_BUILDING}*"), *folder.glob(f"{_REPLACED}*")]


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < SPACE:
        msg = (
            f"The sample archive does not fit into {folder}: {free // 2**20} MiB are free, "
            f"{SPACE // 2**20} MiB are needed. Make room, or choose another folder: set BIOIMAGEHUB_SAMPLES."
        )
        raise InsufficientSpaceError(msg)
