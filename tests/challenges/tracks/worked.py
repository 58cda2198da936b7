"""Sequences of a few pixels.

A frame is a word: a letter is a pixel of the track of that letter (a is label 1, b is 2 …), a dot is background.
A table is rows of letter, first frame, last frame and parent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.tracks import Lineage, Tracks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def paint(words: Sequence[str]) -> NDArray[np.uint16]:
    """Frames (t, y, x) of one row of pixels."""
    return np.array([[[0 if pixel == "." else ord(pixel) - 96 for pixel in word]] for word in words], np.uint16)


def table(text: str) -> Lineage:
    """Such as ``a01 b22a``: track a in frames 0 to 1, track b in frame 2, a daughter of a."""
    rows = []
    for word in text.split():
        parent = ord(word[3]) - 96 if len(word) > 3 else 0
        rows.append((ord(word[0]) - 96, int(word[1]), int(word[2]), parent))
    return Lineage.from_rows(rows)


def sequence(words: str, text: str) -> Tracks:
    return Tracks(paint(words.split()), table(text))


# Two cells of two pixels in three frames: 6 nodes, 4 edges. All of it is worth 60 in DET, 66 in TRA, 6 in LNK.
PAIR = sequence("aa.bb aa.bb aa.bb", "a02 b02")
# A cell that divides after frame 1: 6 nodes, and the 5 edges a0-a1, a1-b2, a1-c2, b2-b3, c2-c3.
DIVISION = sequence("aaaa aaaa bb.c bb.c", "a01 b23a c23a")
