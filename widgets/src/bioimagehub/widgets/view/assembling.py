"""Puts together what is shown: images, what lies on them, and what they are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.view.comparing import PREDICTED, TRUE, compare_labels
from bioimagehub.widgets.view.contents import Contents
from bioimagehub.widgets.view.points import open_points
from bioimagehub.widgets.view.sources import open_labels, open_source
from bioimagehub.widgets.view.tracks import open_tracks

if TYPE_CHECKING:
    from bioimagehub.widgets.view.contents import Mark
    from bioimagehub.widgets.view.multiscale import Multiscale


def open_contents(
    source: Any,
    *,
    axes: str | None = None,
    labels: Any = None,
    points: Any = None,
    tracks: Any = None,
    truth: Any = None,
    threshold: float = 0.5,
    patience: float = 20.0,
) -> Contents:
    """Open an image and what lies on it; see `bioimagehub.widgets.view.view`.

    Raises
    ------
    UnviewableError, CatalogError
        If one of them cannot be shown or opened.
    """
    if labels is None and tracks is not None and hasattr(tracks, "load"):
        labels = _stack(tracks)
    notes: list[str] = []
    images = open_source(source, axes=axes)
    found = open_labels(labels, source)
    if truth is not None:
        images, found, notes = _compare(images, found if labels is not None else [], truth, axes, threshold)
    marks: list[Mark] = [
        *(partial(open_points, each, number=n, name=name) for n, (name, each) in enumerate(_named(points, "points"))),
        *(partial(open_tracks, each, number=n, name=name) for n, (name, each) in enumerate(_named(tracks, "tracks"))),
    ]
    return Contents([*images, *found], marks=marks, notes=notes, patience=patience)


def _compare(
    images: list[Multiscale], found: list[Multiscale], truth: Any, axes: str | None, threshold: float
) -> tuple[list[Multiscale], list[Multiscale], list[str]]:
    """Put a prediction on the right side and the truth on the left; of label images, also what differs."""
    expected = open_source(truth, axes=axes, name="truth")[0]
    if not found and "f" in (images[0].dtype.kind, expected.dtype.kind):
        return [replace(expected, name="truth", side="left"), *(replace(one, side="right") for one in images)], [], []
    if not found:
        found, images = [replace(images[0], name="prediction")], []
    expected, predicted = _as_labels(expected, "truth"), _as_labels(found[0], found[0].name)
    differing, told = compare_labels(expected, predicted, threshold)
    shown = [
        replace(expected, channels=(("truth", TRUE),), side="left"),
        replace(predicted, channels=((predicted.name, PREDICTED),), side="right"),
        *differing,
    ]
    return images, shown, [told]


def _as_labels(image: Multiscale, name: str) -> Multiscale:
    return replace(image, name=name, is_labels=True, is_rgb=False, visible=True)


def _named(given: Any, name: str) -> list[tuple[str, Any]]:
    """Give each of several tables a name; one table may be given by itself."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [(str(key), each) for key, each in given.items()]
    is_table = [hasattr(each, "columns") or hasattr(each, "axes") for each in given] if isinstance(given, list) else []
    return [(f"{name} {n}", each) for n, each in enumerate(given)] if any(is_table) else [(name, given)]


def _stack(tracks: Any) -> Any:
    """Give the label images of tracks as one lazy array, with the axes t, z (if there), y, x."""
    import dask.array as da
    import xarray as xr
    from dask.delayed import delayed

    first = tracks.load(0)
    load = delayed(tracks.load, pure=True)
    frames = [
        da.from_delayed(load(number), first.shape, first.dtype)  # type: ignore[no-untyped-call]
        for number in range(tracks.last + 1)
    ]
    return xr.DataArray(da.stack(frames), dims=["t", *"zyx"[-first.ndim :]])  # type: ignore[no-untyped-call]
