"""Sequences of a few pixels, worked out on paper.

A frame is a word: a letter is a pixel of the track of that letter (a is label 1, b is 2 …), a dot is background.
A table is rows of letter, first frame, last frame and parent.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
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


@dataclass(frozen=True)
class Worked:
    name: str
    truth: Tracks
    prediction: Tracks
    scores: dict[str, float]
    tolerance: int = 0


# Two cells of two pixels in three frames: 6 nodes, 4 edges. All of it is worth 60 in DET, 66 in TRA, 6 in LNK.
PAIR = sequence("aa.bb aa.bb aa.bb", "a02 b02")
# A cell that divides after frame 1: 6 nodes, and the 5 edges a0-a1, a1-b2, a1-c2, b2-b3, c2-c3.
DIVISION = sequence("aaaa aaaa bb.c bb.c", "a01 b23a c23a")

PERFECT = {
    "seg": 1, "det": 1, "tra": 1, "lnk": 1, "aogm": 0, "ct": 1, "tf": 1, "chota": 1,
    "op_csb": 1, "op_ctb": 1, "op_clb": 1, "bio": 1,
}  # fmt: skip

WORKED = [
    Worked("itself", PAIR, PAIR, PERFECT | {"bc": nan, "cca": nan}),
    Worked("itself, dividing", DIVISION, DIVISION, PERFECT | {"bc": 1, "cca": nan}),
    Worked(
        "nothing predicted",
        PAIR,
        sequence("..... ..... .....", ""),
        # 6 nodes and 4 edges have to be added: 60 + 6.
        {"fn": 6, "ea": 4, "aogm": 66, "seg": 0, "det": 0, "tra": 0, "lnk": 0, "ct": 0, "tf": 0, "bc": nan, "cca": nan,
         "bio": 0, "op_csb": 0, "op_ctb": 0, "op_clb": 0, "chota": 0},
    ),
    Worked(
        "nothing there",
        sequence("... ...", ""),
        sequence("... ...", ""),
        dict.fromkeys(set(PERFECT) | {"bc", "cca"}, nan) | {"aogm": 0},
    ),
    Worked(
        "something made up where nothing is",
        sequence("... ...", ""),
        sequence("aa. aa.", "a01"),
        {"fp": 2, "aogm": 2, "seg": nan, "det": 0, "tra": 0, "lnk": nan, "ct": 0, "tf": nan, "chota": 0},
    ),
    Worked(
        "one cell missed in the last frame",
        PAIR,
        sequence("aa.bb aa.bb aa...", "a02 b01"),
        # One node and one edge to add. SEG 5/6. CT 2·1/4. TF (1 + 2/3)/2.
        # CHOTA: 3 matches of 3/3, 2 matches of 2/3, over 6 objects.
        {"fn": 1, "ea": 1, "aogm": 11.5, "det": 1 - 10 / 60, "tra": 1 - 11.5 / 66, "lnk": 1 - 1.5 / 6, "seg": 5 / 6,
         "ct": 0.5, "tf": 5 / 6, "bio": (0.5 + 5 / 6) / 2, "chota": sqrt((3 + 2 * 2 / 3) / 6),
         "op_csb": (5 / 6 + 5 / 6) / 2, "op_ctb": (5 / 6 + 1 - 11.5 / 66) / 2, "op_clb": (0.75 + 2 / 3) / 2},
    ),
    Worked(
        "one object made up, for two frames",
        PAIR,
        sequence("aacbb aacbb aa.bb", "a02 b02 c01"),
        # Two nodes to delete; the edge between them goes with them. CT 2·2/5. CHOTA: 6 of 1 over 6 + 2.
        {"fp": 2, "ed": 0, "aogm": 2, "det": 1 - 2 / 60, "tra": 1 - 2 / 66, "lnk": 1, "seg": 1, "ct": 4 / 5, "tf": 1,
         "chota": sqrt(6 / 8)},
    ),
    Worked(
        "exactly half of a cell",
        PAIR,
        sequence("a..bb a..bb a..bb", "a02 b02"),
        # Half does not match: 3 nodes missed and 3 false, two edges to add.
        {"fn": 3, "fp": 3, "ea": 2, "aogm": 36, "det": 1 - 33 / 60, "tra": 1 - 36 / 66, "lnk": 0.5, "seg": 0.5},
    ),
    Worked(
        "more than half of a cell",
        sequence("aaa aaa", "a01"),
        sequence("aa. aa.", "a01"),
        {"aogm": 0, "det": 1, "tra": 1, "seg": 2 / 3, "op_csb": (1 + 2 / 3) / 2},
    ),
    Worked(
        "two cells are one object",
        PAIR,
        sequence("aaaaa aaaaa aaaaa", "a02"),
        # Three objects to split, no edge between unique matches: 15 + 4·1.5. Each IoU is 2/5. No cell has it to itself.
        # CHOTA: TPA of either cell is 3, FPA 3: 6 matches of 3/6 over 6 objects.
        {"ns": 3, "fn": 0, "fp": 0, "ea": 4, "aogm": 21, "det": 1 - 15 / 60, "tra": 1 - 21 / 66, "lnk": 0, "seg": 0.4,
         "ct": 0, "tf": 0, "chota": sqrt(0.5)},
    ),
    Worked(
        "three cells are one object",
        sequence("abc", "a00 b00 c00"),
        sequence("aaa", "a00"),
        # To be split twice.
        {"ns": 2, "aogm": 10, "det": 1 - 10 / 30, "tra": 1 - 10 / 30, "lnk": nan, "seg": 1 / 3},
    ),
    Worked(
        "one cell is two objects",
        sequence("aaa aaa", "a01"),
        sequence("aab aab", "a01 b01"),
        {"ns": 0, "fp": 2, "aogm": 2, "det": 1 - 2 / 20, "tra": 1 - 2 / 21.5, "lnk": 1, "seg": 2 / 3, "ct": 2 / 3,
         "tf": 1},
    ),
    Worked(
        "labels are swapped after frame 1",
        sequence("aa.bb aa.bb aa.bb aa.bb", "a03 b03"),
        sequence("aa.bb aa.bb bb.aa bb.aa", "a03 b03"),
        # Two edges to delete, two to add; of 8 nodes and 6 edges. No track is whole; either is half found.
        # CHOTA: 8 matches; each pair of tracks shares 2 of 4 + 4 - 2 nodes.
        {"ed": 2, "ea": 2, "aogm": 5, "det": 1, "tra": 1 - 5 / 89, "lnk": 1 - 5 / 9, "ct": 0, "tf": 0.5,
         "chota": sqrt(2 / 6)},
    ),
    Worked(
        "a track goes on under a new label",
        sequence("aa aa aa aa", "a03"),
        sequence("aa aa bb bb", "a01 b23a"),
        # The link is there and is a parent link: one edge changes kind. CHOTA takes only children for one track.
        {"ec": 1, "ed": 0, "ea": 0, "aogm": 1, "det": 1, "tra": 1 - 1 / 44.5, "lnk": 1 - 1 / 4.5, "ct": 0, "tf": 0.5,
         "chota": 1},
    ),
    Worked(
        "a track goes on under a new label, without a parent",
        sequence("aa aa aa aa", "a03"),
        sequence("aa aa bb bb", "a01 b23"),
        {"ec": 0, "ed": 0, "ea": 1, "aogm": 1.5, "lnk": 1 - 1.5 / 4.5, "chota": sqrt(0.5)},
    ),
    Worked(
        "the division is missed, one daughter has the mother's label",
        DIVISION,
        sequence("aaaa aaaa aa.c aa.c", "a03 c23"),
        # a1-b2 is a link and no parent link; a1-c2 is missing: 1 + 1.5 of 60 + 7.5.
        {"ec": 1, "ea": 1, "ed": 0, "aogm": 2.5, "det": 1, "tra": 1 - 2.5 / 67.5, "lnk": 1 - 2.5 / 7.5, "bc": 0,
         "ct": 2 * 1 / 5, "tf": 1},
    ),
    Worked(
        "the division is made up",
        sequence("aaaa aaaa aa.b aa.b", "a03 b23"),
        DIVISION,
        # Seen the other way round: the parent link a1-c2 is to delete, a1-b2 to change. The truth has no division.
        {"ec": 1, "ed": 1, "ea": 0, "aogm": 2, "bc": nan, "lnk": 1 - 2 / (1.5 * 4)},
    ),
    Worked(
        "the division is one frame late, i = 0",
        sequence("aaaa bb.c bb.c", "a00 b12a c12a"),
        sequence("aaaa aa.. bb.c", "a01 b22a c22a"),
        # c1 is missed; with it go a0-c1 and c1-c2. a0-b1 is no parent link in the prediction, b1-b2 is one; a1-c2 leads
        # from b1 to c2, and there is no such edge.
        {"fn": 1, "ea": 2, "ec": 2, "ed": 1, "aogm": 10 + 3 + 2 + 1, "bc": 0},
    ),
    Worked(
        "the division is one frame late, i = 1",
        sequence("aaaa bb.c bb.c", "a00 b12a c12a"),
        sequence("aaaa aa.. bb.c", "a01 b22a c22a"),
        {"bc": 1},
        tolerance=1,
    ),
    Worked(
        "three daughters are not two",
        DIVISION,
        sequence("aaaa aaaa bbdc bbdc", "a01 b23a c23a d23a"),
        {"bc": 0, "fp": 2},
    ),
    Worked(
        "cell cycles",
        # b lives from one division to the next, over 3 frames (2 links); in the prediction over 2 (1 link).
        sequence("aaaa bb.c bb.c bb.c de.c", "a00 b13a c14a d44b e44b"),
        sequence("aaaa bb.c bb.c de.c de.c", "a00 b12a c14a d34b e34b"),
        {"cca": 0, "bc": 0.5},
    ),
    Worked(
        "half of the cell cycles",
        # True cycles of 1 link (b) and 2 links (c), predicted ones both of 1: up to 1 link lie 1/2 and all.
        # Of the divisions of a, b and c, that of c is in another frame: 2·2/(3 + 3).
        sequence("aaaaaa bb..cc bb..cc de..cc de..fg", "a00 b12a c13a d34b e34b f44c g44c"),
        sequence("aaaaaa bb..cc bb..cc de..fg de..fg", "a00 b12a c12a d34b e34b f34c g34c"),
        {"cca": 0.5, "bc": 2 / 3},
    ),
    Worked(
        "a gap of two frames, bridged by a parent link",
        sequence("aa aa aa aa", "a03"),
        sequence("aa .. .. bb", "a00 b33a"),
        # Two nodes and all three edges to add; the link from a0 to b3 is to delete.
        {"fn": 2, "ea": 3, "ed": 1, "aogm": 20 + 4.5 + 1, "lnk": 0, "det": 0.5, "tf": 0.25},
    ),
]  # fmt: skip
