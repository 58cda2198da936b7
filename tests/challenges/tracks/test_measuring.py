from __future__ import annotations

import json
from threading import Lock, current_thread
from weakref import finalize

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.errors import (
    LabelShapeError,
    LineageError,
    NegativeLabelError,
    NotALabelImageError,
)
from bioimagehub.challenges.metrics.tracks import METRICS
from bioimagehub.challenges.tracks import Conventions, Lineage, Segmentation, TrackCounts, Tracks, measure, pool
from bioimagehub.challenges.tracks.threads import THREADS, in_threads
from challenges.strategies import unhurried
from challenges.tracks.movies import make_movie
from challenges.tracks.peers import ours
from challenges.tracks.worked import DIVISION, PAIR, sequence

SEEDS = st.integers(0, 10_000)


def test_counts_of_what_there_is() -> None:
    counts = measure(DIVISION, PAIR_OF_FOUR, conventions=Conventions())
    assert (counts.nodes, counts.predicted_nodes, counts.edges) == (6, 4, 5)
    assert (counts.tracks, counts.predicted_tracks, counts.divisions, counts.predicted_divisions) == (3, 1, 1, 0)


PAIR_OF_FOUR = sequence("aaaa aaaa aaaa aaaa", "a03")


def test_number_of_the_first_frame() -> None:
    """A sequence whose frames are numbered from 5 on, and a prediction of frames 3 to 9."""
    truth, prediction = (Tracks(PAIR.frames, Lineage.from_rows([(1, 5, 7, 0), (2, 5, 7, 0)]), 5) for _ in range(2))
    assert ours(truth, prediction, Conventions())["tra"] == 1
    longer = np.concatenate([PAIR.frames[:1], PAIR.frames[:1], PAIR.frames, PAIR.frames[:1], PAIR.frames[:1]])
    rows = Lineage.from_rows([(1, 4, 9, 3), (2, 3, 9, 0), (3, 3, 3, 0)])
    longer[0][longer[0] == 1] = 3
    found = ours(truth, Tracks(longer, rows, 3), Conventions())
    assert {name: found[name] for name in ("tra", "ct", "chota")} == {"tra": 1, "ct": 1, "chota": 1}


def test_frames_without_objects_before_the_first_track() -> None:
    empty = np.zeros((2, 1, 5), np.uint16)
    late = Tracks(np.concatenate([empty, PAIR.frames]), Lineage.from_rows([(1, 2, 4, 0), (2, 2, 4, 0)]))
    assert ours(late, late, Conventions()) == pytest.approx(ours(PAIR, PAIR, Conventions()), nan_ok=True)


def test_segmentation_is_compared_where_it_is() -> None:
    """Markers of one pixel; frame 1 is outlined with other labels, and so is slice 1 of frame 2."""
    markers = np.zeros((3, 2, 1, 6), np.uint16)
    markers[:, :, :, 1] = 1
    outlines = np.array([[[7, 7, 7, 0, 0, 0]], [[7, 7, 7, 0, 9, 9]]])
    parts = (Segmentation(1, outlines[None]), Segmentation(2, np.array([[[5, 5, 5, 5, 0, 0]]]), (1,)))
    rows = Lineage.from_rows([(1, 0, 2, 0)])
    truth = Tracks(markers, rows, 0, parts)
    predicted = markers.copy()
    predicted[1, :, :, :3] = 1  # is 7
    predicted[2, 0, :, :] = 1  # not in the slice that is outlined
    predicted[2, 1, :, :3] = 1  # three of four pixels
    counts = measure(truth, Tracks(predicted, rows), conventions=Conventions())
    assert (counts.segmented, counts.iou_sum) == (3, 1 + 0 + 3 / 4)
    assert counts.fn == counts.fp == 0
    nothing_outlined = Tracks(markers, rows, 0, ())
    assert np.isnan(ours(nothing_outlined, truth, Conventions())["seg"])


@pytest.mark.parametrize(("dtype", "largest"), [("u4", 2**32 - 1), ("u8", 2**32 + 7), ("i8", 2**62 - 1), ("u2", 65535)])
def test_large_labels(dtype: str, largest: int) -> None:
    """Of truth and prediction together, more than a type of 16 or 32 bit holds."""
    frames = np.array([[[0, largest, 0]]] * 3, dtype)
    tracks = Tracks(frames, Lineage.from_rows([(largest, 0, 2, 0)]))
    other = Tracks(np.where(frames == 0, 0, 3), Lineage.from_rows([(3, 0, 2, 0)]))
    assert ours(tracks, other, Conventions())["chota"] == ours(other, tracks, Conventions())["tra"] == 1


