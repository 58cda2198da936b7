"""Where implementations give different numbers for the same tracks, and which is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from bioimagehub.challenges.errors import LineageError
from bioimagehub.challenges.tracks import Conventions, Lineage, Tracks, measure, open_ctc_folder, write_ctc_folder
from challenges.tracks import worked
from challenges.tracks.peers import ours, py_ctcmetrics, traccuracy, write_both
from challenges.tracks.worked import PAIR

if TYPE_CHECKING:
    from pathlib import Path

PERFECT = {"det": 1, "seg": 1, "tra": 1, "lnk": 1}


def sequence(words: str, table: str) -> Tracks:
    """A sequence of `worked` with background around it."""
    tracks = worked.sequence(words, table)
    return Tracks(np.pad(tracks.frames, ((0, 0), (1, 1), (1, 1))), tracks.lineage)


def chosen(found: dict[str, float], *names: str) -> dict[str, float]:
    return {name: round(found[name], 4) for name in names}


def three_cells(labels: tuple[int, int, int], first: int = 0) -> Tracks:
    """Three cells for three frames; before `first` there is nothing."""
    frames = np.zeros((3, 4, 14), np.uint16)
    for column, label in zip((1, 6, 11), labels, strict=True):
        frames[first:, 1:3, column : column + 2] = label
    return Tracks(frames, Lineage.from_rows([(label, first, 2, 0) for label in labels]))


def test_labels_that_overflow_16_bit_together(tmp_path: Path) -> None:
    """py-ctcmetrics adds the largest true label to all predicted ones, within 16 bit."""
    truth, prediction = three_cells((1, 2, 40_000)), three_cells((1, 2, 30_000))
    write_both(tmp_path, truth, prediction)
    assert chosen(ours(truth, prediction, Conventions()), *PERFECT) == PERFECT
    assert chosen(py_ctcmetrics(tmp_path), *PERFECT) == {"det": 0.6333, "seg": 0.6667, "tra": 0.6364, "lnk": 0.6667}
    assert chosen(traccuracy(tmp_path), "tra", "det", "lnk") == {"tra": 1, "det": 1, "lnk": 1}


def test_truth_that_begins_after_frame_0(tmp_path: Path) -> None:
    """traccuracy looks for the nodes of frame 1 in the label image of frame 0."""
    late = three_cells((1, 2, 3), first=1)
    write_both(tmp_path, late, late)
    assert chosen(ours(late, late, Conventions()), *PERFECT) == PERFECT
    assert chosen(py_ctcmetrics(tmp_path, chota=False), *PERFECT) == PERFECT
    assert chosen(traccuracy(tmp_path), "tra", "det", "lnk") == {"tra": 0.4186, "det": 0.45, "lnk": 0}


def test_empty_result(tmp_path: Path) -> None:
    """Both raise what tells nothing."""
    nothing = Tracks(np.zeros((3, 1, 5), np.uint16), Lineage.from_rows([]))
    write_both(tmp_path, PAIR, nothing)
    assert chosen(ours(PAIR, nothing, Conventions()), *PERFECT, "chota") == dict.fromkeys([*PERFECT, "chota"], 0)
    found = measure(
        open_ctc_folder(tmp_path / "01_GT"), open_ctc_folder(tmp_path / "01_RES"), conventions=Conventions()
    )
    assert (found.fn, found.ea) == (6, 4)
    with pytest.raises(ValueError, match="zero-size array"):
        py_ctcmetrics(tmp_path)
    with pytest.raises(TypeError):
        traccuracy(tmp_path)


def test_links_to_an_only_child(tmp_path: Path) -> None:
    """A convention: py-ctcmetrics takes the kind of an edge from the table, traccuracy from the number of children."""
    truth, prediction = sequence("aa aa aa aa", "a03"), sequence("aa aa bb bb", "a01 b23a")
    write_both(tmp_path, truth, prediction)
    by_table = {"ec": 1, "lnk": 0.7778}
    by_divisions = {"ec": 0, "lnk": 1}
    assert chosen(ours(truth, prediction, Conventions()), "ec", "lnk") == by_table
    assert chosen(ours(truth, prediction, Conventions.as_in("ctc")), "ec", "lnk") == by_table
    assert chosen(py_ctcmetrics(tmp_path), "ec", "lnk") == by_table
    assert chosen(ours(truth, prediction, Conventions.as_in("traccuracy")), "ec", "lnk") == by_divisions
    assert chosen(traccuracy(tmp_path), "ec", "lnk") == by_divisions


def test_one_object_over_three_cells(tmp_path: Path) -> None:
    """It has to be split twice; traccuracy counts the object once."""
    truth, prediction = sequence("abc abc", "a01 b01 c01"), sequence("aaa aaa", "a01")
    write_both(tmp_path, truth, prediction)
    assert ours(truth, prediction, Conventions())["ns"] == py_ctcmetrics(tmp_path)["ns"] == 4
    assert traccuracy(tmp_path)["ns"] == 2


def test_no_background_pixel(tmp_path: Path) -> None:
    """py-ctcmetrics takes the lowest label for background, and calls the result invalid."""
    full = worked.sequence("aab aab", "a01 b01")
    write_both(tmp_path, full, full)
    assert chosen(ours(full, full, Conventions()), *PERFECT) == PERFECT
    assert py_ctcmetrics(tmp_path) == {}
    assert traccuracy(tmp_path)["tra"] == 1


def test_gap_in_a_track(tmp_path: Path) -> None:
    """Against the rules of the challenge, so nobody scores it; what is wrong, and where, is told."""
    gap = worked.sequence("aa.bb ...bb aa.bb", "a02 b02")
    write_both(tmp_path, PAIR, gap)
    with pytest.raises(LineageError, match="track 1 lasts from frame 0 to 2, and its label is not in frame 1"):
        measure(PAIR, gap, conventions=Conventions())
    assert py_ctcmetrics(tmp_path) == {}
    with pytest.raises(ValueError, match="Missing IDs in masks"):
        traccuracy(tmp_path)


def test_exactly_half_is_no_match(tmp_path: Path) -> None:
    half = worked.sequence("a..bb a..bb a..bb", "a02 b02")
    write_both(tmp_path, PAIR, half)
    found = ours(PAIR, half, Conventions())
    assert found["fn"] == py_ctcmetrics(tmp_path)["fn"] == traccuracy(tmp_path)["fn"] == 3


def test_fractions_that_depend_on_the_numbers_of_tracks(tmp_path: Path) -> None:
    """A convention: a predicted track that has all of one cell no longer counts for cells of higher numbers.

    Predicted track a is cell a to its end, then 3 of the 4 frames of cell b.
    """
    truth = sequence("aa.. aa.. ..bb ..bb ..bb ..bb", "a01 b25")
    prediction = sequence("aa.. aa.. ..aa ..aa ..aa ..cc", "a04 c55")
    write_both(tmp_path, truth, prediction)
    assert ours(truth, prediction, Conventions())["tf"] == (1 + 3 / 4) / 2
    assert ours(truth, prediction, Conventions.as_in("ctc"))["tf"] == (1 + 1 / 4) / 2
    assert py_ctcmetrics(tmp_path)["tf"] == (1 + 1 / 4) / 2
    # The same cells with other numbers.
    truth = sequence("bb.. bb.. ..aa ..aa ..aa ..aa", "b01 a25")
    write_both(tmp_path / "other", truth, prediction)
    assert ours(truth, prediction, Conventions())["tf"] == (1 + 3 / 4) / 2
    assert ours(truth, prediction, Conventions.as_in("ctc"))["tf"] == (1 + 3 / 4) / 2
    assert py_ctcmetrics(tmp_path / "other")["tf"] == (1 + 3 / 4) / 2


def test_children_above_their_parents_in_the_table(tmp_path: Path) -> None:
    """py-ctcmetrics loses the ancestors of a chain of tracks whose later part has the lower number."""
    truth = sequence("aaaa aaaa bb.c bb.c bb.c", "a01 b24a c24a")
    same = sequence("aaaa aaaa dd.c bb.c bb.c", "a01 b34d c24a d22a")
    write_both(tmp_path, truth, same)
    assert ours(truth, same, Conventions())["chota"] == 1
    assert traccuracy(tmp_path)["chota"] == 1
    assert py_ctcmetrics(tmp_path)["chota"] < 1


def test_slices_of_a_frame_count_once(tmp_path: Path) -> None:
    """py-ctcmetrics counts a frame once for each of its slices that is segmented."""
    frames = np.zeros((2, 4, 3, 8), np.uint16)
    frames[..., 1, 1:5] = 1
    truth = Tracks(frames, Lineage.from_rows([(1, 0, 1, 0)]))
    predicted = frames.copy()
    predicted[0, ..., 1, 4] = 0  # three of four pixels in frame 0
    prediction = Tracks(predicted, truth.lineage)
    write_both(tmp_path, truth, prediction)
    seg = tmp_path / "01_GT" / "SEG"
    (seg / "man_seg000.tif").unlink()
    for z in (1, 2, 3):
        tifffile.imwrite(seg / f"man_seg_000_{z:03d}.tif", frames[0, z])
    found = measure(open_ctc_folder(tmp_path / "01_GT"), prediction, conventions=Conventions())
    assert (found.segmented, found.iou_sum) == (2, 1 + 3 / 4)
    assert py_ctcmetrics(tmp_path)["seg"] == (1 + 3 * 3 / 4) / 4


def test_conventions_are_told_and_kept() -> None:
    conventions = Conventions(tolerance=2, parent_links="divisions")
    assert "BC(2) allows 2 frames" in str(conventions)
    assert str(conventions) != str(Conventions(tolerance=2))
    assert Conventions.from_dict(json.loads(json.dumps(conventions.as_dict()))) == conventions


def test_a_folder_is_written_once(tmp_path: Path) -> None:
    write_ctc_folder(PAIR, tmp_path / "01_RES")
    with pytest.raises(FileExistsError, match="Choose another, or remove it"):
        write_ctc_folder(PAIR, tmp_path / "01_RES")
