"""How far a download in a process of its own is, in files that any process may read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.downloads.background.order import read_json, write_json
from bioimagehub.catalogs.downloads.names import OWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

STATES = {
    "planning": "it works out which files there are",
    "running": "it fetches",
    "paused": "it waits until it is told to go on",
    "done": "all files are there",
    "failed": "it ended, and some files are missing",
    "cancelled": "it was told to end",
    "interrupted": "its process ended before it was done: the machine was stopped, or something killed it",
}
"""What a download may be at."""

ACTIVE = frozenset(("planning", "running", "paused"))
"""States in which there is a process."""

_STATE, _FAILURES, _WISH = "state.json", "failures.jsonl", "wish"


@dataclass(frozen=True, kw_only=True)
class RunState:
    """A moment of a download.

    Attributes
    ----------
    state : str
        One of `STATES`.
    files, files_total : int
        Files that are dealt with, and all of them.
    size : int
        Bytes that are there.
    size_total : int or None
        Bytes of all files; None where some are not known.
    moved : int
        Bytes that came over the network.
    rate : float
        Bytes a second, over the last seconds.
    seconds : float
        Since it began to fetch.
    seconds_left : float or None
    failed : int
        Files that could not be had.
    under_way : tuple of (str, int, int or None)
        Files under way: path, bytes that are there, bytes of the file.
    counts : mapping of str to int
        Number of files by what came of them; see `bioimagehub.catalogs.downloads.report.STATUSES`.
    notes : tuple of str
        What concerns no single file.
    problem : str or None
        Why it could not be done at all, or not be ended.
    """

    state: str
    files: int = 0
    files_total: int = 0
    size: int = 0
    size_total: int | None = None
    moved: int = 0
    rate: float = 0.0
    seconds: float = 0.0
    seconds_left: float | None = None
    failed: int = 0
    under_way: tuple[tuple[str, int, int | None], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether there is a process."""
        return self.state in ACTIVE


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A file that could not be had.

    Attributes
    ----------
    folder : str
        Folder of its dataset, as `Part.folder`.
    path : str
        Its path in the dataset.
    reason : str
    """

    folder: str
    path: str
    reason: str


def write_state(folder: Path, state: RunState) -> None:
    """Tell how far a download is."""
    write_json(folder / OWN / _STATE, asdict(state))


def read_state(folder: Path) -> RunState | None:
    """Read how far a download is; None where there was none."""
    found = read_json(folder / OWN / _STATE)
    if found is None or found.get("state") not in STATES:
        return None
    known = {each.name for each in fields(RunState)}
    kept: dict[str, Any] = {name: value for name, value in found.items() if name in known}
    kept["under_way"] = tuple(tuple(each) for each in kept.get("under_way", ()))
    kept["notes"] = tuple(kept.get("notes", ()))
    return RunState(**kept)


def clear_failures(folder: Path) -> None:
    """Forget what failed."""
    (folder / OWN / _FAILURES).unlink(missing_ok=True)


def note_failure(folder: Path, failure: Failure) -> None:
    """Tell what failed."""
    with (folder / OWN / _FAILURES).open("a", encoding="utf-8") as opened:
        opened.write(json.dumps(asdict(failure)) + "\n")


def read_failures(folder: Path) -> Iterable[Failure]:
    """Read what failed in the last run; a line that is being written is left out."""
    try:
        lines = (folder / OWN / _FAILURES).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield Failure(**json.loads(line))
        except (ValueError, TypeError):
            continue


def write_wish(folder: Path, state: str) -> None:
    """Wish that a download is ``running``, ``paused`` or ``cancelled``."""
    file = folder / OWN / _WISH
    fresh = file.with_name(f"{_WISH}.new")
    fresh.write_text(state, encoding="ascii")
    fresh.replace(file)


def read_wish(folder: Path) -> str:
    """Read what was wished last."""
    try:
        return (folder / OWN / _WISH).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return "running"
