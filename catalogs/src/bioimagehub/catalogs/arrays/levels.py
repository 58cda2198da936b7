"""Which multiscale level to open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import UnknownLevelError

if TYPE_CHECKING:
    from collections.abc import Sequence


def choose_level(level: int | str, planes: Sequence[tuple[int, int]], pixels: int, name: str) -> int:
    """Give the number of the level to open.

    Parameters
    ----------
    level : int or "auto"
        Its number; with ``"auto"`` the coarsest level with at least `pixels` pixels a plane, or 0 where none has.
    planes : sequence of (int, int)
        Sizes along y and x of each level, the finest first.
    pixels : int
        Pixels of a plane that are wanted, such as those of the window that will show it.
    name : str
        What the image is called in an error.

    Raises
    ------
    UnknownLevelError
        If there is no such level.

    Examples
    --------
    >>> choose_level("auto", [(4000, 4000), (2000, 2000), (1000, 1000), (500, 500)], 1_000_000, "image")
    2
    """
    if level == "auto":
        enough = [number for number, (y, x) in enumerate(planes) if y * x >= pixels]
        return max(enough, default=0)
    if isinstance(level, int) and not isinstance(level, bool) and 0 <= level < len(planes):
        return level
    levels = "the level 0 only" if len(planes) == 1 else f"the levels 0 to {len(planes) - 1}"
    msg = f"Level {level!r} of {name} does not exist: it has {levels}. Choose one of these, or 'auto'."
    raise UnknownLevelError(msg)
