"""Look at images in a notebook, at any zoom, plane, channel and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bioimagehub.widgets.view.viewer import Viewer

__all__ = ["view"]


def view(source: Any, *, axes: str | None = None, labels: Any = None, height: int = 480, **traits: Any) -> Viewer:
    """Look at an image.

    Parameters
    ----------
    source : object
        A record of the catalog or its identifier, a path or an address, an xarray DataArray or DataTree, a NumPy or
        Dask array, or a list of these, which are then channels.
    axes : str or None
        Names of the axes of an array that has none, such as ``"zyx"``.
    labels : object or None
        Label image that lies on it: an array, a path, or the name of a label image of the record; or several, as a
        list or as a mapping of names to them. None for those of the record, hidden at first.
    height : int
        Of the widget, in pixels.
    **traits
        State to begin with: ``t``, ``z``, ``zoom``, ``mode``, … as `Viewer` has them.
    """
    from bioimagehub.widgets.view.viewer import Viewer

    return Viewer(source, axes=axes, labels=labels, height=height, **traits)
