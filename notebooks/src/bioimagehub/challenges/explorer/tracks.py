"""The mistakes of a tracking: nodes and links that have to be corrected, as AOGM counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.explorer.boxes import find_boxes
from bioimagehub.challenges.explorer.mistakes import Mistake, check_spacing, sort_mistakes
from bioimagehub.challenges.tracks.conventions import Conventions
from bioimagehub.challenges.tracks.frame_matching import match_frame
from bioimagehub.challenges.tracks.graphs import match_graphs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bioimagehub.challenges.explorer.mistakes import Side
    from bioimagehub.challenges.tracks.graphs import Graph, MatchedGraphs
    from bioimagehub.challenges.tracks.sequences import Tracks

Wrong = tuple[str, "Side", int, int]
"""Kind, side, node, and the node at the other end of a link or -1."""


def find_mistakes(
    truth: Tracks,
    prediction: Tracks,
    *,
    conventions: Conventions | None = None,
    spacing: Sequence[float] | None = None,
    name: str = "case",
) -> list[Mistake]:
    """Return every node and link of a prediction that has to be corrected.

    As Matula et al. count them (2015, doi 10.1371/journal.pone.0144959).

    Parameters
    ----------
    truth, prediction : Tracks
        Sequences that the scorer takes; see `bioimagehub.challenges.tracks.measuring.measure`.
    conventions : Conventions, optional
        What makes a link one to a parent.
    spacing : sequence of float, optional
        Size of a pixel along (z,) y, x in µm.
    name : str
        What messages call the sequence.

    Returns
    -------
    list of Mistake
        ``missed`` (FN), ``false`` (FP) and ``merger`` (NS) nodes; ``missing link`` (EA), ``false link`` (ED) and
        ``wrong link`` (EC). A link is told by the node that it leads to, and `partner` is the label that it comes from.

    Raises
    ------
    ExplorerError
        If the spacing does not fit.
    """
    conventions = conventions or Conventions()
    steps = check_spacing(spacing, len(truth.frames.shape) - 1, name)
    frames = range(truth.first, truth.last + 1)
    matches = [match_frame(truth.load(at), prediction.load(at), name=f"frame {at} of {name}") for at in frames]
    within = prediction.lineage.within(truth.first, truth.last)
    graphs = match_graphs(truth.lineage, within, frames, matches)
    wrong = [*_wrong_nodes(graphs), *_wrong_links(graphs, conventions)]
    return sort_mistakes(
        [
            *_place(wrong, "truth", graphs.truth, truth, steps),
            *_place(wrong, "prediction", graphs.prediction, prediction, steps),
        ]
    )


def _wrong_nodes(graphs: MatchedGraphs) -> Iterator[Wrong]:
    for node in np.flatnonzero(graphs.partner < 0).tolist():
        yield "missed", "truth", node, -1
    for node in np.flatnonzero(graphs.n_matches == 0).tolist():
        yield "false", "prediction", node, -1
    for node in np.flatnonzero(graphs.n_matches > 1).tolist():
        yield "merger", "prediction", node, -1


def _wrong_links(graphs: MatchedGraphs, conventions: Conventions) -> Iterator[Wrong]:
    """Yield the links as `bioimagehub.challenges.tracks.operations.count_operations` counts them."""
    truth, prediction, only = graphs.truth, graphs.prediction, graphs.only
    target = np.flatnonzero((prediction.source >= 0) & (only >= 0))
    target = target[only[prediction.source[target]] >= 0]
    found = truth.source[only[target]] == only[prediction.source[target]]
    kinds = [graph.parent_links(conventions.parent_links) for graph in (truth, prediction)]
    for node in target[~found].tolist():
        yield "false link", "prediction", node, int(prediction.source[node])
    differ = kinds[0][only[target]] != kinds[1][target]
    for node in target[found & differ].tolist():
        yield "wrong link", "prediction", node, int(prediction.source[node])
    there = np.zeros(truth.size, bool)
    there[only[target[found]]] = True
    for node in np.flatnonzero((truth.source >= 0) & ~there).tolist():
        yield "missing link", "truth", node, int(truth.source[node])


def _place(
    wrong: Sequence[Wrong], side: Side, graph: Graph, tracks: Tracks, spacing: tuple[float, ...] | None
) -> Iterator[Mistake]:
    """Yield the mistakes of one side with their places; each frame is read once."""
    labels = graph.lineage.label[graph.track]
    frame_of = graph.lineage.begin[graph.track] + np.arange(graph.size) - graph.first[graph.track]
    by_frame: dict[int, list[Wrong]] = {}
    for one in wrong:
        if one[1] == side:
            by_frame.setdefault(int(frame_of[one[2]]), []).append(one)
    for frame, found in by_frame.items():
        image = np.asarray(tracks.load(frame))
        names, sizes = np.unique(image[image != 0], return_counts=True)
        boxes = find_boxes(image, names)
        for kind, _, node, other in found:
            at = int(np.searchsorted(names, labels[node]))
            yield Mistake(
                kind,
                side,
                int(labels[node]),
                tuple(boxes.low[at].tolist()),
                tuple(boxes.high[at].tolist()),
                tuple(boxes.centroid[at].tolist()),
                int(sizes[at]),
                spacing,
                partner=int(labels[other]) if other >= 0 else None,
                frame=frame,
            )
