"""Viewers that move together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.widgets.view.viewer import Viewer

LINKED = ("x", "y", "zoom", "t", "z")


def link(a: Viewer, b: Viewer, *, traits: Sequence[str] = LINKED) -> list[traitlets.link]:
    """Link two viewers: what one shows, the other shows as well.

    Parameters
    ----------
    a, b : Viewer
        The second takes the state of the first.
    traits : sequence of str
        What they share.

    Returns
    -------
    list of traitlets.link
        Call ``unlink()`` of each to part them.
    """
    return [traitlets.link((a, name), (b, name)) for name in traits]
