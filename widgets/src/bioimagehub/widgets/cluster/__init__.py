"""A panel for a cluster: workers, memory, what it costs, and how far a map over images is."""

from __future__ import annotations

from bioimagehub.widgets.cluster.panel import ClusterPanel, cluster

__all__ = ["ClusterPanel", "cluster"]
