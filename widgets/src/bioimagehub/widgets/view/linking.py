"""Viewers that move together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bioimagehub.widgets.view.viewer import Viewer

LINKED = ("x", "y", "zoom", "t", "z")


def link(a: Viewer, b: Viewer, *, traits: Sequence[str] = LINKED) -> list[traitlets.link]:
    """Link two viewers: what one shows, the other shows as well.

    ``x`` and ``y`` are shared as they are, in the units of the images. ``zoom`` is shared so that both show the same
    extent: where their samples lie closer together or farther apart, in the same unit, its numbers differ. ``t`` and
    ``z`` are shared as numbers of samples, whatever the samples stand for; an image that has fewer stays at its last.

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
    return [
        traitlets.link((a, name), (b, name), transform=(_adapt(a, b), _adapt(b, a)) if name == "zoom" else None)
        for name in traits
    ]


def _adapt(a: Viewer, b: Viewer) -> Callable[[float], float]:
    """Give what makes of a zoom of one viewer that of the other; their images may be opened later."""

    def adapt(zoom: float) -> float:
        if not (a.scene and b.scene) or a.scene["units"]["x"] != b.scene["units"]["x"]:
            return zoom
        return float(zoom * (b.scene["spacing"]["x"] / a.scene["spacing"]["x"]))

    return adapt
