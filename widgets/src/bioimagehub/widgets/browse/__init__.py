"""Browse the archives: search as one types, narrow by facets, look at what is known, and go on from there."""

from __future__ import annotations

from bioimagehub.widgets.browse.widget import Browse, browse

__all__ = ["Browse", "browse"]
