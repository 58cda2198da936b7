"""From what was given to a challenge: a file, a challenge of the notebooks, or one of the hub."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.challenge import Challenge, load_challenge, parse_challenge
from bioimagehub.challenges.challenge_file import FILE_NAME
from bioimagehub.widgets.errors import NoSuchChallengeError
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from bioimagehub.widgets.challenge.portal import Portal

NOTEBOOKS_VARIABLE = "BIOIMAGEHUB_NOTEBOOKS"
_SUFFIXES = {".yaml", ".yml"}


@dataclass(frozen=True)
class Found:
    """A challenge.

    Attributes
    ----------
    name : str
    challenge : Challenge or None
        None where the hub has it and does not give its file.
    hosted : dict or None
        What the hub says of it, where it was asked.
    """

    name: str
    challenge: Challenge | None
    hosted: dict[str, Any] | None = None


def find_challenge(name: Any, portal: Portal | None) -> Found:
    """Find a challenge.

    Parameters
    ----------
    name : Challenge, path or str
        See `bioimagehub.widgets.challenge.challenge`.
    portal : Portal or None
        Where to ask for what is not on this machine.

    Raises
    ------
    NoSuchChallengeError
        If there is none.
    ChallengeFileError, ChallengeNotFoundError
        If the file has problems, or there is none at a path.
    PortalError
        If the portal has to be asked and does not answer.
    """
    if isinstance(name, Challenge):
        return Found(name.name, name)
    if not isinstance(name, str | os.PathLike):
        msg = (
            f"A challenge cannot be found by a {type(name).__name__}. Expected a name, or the path of a challenge "
            'file or its folder. Write, for example, challenge("nuclei-2d").'
        )
        raise NoSuchChallengeError(msg)
    path = Path(name).expanduser()
    if _is_place(name, path):
        loaded = load_challenge(path)
        return Found(loaded.name, loaded)
    text = str(name)
    folders = notebook_challenges()
    if text in folders:
        loaded = load_challenge(folders[text])
        return Found(loaded.name, loaded)
    hosted = None if portal is None else portal.challenge(text)
    if portal is None or hosted is None:
        raise NoSuchChallengeError(_say_unknown(text, sorted(folders), portal))
    definition = portal.definition(text)
    if definition is None:
        return Found(text, None, hosted)
    # What it names beside itself is on the hub: nothing on this machine is taken for it.
    nowhere = Path(os.devnull) / text
    return Found(text, parse_challenge(definition, folder=nowhere, where=f"{text} of the hub"), hosted)


def notebook_challenges() -> dict[str, Path]:
    """List the folders of the challenges that come with the notebooks, by name."""
    chosen = os.environ.get(NOTEBOOKS_VARIABLE)
    tree = Path(__file__).resolve().parents[5]
    places = [
        Path(chosen) if chosen else None,
        tree / "notebooks" if (tree / "pyproject.toml").is_file() else None,
        Path(sys.prefix) / "share" / "bioimagehub" / "notebooks",
    ]
    found: dict[str, Path] = {}
    for place in filter(None, places):
        for file in sorted((place / "challenges").glob(f"*/{FILE_NAME}")):
            found.setdefault(file.parent.name, file.parent)
    return found


def _is_place(name: str | os.PathLike[str], path: Path) -> bool:
    """Tell whether a path is meant, also one where nothing is."""
    if not isinstance(name, str) or path.suffix in _SUFFIXES or path.is_absolute():
        return True
    if any(separator in name for separator in filter(None, (os.sep, os.altsep))) or name in {".", ".."}:
        return True
    return (path / FILE_NAME).is_file()


def _say_unknown(name: str, local: list[str], portal: Portal | None) -> str:
    there = f"The hub has {', '.join(map(clean, portal.names())) or 'none'}. " if portal is not None else ""
    return (
        f"There is no challenge called {clean(name, 100)!r}. The notebooks have {', '.join(local) or 'none'}. {there}"
        f"Take one of these names, or the path of a folder with {FILE_NAME}."
    )
