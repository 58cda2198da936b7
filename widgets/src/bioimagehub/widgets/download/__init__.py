"""Download what is chosen: plan, choose, fetch in a process of its own, and go on from there."""

from __future__ import annotations

from bioimagehub.widgets.download.making import download

__all__ = ["download"]
