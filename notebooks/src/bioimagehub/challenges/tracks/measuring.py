"""The counts of a tracked sequence, read frame by frame."""

from __future__ import annotations

from collections import defaultdict
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bioimagehub.challenges.errors import LabelShapeError, NotALabelImageError
from bioimagehub.challenges.tracks.association import associate
from bioimagehub.challenges.tracks.biology import count_complete, cycle_lengths, match_divisions, track_fractions
from bioimagehub.challenges.tracks.consistency import Contradiction, contradict, tell
from bioimagehub.challenges.tracks.counts import TrackCounts
from bioimagehub.challenges.tracks.frame_matching import FrameMatch, match_frame
from bioimagehub.challenges.tracks.graphs import match_graphs
from bioimagehub.challenges.tracks.lineage import raise_problems
from bioimagehub.challenges.tracks.operations import count_operations
from bioimagehub.challenges.tracks.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.challenges.tracks.conventions import Conventions
    from bioimagehub.challenges.tracks.lineage import Lineage
    from bioimagehub.challenges.tracks.sequences import Segmentation, Tracks


# Axes of a sequence of images, and of volumes.
NDIM = (3, 4)


class _Frame(NamedTuple):
    match: FrameMatch
    ious: list[float]
    segmented: int
    contradictions: tuple[Contradiction, Contradiction]


def measure(
    truth: Tracks,
    prediction: Tracks,
    *,
    conventions: Conventions,
    spacing: Sequence[float] | None = None,  # noqa: ARG001  all families have it
    name: str = "case",
) -> TrackCounts:
    """Return the counts of a predicted sequence.

    Each frame is read once, several at a time in threads; a few frames are in memory.

    Parameters
    ----------
    truth, prediction : Tracks
        The prediction has all frames of the truth. What it has before and after them is not looked at, and its tracks
        are cut there. A prediction without any track scores 0.
    conventions : Conventions
        The choices that definitions leave.
    spacing : sequence of float, optional
        Size of a pixel in micrometres, an axis each. Overlaps do not depend on it.
    name : str
        What messages call the sequence.

    Raises
    ------
    LineageError
        If the table of tracks of either contradicts itself, or the label images. Its message tells the first
        problems, its attribute `problems` all.
    LabelShapeError
        If the prediction lacks frames, or the shapes of the frames differ.
    NotALabelImageError, NegativeLabelError
        See `bioimagehub.challenges.labels.check_labels`.

    Examples
    --------
    A cell divides; the prediction has one of the daughters.

    >>> import numpy as np
    >>> from bioimagehub.challenges.tracks import Conventions, Lineage, Tracks, measure
    >>> divided = Lineage.from_rows([(1, 0, 0, 0), (2, 1, 1, 1), (3, 1, 1, 1)])
    >>> true = Tracks(np.array([[[1, 1, 1]], [[2, 0, 3]]]), divided)
    >>> found = Tracks(np.array([[[1, 1, 1]], [[1, 0, 0]]]), Lineage.from_rows([(1, 0, 1, 0)]))
    >>> counts = measure(true, found, conventions=Conventions())
    >>> counts.fn, counts.ea, counts.ec
    (1, 1, 1)
    """
    raise_problems(truth.problems(), f"The table of tracks of the ground truth of {name}")
    raise_problems(prediction.problems(), f"The table of tracks of the prediction of {name}")
    _check_frames(truth, prediction, name)
    lineages = (truth.lineage, prediction.lineage.within(truth.first, truth.last))
    segmentations = _by_frame(truth)

    def work(number: int) -> _Frame:
        return _measure_frame(truth, prediction, lineages, segmentations.get(number, ()), number, name)

    numbers = range(truth.first, truth.last + 1)
    frames = list(in_threads(work, numbers, truth.frames.shape[1:]))
    for side, lineage, what in zip((0, 1), lineages, ("ground truth", "prediction"), strict=True):
        contradictions = [frame.contradictions[side] for frame in frames]
        raise_problems(tell(lineage, numbers, contradictions), f"The {what} of {name}")
    graphs = match_graphs(*lineages, numbers, [frame.match for frame in frames])
    fractions = track_fractions(graphs, conventions.fractions)
    return TrackCounts(
        **count_operations(graphs, conventions.parent_links),
        segmented=sum(frame.segmented for frame in frames),
        iou_sum=fsum(iou for frame in frames for iou in frame.ious),
        tracks=len(lineages[0]),
        predicted_tracks=len(lineages[1]),
        complete=count_complete(graphs),
        detected=len(fractions),
        fraction_sum=fsum(fractions),
        divisions=int(lineages[0].divides.sum()),
        predicted_divisions=int(lineages[1].divides.sum()),
        matched_divisions=len(match_divisions(graphs, conventions.tolerance)),
        cycles=cycle_lengths(lineages[0]),
        predicted_cycles=cycle_lengths(lineages[1]),
        association=associate(graphs),
    )


def _measure_frame(
    truth: Tracks,
    prediction: Tracks,
    lineages: tuple[Lineage, Lineage],
    segmentations: Sequence[Segmentation],
    number: int,
    name: str,
) -> _Frame:
    called = f"frame {number} of {name}"
    predicted = prediction.load(number)
    marked = truth.load(number)
    match = match_frame(marked, predicted, name=called)
    parts = [match] if truth.segmentation is None else []
    for each in segmentations:
        outlined, shown = each.load(), each.select(predicted)
        # Where markers are outlines, as in generated truth, they have been compared.
        is_same = not each.slices and np.array_equal(outlined, marked)
        parts.append(match if is_same else match_frame(outlined, shown, name=called))
    labels = (match.truth, match.prediction)
    pairs = [contradict(lineage.at(number), found) for lineage, found in zip(lineages, labels, strict=True)]
    ious = [iou for part in parts for iou in part.iou.tolist()]
    return _Frame(match, ious, sum(len(part.truth) for part in parts), (pairs[0], pairs[1]))


def _by_frame(truth: Tracks) -> dict[int, list[Segmentation]]:
    found: dict[int, list[Segmentation]] = defaultdict(list)
    for each in truth.segmentation or ():
        found[each.frame].append(each)
    return found


def _check_frames(truth: Tracks, prediction: Tracks, name: str) -> None:
    """Compare what is known of the frames without reading them."""
    if prediction.first > truth.first or prediction.last < truth.last:
        msg = (
            f"The prediction of {name} has the frames {prediction.first} to {prediction.last}. Expected all of "
            f"{truth.first} to {truth.last}, those of the ground truth. Add those that are missing; a frame "
            "without objects is an image of zeros."
        )
        raise LabelShapeError(msg)
    if prediction.frames.shape[1:] != truth.frames.shape[1:]:
        msg = (
            f"The frames of the prediction of {name} have the shape {prediction.frames.shape[1:]}. Expected "
            f"{truth.frames.shape[1:]}, the shape of the ground truth. Give each frame as a whole, at its resolution."
        )
        raise LabelShapeError(msg)
    if len(truth.frames.shape) not in NDIM:
        msg = (
            f"The label images of the ground truth of {name} have the shape {truth.frames.shape}. Expected the axes "
            "t y x or t z y x. Give a frame for each timepoint, without channels."
        )
        raise LabelShapeError(msg)
    for tracks, what in ((truth, "ground truth"), (prediction, "prediction")):
        if tracks.frames.dtype.kind not in "iu":
            msg = (
                f"The frames of the {what} of {name} are of type {tracks.frames.dtype}. Expected integers, 0 for "
                "background and a number for each track. Save label images."
            )
            raise NotALabelImageError(msg)
