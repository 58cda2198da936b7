"""What of a dataset is wanted: some of its files, and a part of its OME-Zarr images."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.patterns import Patterns
from bioimagehub.catalogs.errors import InvalidSelectionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bioimagehub.catalogs.downloads.items import Item

_AXES = ("t", "z", "y", "x")


@dataclass(frozen=True)
class Selection:
    """A selection; what is not named is not limited.

    Attributes
    ----------
    paths : tuple of str
        Patterns of the paths of files, as `Patterns` has them: ``*`` also matches ``/``, a folder stands for all in
        it, ``!`` leaves out. The last one that fits a file decides.
    channels : tuple of (int or str)
        Channels of OME-Zarr images, by position from 0 or by name.
    levels : tuple of int
        Multiscale levels; 0 is the full resolution.
    region : mapping of str to (int, int)
        First pixel and the one behind the last along ``t``, ``z``, ``y`` or ``x``, counted at level 0.
    labels : bool
        Whether label images are taken along.
    inside : str
        Folder that `paths` count from, with a slash at the end, where the dataset is one of several.

    Raises
    ------
    InvalidSelectionError
        If a level, a region or a channel is none.
    """

    paths: tuple[str, ...] = ()
    channels: tuple[int | str, ...] = ()
    levels: tuple[int, ...] = ()
    region: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    labels: bool = True
    inside: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.region) - set(_AXES))
        if unknown:
            msg = f"The region names {', '.join(unknown)}; a region has the axes t, x, y, z. Correct it."
            raise InvalidSelectionError(msg)
        for axis, (start, stop) in self.region.items():
            if not 0 <= start < stop:
                msg = (
                    f"The region has {axis} from {start} to {stop}; expected a first pixel from 0 on, and a larger "
                    "one behind the last. Correct it."
                )
                raise InvalidSelectionError(msg)
        if any(level < 0 for level in self.levels) or len(set(self.levels)) < len(self.levels):
            msg = f"The levels are {self.levels}; expected numbers from 0 on, each once. Correct them."
            raise InvalidSelectionError(msg)
        if len(set(self.channels)) < len(self.channels):
            msg = f"The channels {self.channels} name one twice. Name each once."
            raise InvalidSelectionError(msg)

    @property
    def cuts_images(self) -> bool:
        """Whether images are to be had in part."""
        return bool(self.channels or self.levels or self.region) or not self.labels


def parse_region(texts: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Parse a region as it is typed.

    Parameters
    ----------
    texts : iterable of str
        Such as ``y=0:512``; several may be in one, with commas.

    Raises
    ------
    InvalidSelectionError
        If one cannot be parsed.

    Examples
    --------
    >>> parse_region(["y=0:512,x=100:200", "z=7:8"])
    {'y': (0, 512), 'x': (100, 200), 'z': (7, 8)}
    """
    region = {}
    for text in [part for each in texts for part in each.split(",")]:
        found = re.fullmatch(r"\s*([a-z])\s*=\s*(\d{1,12})\s*:\s*(\d{1,12})\s*", text)
        if found is None or found[1] in region:
            msg = f"{text!r} is no part of a region; expected each axis once, as y=0:512. Correct it."
            raise InvalidSelectionError(msg)
        region[found[1]] = (int(found[2]), int(found[3]))
    return region


def choose_items(items: Iterable[Item], patterns: tuple[str, ...], inside: str = "") -> list[Item]:
    """Take the files whose paths fit a pattern; all, where there is none.

    Patterns may count from the folder that the dataset lies in, `inside`; they may then fit other datasets alone.

    Raises
    ------
    InvalidSelectionError
        If a pattern fits no file.
    """
    listed = list(items)
    if not patterns:
        return listed
    rules = Patterns(patterns)
    useless = [] if inside else rules.useless(item.path for item in listed)
    if useless:
        shown = ", ".join(item.path for item in listed[:5])
        msg = (
            f"No file fits {', '.join(map(repr, useless))}: there are {len(listed)} files, such as {shown}. "
            "Correct the pattern; '*' stands for any characters, slashes among them."
        )
        raise InvalidSelectionError(msg)
    return [item for item in listed if rules.takes(inside + item.path)]
