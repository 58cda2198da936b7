"""Tracks on a film: where objects went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import UnviewableError
from bioimagehub.widgets.view.tables import read_columns, to_samples
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.widgets.view.scenes import Space

LARGEST_ANSWER = 900_000
"""Bytes of tracks in one message."""

LONGEST = 4096
"""Places of one track in one message."""

_PLACE, _TRACK = 16, 12
"""Bytes of a place, and of a track beside its places: its number, and its offset as JSON."""


@dataclass(frozen=True, eq=False)
class TrackLayer:
    """A layer of tracks.

    Attributes
    ----------
    id, name : str
    numbers : ndarray of int64, shape (places,)
        Track of each place, ascending.
    places : ndarray of float32, shape (places, 4)
        Along t, z, y, x, in samples; ascending in time within a track.
    """

    id: str
    name: str
    numbers: NDArray[np.int64]
    places: NDArray[np.float32]

    kind = "tracks"

    def find(self, t: int, tail: int) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.uint32]]:
        """Find where the tracks that are there at a time have been.

        Where they are too many for a message, some of the tracks are given, evenly out of all, and the same ones at
        all times. Of a track with too many places, some are given, its ends among them.

        Parameters
        ----------
        t : int
        tail : int
            Timepoints before it.

        Returns
        -------
        offsets : ndarray of int64, shape (tracks + 1,)
            Where each track begins.
        places : ndarray of float32, shape (rows, 4)
            t, z, y, x.
        numbers : ndarray of uint32, shape (tracks,)
        """
        rows = self._find_rows(t, tail)
        numbers, begins, lengths = np.unique(self.numbers[rows], return_index=True, return_counts=True)
        given = np.minimum(lengths, LONGEST)
        kept = _thin(numbers, given * _PLACE + _TRACK)
        if len(kept) < len(numbers) or lengths.max(initial=0) > LONGEST:
            parts = [begins[n] + np.linspace(0, lengths[n] - 1, given[n]).astype(np.intp) for n in kept]
            rows, numbers, lengths = rows[np.concatenate(parts)], numbers[kept], given[kept]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.nan_to_num(self.places[rows], nan=0.0)
        return offsets, places, (numbers % 2**32).astype(np.uint32)

    def count(self, t: int, tail: int) -> int:
        """Tell how many tracks there are at a time, or before it."""
        return len(np.unique(self.numbers[self._find_rows(t, tail)]))

    def _find_rows(self, t: int, tail: int) -> NDArray[np.intp]:
        times = self.places[:, 0]
        return np.flatnonzero((times <= t) & (times >= t - tail))


def _thin(numbers: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.intp]:
    """Choose tracks that fit into a message together."""
    # Multiples of the golden ratio are spread evenly: numbers that follow each other get ranks far from each other.
    ranks = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    order = np.argsort(ranks, kind="stable")
    fitting = int(np.searchsorted(np.cumsum(sizes[order]), LARGEST_ANSWER, "right"))
    return np.sort(order[:fitting])


def open_tracks(source: Any, space: Space, number: int = 0, name: str = "tracks") -> TrackLayer:
    """Make a layer of tracks.

    Parameters
    ----------
    source : DataFrame or Tracks
        A DataFrame has the columns ``track`` (or ``track_id``), ``t`` or ``frame``, ``y``, ``x`` and perhaps ``z``, in
        the units of the image. Of `bioimagehub.challenges.tracks.Tracks`, the middle of each object is taken.
    space : Space
    number : int
        Of the layer.
    name : str

    Raises
    ------
    UnviewableError
        If it is none of these.
    """
    shown = clean(name)
    if hasattr(source, "lineage") and hasattr(source, "load"):
        numbers, places = _follow(source)
    else:
        if not hasattr(source, "columns"):
            msg = (
                f"{shown} of the type {clean(type(source).__name__)} are no tracks. Expected a DataFrame with the "
                "columns track, t, y and x, or Tracks. Give one of these."
            )
            raise UnviewableError(msg)
        columns = read_columns(source, shown)
        if "track" not in columns or not {"t", "frame"} & set(columns):
            msg = (
                f"The table of {shown} does not tell which track is where at which time. Expected the columns track "
                "and t (or frame), beside y and x. Rename its columns."
            )
            raise UnviewableError(msg)
        numbers, places = columns.pop("track"), to_samples(columns, space)
    known = np.isfinite(numbers) & np.isfinite(places[:, 0])
    whole, places = numbers[known].astype(np.int64), places[known]
    order = np.lexsort((places[:, 0], whole))
    return TrackLayer(f"k{number}", shown, whole[order], places[order])


def _follow(tracks: Any) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Give the middle of each object in each frame; that of the parent's last frame stands before a child's first."""
    numbers: list[int] = []
    places: list[list[float]] = []
    last: dict[int, list[float]] = {}
    parents = {label: parent for label, begin, _, parent in tracks.lineage.rows() if parent}
    for frame in range(tracks.last + 1):
        for label, middle in _middles(tracks.load(frame)):
            place = [float(frame), *middle]
            if label not in last and parents.get(label) in last:
                numbers.append(label)
                places.append(last[parents[label]])
            numbers.append(label)
            places.append(place)
            last[label] = place
    return np.asarray(numbers, np.float64), np.asarray(places, np.float32).reshape(-1, 4)


def _middles(image: NDArray[Any]) -> list[tuple[int, list[float]]]:
    """Give the labels of an image, each with the middle of its pixels along z, y, x."""
    where = np.nonzero(image)
    labels, index = np.unique(image[where], return_inverse=True)
    sizes = np.bincount(index, minlength=len(labels))
    along = [np.bincount(index, weights=each, minlength=len(labels)) / np.maximum(sizes, 1) for each in where]
    missing = [np.zeros(len(labels))] * (3 - len(along))
    middles = np.stack([*missing, *along], axis=1) if len(labels) else np.empty((0, 3))
    return [(int(label), list(map(float, middle))) for label, middle in zip(labels, middles, strict=True)]
