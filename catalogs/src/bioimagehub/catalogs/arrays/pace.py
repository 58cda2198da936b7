"""How many jobs of a read run at once: what suits the store, and this machine."""

from __future__ import annotations

import os

_AT_ONCE = 0.004
"""Seconds within which a store answers that is as good as near."""


def workers(*, near: bool) -> int:
    """Tell how many jobs run at once."""
    from bioimagehub.catalogs.reader import installed_reader

    return 2 * (os.cpu_count() or 1) if near else installed_reader().settings.connections


def useful() -> int:
    """Tell how many jobs are of use now: few where a store answers at once, as they get in each other's way."""
    from bioimagehub.catalogs.reader import installed_reader

    reader = installed_reader()
    return 3 * (os.cpu_count() or 1) if reader.latency < _AT_ONCE else reader.settings.connections
