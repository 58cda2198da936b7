"""The mistakes of a detection of spots or particles: points that are missed or made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.errors import ExplorerError
from bioimagehub.challenges.explorer.mistakes import Mistake, check_spacing, sort_mistakes
from bioimagehub.challenges.point_matching import match_points
from bioimagehub.challenges.points import SPATIAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.explorer.mistakes import Side
    from bioimagehub.challenges.point_matching import SpotConventions
    from bioimagehub.challenges.points import Points


def find_mistakes(
    truth: Points,
    prediction: Points,
    *,
    conventions: SpotConventions | None = None,
    spacing: Sequence[float] | None = None,
    name: str = "case",
) -> list[Mistake]:
    """Return every point of truth and prediction without a partner, from the matching that scores.

    Parameters
    ----------
    truth, prediction : Points
        In µm, of the same axes: (z,) y, x.
    conventions : SpotConventions, optional
        The cut-off, and the rule of the matching.
    spacing : sequence of float
        Size of a pixel along (z,) y, x in µm: without it, points have no place in an image.
    name : str
        What messages call the case.

    Returns
    -------
    list of Mistake
        ``missed`` and ``false`` points; `Mistake.label` is the position in the list of points.

    Raises
    ------
    ExplorerError
        If there is no spacing, or the points have a time or a channel.
    PointsError
        See `bioimagehub.challenges.point_matching.match_points`.

    Examples
    --------
    >>> from bioimagehub.challenges.points import Points
    >>> from bioimagehub.challenges.point_matching import SpotConventions
    >>> found = find_mistakes(
    ...     Points([[1, 1], [5, 5]]), Points([[1, 1.1]]), conventions=SpotConventions(cutoff=1), spacing=(0.5, 0.5)
    ... )
    >>> [(one.kind, one.label, one.centroid) for one in found]
    [('missed', 1, (10.0, 10.0))]
    """
    matching = match_points(truth, prediction, conventions, name=name)
    if any(axis not in SPATIAL for axis in truth.axes):
        msg = (
            f"The points of {name} have the axes {', '.join(truth.axes)}. Expected z, y and x alone, or y and x. Take "
            "the points of one timepoint and channel at a time."
        )
        raise ExplorerError(msg)
    if spacing is None:
        msg = f"The spacing of {name} is not given. Expected the size of a pixel in µm, to find points in the image."
        raise ExplorerError(msg)
    steps = check_spacing(spacing, len(truth.axes), name) or ()
    missed = np.setdiff1d(np.arange(len(truth)), matching.truth_index)
    false = np.setdiff1d(np.arange(len(prediction)), matching.prediction_index)
    return sort_mistakes(
        [
            *_list_side("missed", "truth", truth, missed, steps),
            *_list_side("false", "prediction", prediction, false, steps),
        ]
    )


def _list_side(
    kind: str, side: Side, points: Points, chosen: NDArray[np.int64], spacing: tuple[float, ...]
) -> Iterator[Mistake]:
    pixels = points.spatial / np.array(spacing)
    for at in chosen.tolist():
        place = np.floor(pixels[at] + 0.5).astype(np.int64)
        low, high = tuple(place.tolist()), tuple((place + 1).tolist())
        yield Mistake(kind, side, at, low, high, tuple(pixels[at].tolist()), spacing=spacing)
