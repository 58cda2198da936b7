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
    from bioimagehub.challenges.tracks.graphs import MatchedGraphs


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
    # Numba takes half a second to import.
    from bioimagehub.challenges.tracks.families import find_families, shared_matches

    matched = np.flatnonzero(graphs.partner >= 0)
    if not len(matched):
        return 0.0
    true, predicted = find_families(graphs.truth.lineage), find_families(graphs.prediction.lineage)
    true_chain = true.chain[graphs.truth.track]
    predicted_chain = predicted.chain[graphs.prediction.track]
    pairs = np.stack([true_chain[matched], predicted_chain[graphs.partner[matched]]])
    (i, j), matches = np.unique(pairs, axis=1, return_counts=True)
    true_nodes = np.bincount(true_chain, minlength=len(true.first))
    # A predicted node that matches several true ones counts as often.
    predicted_nodes = np.zeros(len(predicted.first), np.int64)
    np.add.at(predicted_nodes, predicted_chain, np.maximum(graphs.n_matches, 1))
    tpa = shared_matches(true, predicted, i, j, matches)
    union = true.totals(true_nodes)[i] + predicted.totals(predicted_nodes)[j] - tpa
    return float((matches * (tpa / union)).sum())