def test_no_background_pixel() -> None:
    full = sequence("aab aab", "a01 b01")
    assert ours(full, full, Conventions())["tra"] == 1


def test_volumes() -> None:
    volume = np.zeros((2, 3, 4, 4), np.uint8)
    volume[:, 1:, 1:3, 1:3] = 9
    tracks = Tracks(volume, Lineage.from_rows([(9, 0, 1, 0)]))
    assert ours(tracks, tracks, Conventions())["op_ctb"] == 1


@unhurried
@given(SEEDS, st.integers(0, 3))
def test_truth_is_perfect(seed: int, tolerance: int) -> None:
    truth, _ = make_movie(seed, frames=6)
    found = ours(truth, truth, Conventions(tolerance=tolerance))
    assert {name: value for name, value in found.items() if name in METRICS and not np.isnan(value)} == {
        name: METRICS[name].BEST for name in METRICS if not np.isnan(found[name])
    }


@unhurried
@given(SEEDS, SEEDS)
def test_numbers_of_tracks_do_not_matter(seed: int, shuffle: int) -> None:
    """Sparse labels in another order, in truth and in prediction."""
    rng = np.random.default_rng(shuffle)
    both = make_movie(seed, frames=6)
    renamed = []
    for tracks in both:
        names = np.zeros(int(tracks.lineage.label.max()) + 1, np.int64)
        names[tracks.lineage.label] = rng.choice(2**40, len(tracks.lineage), replace=False) + 1
        rows = Lineage(
            names[tracks.lineage.label], tracks.lineage.begin, tracks.lineage.end, names[tracks.lineage.parent]
        )
        renamed.append(Tracks(names[np.asarray(tracks.frames)], rows))
    assert ours(*renamed, Conventions(tolerance=1)) == pytest.approx(
        ours(*both, Conventions(tolerance=1)), abs=1e-12, nan_ok=True
    )


@unhurried
@given(SEEDS)
def test_scores_lie_between_worst_and_best(seed: int) -> None:
    found = ours(*make_movie(seed, frames=6, errors=3), Conventions())
    for name, metric in METRICS.items():
        assert np.isnan(found[name]) or min(metric.WORST, metric.BEST) <= found[name] <= max(metric.WORST, metric.BEST)


@unhurried
@given(st.lists(SEEDS, max_size=4))
def test_pooled_is_one_sequence_of_all(seeds: list[int]) -> None:
    """Sequences beside each other in one image, with labels of their own."""
    movies = [make_movie(seed, frames=5) for seed in seeds]
    pooled = pool([measure(*movie, conventions=Conventions()) for movie in movies])
    if not movies:
        assert pooled == TrackCounts()
        return
    together = []
    for sides in zip(*movies, strict=True):
        frames, rows, start = [], [], 0
        for tracks in sides:
            image = np.asarray(tracks.frames).astype(np.int64)
            frames.append(np.where(image > 0, image + start, 0))
            rows += [(a + start, b, c, p + start if p else 0) for a, b, c, p in tracks.lineage.rows()]
            start += 1000
        together.append(Tracks(np.concatenate(frames, axis=-1), Lineage.from_rows(rows)))
    one = measure(*together, conventions=Conventions()).as_dict()
    assert pooled.as_dict() == {name: pytest.approx(value, rel=1e-12) for name, value in one.items()}


@unhurried
@given(SEEDS)
def test_counts_survive_json(seed: int) -> None:
    counts = measure(*make_movie(seed, frames=6), conventions=Conventions())
    assert TrackCounts.from_dict(json.loads(json.dumps(counts.as_dict()))) == counts


def test_a_lazy_array_is_read_frame_by_frame() -> None:
    import dask.array as da

    lazy = Tracks(da.from_array(PAIR.frames, chunks=(1, 1, 5)), PAIR.lineage)
    assert measure(lazy, lazy, conventions=Conventions()) == measure(PAIR, PAIR, conventions=Conventions())


