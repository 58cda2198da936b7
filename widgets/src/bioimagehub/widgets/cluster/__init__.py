"""A panel for a cluster: workers, memory, what it costs, and how far a map over images is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bioimagehub.reanalysis import Cluster
    from bioimagehub.widgets.cluster.panel import ClusterPanel

__all__ = ["cluster"]


def cluster(of: Cluster | None = None, **state: Any) -> ClusterPanel:
    """Watch and steer a cluster in a notebook: workers, memory, limits, cost, and how far maps over images are.

    Parameters
    ----------
    of : bioimagehub.reanalysis.Cluster or None
        The cluster; None for one that the panel starts.
    **state
        Traits of `ClusterPanel`: ``wanted``, the number of workers.

    Raises
    ------
    UnknownKeywordError
        If a keyword is not one of the traits.

    Examples
    --------
    >>> panel = cluster(wanted=1)
    >>> panel.state
    'none'
    >>> panel.close()
    """
    from bioimagehub.widgets.cluster.panel import ClusterPanel

    return ClusterPanel(of, **state)
