"""Small sequences of dividing cells, and predictions of them that are wrong in every way, from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as made
from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.tracks import Lineage, Tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Field:
    """Where cells live: places of so many pixels, so many in a row; and how often something happens to them."""

    cell: int = 6
    columns: int = 6
    events: float = 1.0


SMALL = Field()


@dataclass
class Rows:
    """A table of tracks while frames are painted."""

    begin: dict[int, int] = made(default_factory=dict)
    end: dict[int, int] = made(default_factory=dict)
    parent: dict[int, int] = made(default_factory=dict)

    def new(self, frame: int, parent: int = 0) -> int:
        label = len(self.begin) + 1
        self.begin[label] = self.end[label] = frame
        self.parent[label] = parent
        return label

    def lineage(self) -> Lineage:
        """Without parents that live on, and without tracks that never were painted."""
        rows = []
        for label, begin in self.begin.items():
            parent = self.parent[label]
            rows.append((label, begin, self.end[label], parent if parent and self.end[parent] < begin else 0))
        return Lineage.from_rows(rows)


def make_movie(
    seed: int, frames: int = 12, dtype: str = "u2", errors: float = 1.0, field: Field = SMALL
) -> tuple[Tracks, Tracks]:
    """Return truth and prediction; `errors` times as many errors as by default, 0 for a perfect prediction."""
    rng = np.random.default_rng(seed)
    true, found = Rows(), Rows()
    # Each cell lives in a place of a grid; its daughters in that place and in a free one.
    cells: dict[int, int] = {}
    followed: dict[int, int] = {}
    side = field.cell * field.columns
    images = np.zeros((2, frames, side, side), dtype)
    for frame in range(frames):
        cells, mothers = _live(rng, cells, true, frame, field)
        _observe(rng, images[:, frame], cells, mothers, (true, found), followed, frame, errors, field)
    return Tracks(images[0], true.lineage()), Tracks(images[1], found.lineage())


def _live(
    rng: np.random.Generator, cells: dict[int, int], true: Rows, frame: int, field: Field
) -> tuple[dict[int, int], dict[int, int]]:
    """Let cells live on, divide, die, come in, or take another label; tell the mother of each new one."""
    kept: dict[int, int] = {}
    mothers: dict[int, int] = {}
    free = [place for place in range(field.columns**2) if place not in cells.values()]
    rng.shuffle(free)
    for label, place in cells.items():
        fate = rng.random() / field.events
        if fate < 0.08 and free:
            daughters = [true.new(frame, label), true.new(frame, label)]
            kept |= dict(zip(daughters, (place, free.pop()), strict=True))
            mothers |= dict.fromkeys(daughters, label)
        elif fate < 0.11:
            child = true.new(frame, label)
            kept[child] = place
            mothers[child] = label
        elif fate > 0.03 + 0.08:
            kept[label] = place
            true.end[label] = frame
    while frame == 0 and len(kept) < field.columns**2 // 3:
        kept[true.new(frame)] = free.pop()
    if frame and free and rng.random() < 0.3:
        kept[true.new(frame)] = free.pop()
    return kept, mothers


def _observe(
    rng: np.random.Generator,
    images: NDArray[np.integer],
    cells: dict[int, int],
    mothers: dict[int, int],
    rows: tuple[Rows, Rows],
    followed: dict[int, int],
    frame: int,
    errors: float,
    field: Field,
) -> None:
    """Paint all cells into both images, with errors in the second."""
    found, cell = rows[1], field.cell
    used: set[int] = set()
    neighbour = 0
    for label, place in cells.items():
        y, x = (cell * part for part in divmod(place, field.columns))
        box = np.s_[y : y + int(rng.integers(cell // 2, cell)), x : x + int(rng.integers(cell // 2, cell))]
        images[0][box] = label
        fate = rng.random() / errors if errors else 1.0
        if fate < 0.05:
            continue
        if fate < 0.08 and neighbour:  # two cells are one object
            images[1][box] = neighbour
            neighbour = 0
            continue
        before = followed.get(label, followed.get(mothers.get(label, 0), 0))
        lives_on = before and found.end[before] == frame - 1 and before not in used
        is_daughter = label not in followed and label in mothers
        if lives_on and (rng.random() < 0.15 * errors if is_daughter else rng.random() >= 0.06 * errors):
            predicted = before
            found.end[predicted] = frame
        else:
            keeps = rng.random() < (1 - 0.2 * errors if is_daughter else 0.6)
            predicted = found.new(frame, before if keeps and before and found.end[before] < frame else 0)
        used.add(predicted)
        followed[label] = neighbour = predicted
        images[1][box] = predicted
        if 0.08 < fate < 0.2:  # some pixels are lost, or half of it is another object
            height = box[0].stop - box[0].start
            cut = np.s_[box[0].start : box[0].start + int(rng.integers(1, height)), box[1]]
            images[1][cut] = found.new(frame) if fate < 0.1 else 0
        if 0.2 < fate < 0.23 and not images[1][y + cell - 1, x + cell - 1]:
            images[1][y + cell - 1, x + cell - 1] = found.new(frame)