class Counted:
    """Frames made when they are asked for; how many of them were in memory at once."""

    shape = (60, 1, 200_000)
    dtype = np.dtype(np.uint16)

    def __init__(self) -> None:
        self.alive = self.most = self.read = 0
        self.lock = Lock()

    def __getitem__(self, index: int) -> np.ndarray:
        frame = np.ones(self.shape[1:], self.dtype)
        with self.lock:
            self.read += 1
            self.alive += 1
            self.most = max(self.most, self.alive)
        finalize(frame, self.forget)
        return frame

    def forget(self) -> None:
        with self.lock:
            self.alive -= 1


def test_few_frames_are_in_memory() -> None:
    frames = [Counted(), Counted()]
    rows = Lineage.from_rows([(1, 0, 59, 0)])
    counts = measure(*(Tracks(each, rows) for each in frames), conventions=Conventions())
    assert counts.nodes == counts.iou_sum == 60
    assert [each.read for each in frames] == [60, 60]
    assert max(each.most for each in frames) <= THREADS


def test_large_frames_are_read_one_by_one() -> None:
    told: list[str] = []
    for shape in ((10, 10), (4, 1 << 26)):
        set(in_threads(lambda _: told.append(current_thread().name), range(40), shape))
        assert 1 <= len(set(told)) <= (THREADS if shape == (10, 10) else 1)
        told.clear()


def test_a_list_of_frames() -> None:
    listed = Tracks(list(PAIR.frames), PAIR.lineage)
    assert listed.frames.shape == (3, 1, 5)
    with pytest.raises(LabelShapeError, match=r"have the shapes \(1, 5\), \(2, 5\). Expected images of one shape"):
        Tracks([np.zeros((1, 5), int), np.zeros((2, 5), int)], PAIR.lineage)
    with pytest.raises(LabelShapeError, match="have the shapes none"):
        Tracks([], PAIR.lineage)


def test_frames_without_an_axis_of_time() -> None:
    flat = Tracks(np.zeros((5, 5), int), Lineage.from_rows([]))
    with pytest.raises(LabelShapeError, match=r"have the shape \(5, 5\). Expected the axes t y x or t z y x"):
        measure(flat, flat, conventions=Conventions())


def test_missing_frames() -> None:
    short = Tracks(PAIR.frames[:2], Lineage.from_rows([(1, 0, 1, 0), (2, 0, 1, 0)]))
    with pytest.raises(LabelShapeError, match=r"has the frames 0 to 1. Expected all of 0 to 2.*image of zeros"):
        measure(PAIR, short, conventions=Conventions(), name="field-1")


def test_other_shape() -> None:
    wide = Tracks(np.zeros((3, 1, 6), int), Lineage.from_rows([]))
    with pytest.raises(LabelShapeError, match=r"field-1 have the shape \(1, 6\). Expected \(1, 5\).*as a whole"):
        measure(PAIR, wide, conventions=Conventions(), name="field-1")


def test_floats_and_negative_labels() -> None:
    with pytest.raises(NotALabelImageError, match="Save label images"):
        measure(PAIR, Tracks(np.zeros((3, 1, 5)), Lineage.from_rows([])), conventions=Conventions())
    negative = Tracks(np.full((3, 1, 5), -1), Lineage.from_rows([]))
    with pytest.raises(NegativeLabelError, match=r"The prediction of frame 0 of field-1 has the label -1"):
        measure(PAIR, negative, conventions=Conventions(), name="field-1")


def test_all_contradictions_are_told() -> None:
    """Label 1 is not in frame 1, label 2 stays a frame too long, label 4 has no row."""
    wrong = sequence("aa.bb ...bb aadbb", "a02 b01")
    with pytest.raises(LineageError, match=r"The prediction of field-1 has 3 problems.*Correct the table or") as caught:
        measure(PAIR, wrong, conventions=Conventions(), name="field-1")
    assert caught.value.problems == (
        "track 1 lasts from frame 0 to 2, and its label is not in frame 1",
        "label 2 is in frame 2, and its track lasts from frame 0 to 1",
        "label 4 is in frame 2, and no row of the table has it",
    )


def test_a_table_that_goes_on_after_the_frames() -> None:
    longer = Tracks(PAIR.frames, Lineage.from_rows([(1, 0, 10**15, 0), (2, 0, 2, 0)]))
    with pytest.raises(
        LineageError, match=r"track 1 lasts from frame 0 to 1000000000000000, and there are frames 0 to 2"
    ):
        measure(PAIR, longer, conventions=Conventions())
