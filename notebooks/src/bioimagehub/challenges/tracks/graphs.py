"""A tracked sequence as a graph: a node for each object in each frame, an edge from each to what it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.tracks.conventions import ParentLinks
    from bioimagehub.challenges.tracks.frame_matching import FrameMatch
    from bioimagehub.challenges.tracks.lineage import Lineage


@dataclass(frozen=True, eq=False)
class Graph:
    """The nodes of a lineage, numbered track by track, and within a track frame by frame.

    A node has one incoming edge at most, so the edges are told by the nodes that they lead to.

    Attributes
    ----------
    lineage : Lineage
        One that has no problems.
    """

    lineage: Lineage

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Frames of each track, int64, shape (tracks,)."""
        return self.lineage.end - self.lineage.begin + 1

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """The first node of each track, int64, shape (tracks,)."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def size(self) -> int:
        """Number of nodes."""
        return int(self.lengths.sum())

    @cached_property
    def track(self) -> NDArray[np.int64]:
        """The row of the track of each node, int64, shape (nodes,)."""
        return np.repeat(np.arange(len(self.lineage)), self.lengths)

    @cached_property
    def source(self) -> NDArray[np.int64]:
        """The node that the incoming edge of each node comes from, −1 where there is none; int64, shape (nodes,)."""
        source = np.arange(-1, self.size - 1)
        parent = self.lineage.parent_row
        source[self.first] = np.where(parent < 0, -1, (self.first + self.lengths - 1)[parent] if len(parent) else -1)
        return source

    def parent_links(self, rule: ParentLinks) -> NDArray[np.bool_]:
        """Return whether the incoming edge of each node is a parent link, bool, shape (nodes,)."""
        is_parent_link = np.zeros(self.size, bool)
        child = self.lineage.parent_row >= 0
        if rule == "divisions":
            child &= self.lineage.divides[self.lineage.parent_row]
        is_parent_link[self.first[child]] = True
        return is_parent_link

    def nodes(self, labels: NDArray[np.int64], frame: int) -> NDArray[np.int64]:
        """Return the nodes of labels that are there in a frame."""
        rows = self.lineage.row(labels)
        return self.first[rows] + frame - self.lineage.begin[rows]

    def node(self, row: int, frame: int) -> int:
        """Return the node of a track in a frame, −1 if the track is not there."""
        begin, end = int(self.lineage.begin[row]), int(self.lineage.end[row])
        return int(self.first[row]) + frame - begin if begin <= frame <= end else -1


@dataclass(frozen=True, eq=False)
class MatchedGraphs:
    """The graphs of a truth and of a prediction, and which nodes match.

    Attributes
    ----------
    truth, prediction : Graph
        The two graphs.
    partner : ndarray of int64, shape (nodes of the truth,)
        The node of the prediction that each true node matches, −1 if none does.
    """

    truth: Graph
    prediction: Graph
    partner: NDArray[np.int64]

    @cached_property
    def n_matches(self) -> NDArray[np.int64]:
        """How many true nodes each node of the prediction matches, int64."""
        return np.bincount(self.partner[self.partner >= 0], minlength=self.prediction.size)

    @cached_property
    def only(self) -> NDArray[np.int64]:
        """The true node of each node of the prediction that matches exactly one, −1 for the others; int64."""
        only = np.full(self.prediction.size, -1, np.int64)
        matched = np.flatnonzero(self.partner >= 0)
        only[self.partner[matched]] = matched
        only[self.n_matches > 1] = -1
        return only

    @cached_property
    def assigned(self) -> NDArray[np.int64]:
        """The row of the predicted track that each true node has to itself, −1 where there is none; int64."""
        assigned = np.full(self.truth.size, -1, np.int64)
        alone = np.flatnonzero(self.only >= 0)
        assigned[self.only[alone]] = self.prediction.track[alone]
        return assigned


def match_graphs(
    truth: Lineage, prediction: Lineage, frames: Iterable[int], matches: Sequence[FrameMatch]
) -> MatchedGraphs:
    """Join the matches of all frames.

    Parameters
    ----------
    truth, prediction : Lineage
        Without problems, and with the labels that the frames have.
    frames : iterable of int
        Numbers of the frames.
    matches : sequence of FrameMatch
        Of these frames.
    """
    graphs = Graph(truth), Graph(prediction)
    partner = np.full(graphs[0].size, -1, np.int64)
    for frame, match in zip(frames, matches, strict=True):
        nodes = graphs[0].nodes(match.truth_label.astype(np.int64), frame)
        partner[nodes] = graphs[1].nodes(match.prediction_label.astype(np.int64), frame)
    return MatchedGraphs(*graphs, partner)
