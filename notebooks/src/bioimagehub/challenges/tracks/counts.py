"""What the metrics of tracks are computed from: the counts of one sequence, or of several."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import zip_longest
from math import fsum, nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class TrackCounts:
    """The counts of a sequence; those of several sequences add up.

    Attributes
    ----------
    nodes, predicted_nodes : int
        Objects of all frames together.
    edges : int
        Links of the truth from a frame to the next, and from parents to children.
    ns, fn, fp, ed, ea, ec : int
        The operations that correct a prediction: nodes to be split, added, deleted; edges to be deleted, added,
        changed in kind. See `bioimagehub.challenges.tracks.operations.count_operations`.
    segmented : int
        True objects in the frames that are segmented.
    iou_sum : float
        Sum of the intersections over union of those that are matched.
    tracks, predicted_tracks, complete : int
        Tracks, and true ones that are found as a whole.
    detected : int
        True tracks of which some part is found.
    fraction_sum : float
        Sum of the fractions of them that the longest run of one predicted track has.
    divisions, predicted_divisions, matched_divisions : int
        Tracks with two children or more, and those that match.
    cycles, predicted_cycles : tuple of int
        Tracks between two divisions: how many last 0 frames, 1 frame, and so on, from the first frame to the last.
    association : float
        Sum over all matched nodes of how well their families agree; see
        `bioimagehub.challenges.tracks.association.associate`.
    """

    nodes: int = 0
    predicted_nodes: int = 0
    edges: int = 0
    ns: int = 0
    fn: int = 0
    fp: int = 0
    ed: int = 0
    ea: int = 0
    ec: int = 0
    segmented: int = 0
    iou_sum: float = 0.0
    tracks: int = 0
    predicted_tracks: int = 0
    complete: int = 0
    detected: int = 0
    fraction_sum: float = 0.0
    divisions: int = 0
    predicted_divisions: int = 0
    matched_divisions: int = 0
    cycles: tuple[int, ...] = ()
    predicted_cycles: tuple[int, ...] = ()
    association: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"cycles": list(self.cycles), "predicted_cycles": list(self.predicted_cycles)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrackCounts:
        """Return the counts that `as_dict` wrote, exactly."""
        tuples = {name: tuple(values[name]) for name in ("cycles", "predicted_cycles")}
        return cls(**(values | tuples))


def pool(counts: Sequence[TrackCounts]) -> TrackCounts:
    """Add up the counts of sequences, as if they were one sequence of cells that never meet."""
    pooled: dict[str, Any] = {}
    for field in fields(TrackCounts):
        values = [getattr(one, field.name) for one in counts]
        if isinstance(field.default, tuple):
            pooled[field.name] = tuple(sum(column) for column in zip_longest(*values, fillvalue=0))
        else:
            pooled[field.name] = fsum(values) if isinstance(field.default, float) else sum(values)
    return TrackCounts(**pooled)


def one_minus(cost: float, cost_of_nothing: float) -> float:
    """Return 1 − cost / cost of nothing, but not below 0.

    The cost of nothing is that of making the truth from an empty prediction. If it is 0, there is nothing to find: the
    result is NaN for a prediction without cost, and 0 for others.
    """
    if cost_of_nothing == 0:
        return nan if cost == 0 else 0.0
    return 1 - min(cost, cost_of_nothing) / cost_of_nothing
