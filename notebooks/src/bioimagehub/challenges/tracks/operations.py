"""How many corrections turn the graph of a prediction into that of the truth.

References
----------
Matula et al., "Cell tracking accuracy measurement based on comparison of acyclic oriented graphs", PLOS ONE 10 (2015),
https://doi.org/10.1371/journal.pone.0144959
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bioimagehub.challenges.tracks.conventions import ParentLinks
    from bioimagehub.challenges.tracks.graphs import MatchedGraphs


def count_operations(graphs: MatchedGraphs, rule: ParentLinks) -> dict[str, int]:
    """Count the six operations, and the nodes and edges of the truth.

    Parameters
    ----------
    graphs : MatchedGraphs
        The two graphs.
    rule : {"table", "divisions"}
        What makes an edge a parent link; see `bioimagehub.challenges.tracks.Conventions`.

    Returns
    -------
    dict
        ``ns``: splits; a predicted node that matches k true ones has to be split k − 1 times. ``fn``: true nodes to be
        added. ``fp``: predicted nodes to be deleted. ``ed``: edges to be deleted, between predicted nodes that match
        one true node each. ``ea``: edges to be added. ``ec``: edges of the wrong kind, parent link or not.
        ``nodes``, ``predicted_nodes``, ``edges``: of the truth, the prediction, the truth.
    """
    truth, prediction, only = graphs.truth, graphs.prediction, graphs.only
    matched = graphs.n_matches
    # An edge is told by the node that it leads to, as no node has two incoming edges.
    target = np.flatnonzero((prediction.source >= 0) & (only >= 0))
    target = target[only[prediction.source[target]] >= 0]
    true_target = only[target]
    found = truth.source[true_target] == only[prediction.source[target]]
    kinds = truth.parent_links(rule)[true_target] != prediction.parent_links(rule)[target]
    edges = int((truth.source >= 0).sum())
    return {
        "nodes": truth.size,
        "predicted_nodes": prediction.size,
        "edges": edges,
        "ns": int((matched[matched > 1] - 1).sum()),
        "fn": int((graphs.partner < 0).sum()),
        "fp": int((matched == 0).sum()),
        "ed": int((~found).sum()),
        "ea": edges - int(found.sum()),
        "ec": int((found & kinds).sum()),
    }
