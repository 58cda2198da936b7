"""How well predicted families of tracks keep to true ones: the association of CHOTA.

References
----------
Kaiser et al., "CHOTA: A higher order accuracy metric for cell tracking", ECCV workshops 2024,
https://doi.org/10.48550/arXiv.2408.11571
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from bioimagehub.challenges.tracks.graphs import MatchedGraphs
    from bioimagehub.challenges.tracks.lineage import Lineage

# Rows of a product of sparse matrices that are made at once: in large families it is nearly dense.
BLOCK = 512


def associate(graphs: MatchedGraphs) -> float:
    """Return the sum over all matches of how well the families of both tracks agree.

    A family of a track is the track with all its ancestors and descendants; a track and its only child are
    one. For a match of true track i and predicted track j, TPA are the matches between the two families, FNA the
    other nodes of the true, FPA those of the predicted one, and its share is TPA / (TPA + FNA + FPA).

    Returns
    -------
    float
        Between 0 and the number of matches.
    """
    from scipy.sparse import coo_array

    matched = np.flatnonzero(graphs.partner >= 0)
    if not len(matched):
        return 0.0
    true_chain, predicted_chain = chains(graphs.truth.lineage), chains(graphs.prediction.lineage)
    i = true_chain[graphs.truth.track[matched]]
    j = predicted_chain[graphs.prediction.track[graphs.partner[matched]]]
    shape = (len(true_chain), len(predicted_chain))
    together = coo_array((np.ones(len(matched), np.int64), (i, j)), shape=shape).tocsr()
    # Nodes of each chain; a predicted node that matches several true ones counts as often.
    true_nodes = np.bincount(true_chain[graphs.truth.track], minlength=shape[0])
    weights = np.maximum(graphs.n_matches, 1)
    predicted_nodes = np.bincount(predicted_chain[graphs.prediction.track], weights, minlength=shape[1])
    true_families = families(graphs.truth.lineage, true_chain)
    predicted_families = families(graphs.prediction.lineage, predicted_chain)
    total = 0.0
    for start in range(0, shape[0], BLOCK):
        rows = slice(start, start + BLOCK)
        pairs = together[rows].tocoo()
        row, column = pairs.coords
        shared = true_families[rows] @ together @ predicted_families.T
        tpa = np.asarray(shared[row, column]).reshape(-1)
        union = (true_families[rows] @ true_nodes)[row] + (predicted_families @ predicted_nodes)[column] - tpa
        total += float((pairs.data * (tpa / union)).sum())
    return total


def chains(lineage: Lineage) -> NDArray[np.int64]:
    """Return the row of the first track of the chain of only children that each track is in, int64."""
    parent = lineage.parent_row
    chain = np.arange(len(lineage))
    for row in np.argsort(lineage.begin, kind="stable"):  # parents come before their children
        if parent[row] >= 0 and lineage.n_children[parent[row]] == 1:
            chain[row] = chain[parent[row]]
    return chain


def families(lineage: Lineage, chain: NDArray[np.int64]) -> Any:
    """Return which chains are of one family, as a sparse matrix of 0 and 1, shape (tracks, tracks)."""
    from scipy.sparse import coo_array

    parent = lineage.parent_row
    heads = np.flatnonzero(chain == np.arange(len(chain)))
    above = np.full(len(chain), -1, np.int64)
    above[heads] = np.where(parent[heads] < 0, -1, chain[parent[heads]])
    levels = [np.stack([heads, heads])]
    while (further := above[levels[-1][1]] >= 0).any():
        young, old = levels[-1][:, further]
        levels.append(np.stack([young, above[old]]))
    lines = np.concatenate(levels, axis=1)
    both = np.concatenate([lines, lines[::-1, lines[0] != lines[1]]], axis=1)
    return coo_array((np.ones(both.shape[1], np.int64), (both[0], both[1])), shape=(len(chain), len(chain))).tocsr()
