"""Tracked objects of a time-lapse: label images frame by frame, with their lineage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bioimagehub.challenges.errors import LabelShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.challenges.tracks.lineage import Lineage


class Frames(Protocol):
    """Label images of one shape, one a frame, loaded when they are asked for: an array t (z) y x, or files."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, (z,) y, x."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the labels."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """Return one frame, (z,) y, x."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class Segmentation:
    """The outlines of the objects of one frame, or of some z-slices of it.

    Attributes
    ----------
    frame : int
        Number of the frame.
    images : Frames
        One image of the whole frame; or one image (y, x) for each of `slices`. Labels need not be those of the tracks.
    slices : tuple of int
        Numbers of the z-slices; empty if the whole frame is segmented.
    """

    frame: int
    images: Frames
    slices: tuple[int, ...] = ()

    def load(self) -> NDArray[np.integer[Any]]:
        """Load the label image, (z,) y, x; of slices, only these along z."""
        if not self.slices:
            return np.asarray(self.images[0])
        return np.stack([np.asarray(self.images[index]) for index in range(len(self.slices))])

    def select(self, frame: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """Return the part of a label image of the frame that is segmented."""
        return frame[list(self.slices)] if self.slices else frame


@dataclass(frozen=True, eq=False, repr=False)
class Tracks:
    """A tracked sequence: a truth, or a prediction.

    Attributes
    ----------
    frames : Frames
        Label images t (z) y x: an array, also a lazy one, files, or a list of images of one shape. 0 is background; a
        label is one track.
    lineage : Lineage
        When each track begins and ends, and its parent. Frames are counted from 0 on.
    first : int
        Number of the first of `frames`; above 0 if the sequence begins later.
    segmentation : tuple of Segmentation or None
        Of a truth: the frames whose objects are outlined, for SEG; in the Cell Tracking Challenge the
        label images of the tracks are mere markers. None if the label images are the outlines.

    Raises
    ------
    LabelShapeError
        If a list of frames is empty, or has images of unequal shape.

    Examples
    --------
    >>> from bioimagehub.challenges.tracks import Lineage, Tracks
    >>> Tracks(np.array([[[1, 1, 0]], [[0, 1, 1]]]), Lineage.from_rows([(1, 0, 1, 0)]))
    <Tracks: frames 0 to 1 of shape 1 × 3, 1 tracks>
    """

    frames: Frames
    lineage: Lineage
    first: int = 0
    segmentation: tuple[Segmentation, ...] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.frames, list | tuple):
            shapes = {np.shape(frame) for frame in self.frames}
            if len(shapes) != 1:
                listed = ", ".join(map(str, sorted(shapes))) or "none"
                msg = f"The frames have the shapes {listed}. Expected images of one shape. Give each frame as a whole."
                raise LabelShapeError(msg)
            object.__setattr__(self, "frames", np.stack(self.frames))

    @property
    def last(self) -> int:
        """Number of the last frame."""
        return self.first + self.frames.shape[0] - 1

    def load(self, frame: int) -> NDArray[np.integer[Any]]:
        """Load the label image of a frame, by its number."""
        return np.asarray(self.frames[frame - self.first])

    def problems(self) -> list[str]:
        """Return what is wrong with the table of tracks, a sentence each, without reading frames."""
        outside = [
            f"track {label} lasts from frame {begin} to {end}, and there are frames {self.first} to {self.last} only"
            for label, begin, end, _ in self.lineage.rows()
            if begin <= end and (begin < self.first or end > self.last)
        ]
        return [*self.lineage.problems(), *outside]

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.frames.shape[1:]))
        return f"<Tracks: frames {self.first} to {self.last} of shape {shape}, {len(self.lineage)} tracks>"
