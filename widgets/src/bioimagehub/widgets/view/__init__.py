"""Look at images in a notebook, at any zoom, plane, channel and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.view.linking import link

if TYPE_CHECKING:
    from bioimagehub.widgets.view.viewer import Viewer

__all__ = ["compare", "link", "view"]


def view(
    source: Any,
    *,
    axes: str | None = None,
    labels: Any = None,
    points: Any = None,
    tracks: Any = None,
    truth: Any = None,
    height: int = 480,
    **traits: Any,
) -> Viewer:
    """Look at an image.

    Parameters
    ----------
    source : object
        A record of the catalog or its identifier, a path or an address that a driver reads, an xarray DataArray or
        DataTree, an array of NumPy or Dask, also one that is being computed on a cluster, or a list of these, which
        are then channels, or a mapping of their names to them.
    axes : str or None
        Names of the axes of an array that has none, such as ``"zyx"``; None to guess them.
    labels : object or None
        Label image that lies on it: an array, a path, or the name of a label image of the record; or several, as a
        list or as a mapping of names to them. None for those of the record, hidden at first; an empty list for none.
    points : DataFrame, Points, array, or list or mapping of these, or None
        In the units of the image, with the columns ``y``, ``x``, and perhaps ``z`` and ``t`` or ``frame``.
    tracks : DataFrame, Tracks, or list or mapping of these, or None
        With the columns ``track``, ``t`` or ``frame``, ``y``, ``x``, and perhaps ``z``.
    truth : object or None
        What `labels` should be, or what `source` should be where there are no `labels`: both are shown on two sides
        of a line, and of label images also the objects that were missed and those that are false.
    height : int
        Of the widget, in pixels.
    **traits
        State to begin with, such as ``t``, ``z``, ``zoom``, ``mode``; see `bioimagehub.widgets.view.viewer.Viewer`.

    Returns
    -------
    Viewer

    Raises
    ------
    UnknownKeywordError
        If there is no such state. What is wrong with the image is shown in the widget.
    """
    from bioimagehub.widgets.view.viewer import Viewer

    given = {"axes": axes, "labels": labels, "points": points, "tracks": tracks, "truth": truth}
    return Viewer(source, height=height, **given, **traits)


def compare(prediction: Any, truth: Any, *, image: Any = None, threshold: float = 0.5, **traits: Any) -> Viewer:
    """Look at a prediction and at the truth, on two sides of a line that can be moved.

    Parameters
    ----------
    prediction, truth : object
        As `source` of `view`. Whole numbers are labels, and their objects are matched one to one; images of float
        are shown as they are.
    image : object or None
        What the prediction was made of; it lies under both.
    threshold : float
        Intersection over union at which a predicted object stands for a true one, as
        `bioimagehub.challenges.matching.match` takes it.
    **traits
        As of `view`.

    Returns
    -------
    Viewer
    """
    from bioimagehub.widgets.view.viewer import Viewer

    if image is None:
        return Viewer(prediction, truth=truth, threshold=threshold, **traits)
    return Viewer(image, labels=prediction, truth=truth, threshold=threshold, **traits)
