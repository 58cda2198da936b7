"""Whether label images have the tracks that their table says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bioimagehub.challenges.tracks.frame_matching import match_frame
from bioimagehub.challenges.tracks.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.tracks.lineage import Lineage
    from bioimagehub.challenges.tracks.sequences import Tracks

# A frame with more wrong labels is wrong altogether; not all are kept.
KEPT_LABELS = 1000
LISTED_FRAMES = 10


class Contradiction(NamedTuple):
    """Labels that a frame lacks, and labels that it should not have."""

    missing: list[int]
    stray: list[int]


def find_problems(tracks: Tracks) -> list[str]:
    """Return what is wrong with a sequence, in its table of tracks and in all its frames, a sentence each.

    Parameters
    ----------
    tracks : Tracks
        A truth or a prediction; each frame is read once.

    Raises
    ------
    NotALabelImageError, NegativeLabelError, LabelShapeError
        See `bioimagehub.challenges.labels.check_labels`.

    Examples
    --------
    >>> from bioimagehub.challenges.tracks import Lineage, Tracks, find_problems
    >>> images = np.array([[[1, 2]], [[0, 2]], [[1, 2]]])
    >>> find_problems(Tracks(images, Lineage.from_rows([(1, 0, 2, 0)])))  # doctest: +NORMALIZE_WHITESPACE
    ['track 1 lasts from frame 0 to 2, and its label is not in frame 1',
     'label 2 is in frames 0, 1, 2, and no row of the table has it']
    """

    def work(number: int) -> Contradiction:
        image = tracks.load(number)
        return contradict(tracks.lineage.at(number), match_frame(image, image, name=f"frame {number}").truth)

    numbers = range(tracks.first, tracks.last + 1)
    found = list(in_threads(work, numbers, tracks.frames.shape[1:]))
    return [*tracks.problems(), *tell(tracks.lineage, numbers, found)]


def contradict(expected: NDArray[np.int64], found: NDArray[np.integer[Any]]) -> Contradiction:
    """Compare the labels that a lineage has in a frame with those of its label image."""
    if np.array_equal(expected, found):
        return Contradiction([], [])
    # Signed and unsigned integers together would become floats.
    told, seen = expected[expected > 0].astype(np.uint64), found.astype(np.uint64)
    missing, stray = np.setdiff1d(told, seen), np.setdiff1d(seen, told)
    return Contradiction(missing[:KEPT_LABELS].tolist(), stray[:KEPT_LABELS].tolist())


def tell(lineage: Lineage, numbers: Sequence[int], found: Sequence[Contradiction]) -> list[str]:
    """Return a sentence for each track whose label images contradict its row."""
    missing: dict[int, list[int]] = defaultdict(list)
    stray: dict[int, list[int]] = defaultdict(list)
    for number, one in zip(numbers, found, strict=True):
        for labels, kept in ((one.missing, missing), (one.stray, stray)):
            for label in labels:
                kept[label].append(number)
    spans = {label: (begin, end) for label, begin, end, _ in lineage.rows()}
    told = [
        "track {} lasts from frame {} to {}, and its label is not in {}".format(label, *spans[label], _list(frames))
        for label, frames in sorted(missing.items())
    ]
    for label, frames in sorted(stray.items()):
        span = spans.get(label)
        known = f"its track lasts from frame {span[0]} to {span[1]}" if span else "no row of the table has it"
        told.append(f"label {label} is in {_list(frames)}, and {known}")
    return told


def _list(frames: Sequence[int]) -> str:
    listed = ", ".join(map(str, frames[:LISTED_FRAMES]))
    more = f" and {len(frames) - LISTED_FRAMES:,} more" if len(frames) > LISTED_FRAMES else ""
    return f"frame{'s' if len(frames) > 1 else ''} {listed}{more}"
