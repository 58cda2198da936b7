"""The images of a challenge as a method is given them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.truth import Images

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

    from numpy.typing import NDArray

    from bioimagehub.challenges.challenge import Challenge


def open_images(
    challenge: Challenge, split: str, *, root: str | PathLike[str] | None = None
) -> Callable[[str], tuple[NDArray[Any], Sequence[str], Sequence[float] | None]]:
    """Return what loads the image of a case, for `run_method`.

    Parameters
    ----------
    challenge : Challenge
    split : str
    root : path, optional
        Where the scorer keeps the keys of hidden splits.

    Returns
    -------
    callable
        Given the id of a case, gives pixels, axes, and the spacing along each axis but c in µm and s, or None.
    """
    images = Images(challenge, split, None if root is None else Path(root))

    def load(case: str) -> tuple[NDArray[Any], Sequence[str], Sequence[float] | None]:
        chosen = images.cases[case]
        source = images.open(chosen)
        return source.load(), source.axes, images.spacing(chosen)

    return load
