from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.challenges.challenge import parse_challenge
from bioimagehub.challenges.challenge_parts import Control
from bioimagehub.challenges.checking import check_challenge
from bioimagehub.challenges.controls import (
    CONTROLS,
    Moved,
    Sample,
    list_controls,
    nothing,
    open_control,
    shifted,
)
from bioimagehub.challenges.errors import ChallengeDataError, TruthError
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.tracks import Lineage, Tracks, find_problems
from bioimagehub.challenges.truth import Images, open_truth
from challenges.challenge_files import TEXT, TRUTH, write_challenge

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.challenges.challenge import Challenge


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return write_challenge(tmp_path)


def sample(challenge: Challenge, truth: Any, **settings: Any) -> Sample:
    images = Images(challenge, "public")
    return Sample(truth, images.cases["a"], images, Control(name="empty", **settings), dict)


def test_by_default_all_that_fit_and_need_no_setting(challenge: Challenge, tmp_path: Path) -> None:
    assert [control.name for control in list_controls(challenge)] == ["empty", "shifted", "truth"]
    other = write_challenge(tmp_path / "other", TEXT + "controls: [empty]\n")
    assert [control.name for control in list_controls(other)] == ["empty", "truth"], "the truth is always among them"


def test_shifted_labels_lose_what_moves_out(challenge: Challenge) -> None:
    moved = shifted(sample(challenge, np.array([[1, 1, 2], [0, 3, 3]])))
    assert moved.tolist() == [[0, 1, 1], [0, 0, 3]]


def test_points_move_by_a_pixel(challenge: Challenge, tmp_path: Path) -> None:
    points = Points([[1, 2]], confidence=[0.5], intensity=[7], extent=[9, 9])
    moved = shifted(sample(challenge, points))
    assert moved.coordinates.tolist() == [[1, 3]], "without a spacing a pixel is 1"
    assert (moved.confidence, moved.intensity, moved.extent) == ([0.5], [7], (9, 9))
    other = write_challenge(
        tmp_path / "other", TEXT.replace("{folder: truth}", "{folder: truth}\n    spacing: [0.5, 0.25]")
    )
    assert shifted(sample(other, points)).coordinates.tolist() == [[1, 2.25]]
    assert len(nothing(sample(challenge, points))) == 0
    assert nothing(sample(challenge, points)).axes == ("y", "x")


def test_tracks_move_and_vanish_frame_by_frame(challenge: Challenge) -> None:
    frames = np.array([[[1, 1, 0]], [[0, 1, 1]]], np.uint16)
    truth = Tracks(frames, Lineage.from_rows([(1, 0, 1, 0)]))
    moved = shifted(sample(challenge, truth))
    assert isinstance(moved.frames, Moved)
    assert (moved.frames.shape, moved.frames.dtype) == ((2, 1, 3), np.uint16)
    assert [moved.load(frame).tolist() for frame in (0, 1)] == [[[0, 1, 1]], [[0, 0, 1]]]
    empty = nothing(sample(challenge, truth))
    assert len(empty.lineage) == 0
    assert not empty.load(0).any()


def test_a_tracked_object_that_would_move_out_stays(challenge: Challenge) -> None:
    frames = np.array([[[0, 0, 1], [0, 3, 2]], [[0, 1, 1], [0, 3, 2]]], np.uint16)
    truth = Tracks(frames, Lineage.from_rows([(1, 0, 1, 0), (2, 0, 1, 0), (3, 0, 1, 0)]))
    moved = shifted(sample(challenge, truth))
    assert [moved.load(frame).tolist() for frame in (0, 1)] == [[[0, 0, 1], [0, 3, 2]], [[0, 0, 1], [0, 3, 2]]]
    assert not find_problems(moved)


VALUES = """\
name: answers
title: Answers
summary: Say what it is.
task: %s
licence: CC0-1.0
organisers: [{name: Ada Example}]
data:
  simulator: {name: %s, parameters: {%s}}
splits:
  public:
    truth: %s
    cases: [{id: one, seed: 1}, {id: two, seed: 2}, {id: three, seed: 3}]
metrics: [%s]
%s
"""


def control_scores(text: str, folder: Path) -> dict[str, float]:
    challenge = parse_challenge(text, folder=folder)
    metric = challenge.metrics[0].metric
    return {name: one.scores[metric] for name, one in check_challenge(challenge).controls["public"].items()}


def test_the_most_usual_answer_is_that_of_each_field_in_all_cases(tmp_path: Path) -> None:
    for name, rows in {"one": "a,cat", "two": "b,dog\nb/age,1", "three": "c,dog\na/age,3\nc/age,1.5"}.items():
        (tmp_path / f"{name}.csv").write_text(f"item,value\n{rows}\n")
    text = VALUES % ("classification", "phenotypes", "", "{folder: .}", "accuracy", "")
    challenge = parse_challenge(text, folder=tmp_path)
    truth = open_truth(challenge, "public")
    predict = open_control(challenge, "public", Control(name="majority"), truth)
    assert predict("one") == {"a": "dog"}
    assert predict("two") == {"b": "dog", "b/age": 1.5}


def test_counting_takes_the_number_of_objects(tmp_path: Path) -> None:
    text = VALUES % ("counting", "cells", "shape: [96, 96]", "{simulator: true}", "count_absolute_error", "")
    scores = control_scores(text, tmp_path)
    assert scores["truth"] == 0
    assert scores["majority"] > 0


@pytest.mark.parametrize(
    ("metric", "conventions"), [("moa_accuracy_nsc", ""), ("z_prime_factor", "conventions: {feature: x}")]
)
def test_profiles_of_what_acts_alike_are_perfect(tmp_path: Path, metric: str, conventions: str) -> None:
    text = VALUES % ("profiling", "phenotypes", "shape: [32, 32], count: 1", "{simulator: true}", metric, conventions)
    scores = control_scores(text.replace(", {id: two, seed: 2}, {id: three, seed: 3}", ""), tmp_path)
    assert scores["truth"] == 1
    assert scores["majority"] < 1


@pytest.mark.usefixtures("samples")
def test_controls_from_images(tmp_path: Path) -> None:
    challenge = write_challenge(
        tmp_path, TEXT + "controls: [otsu, {name: watershed, diameter: 8}, {name: annotator, folder: second}]\n"
    )
    truth = open_truth(challenge, "public")
    otsu, watershed, annotator, _ = list_controls(challenge)
    for control in (otsu, watershed):
        predict = open_control(challenge, "public", control, truth)
        for name, labels in TRUTH.items():
            assert predict(name).shape == labels.shape
        assert len(np.unique(predict("a"))) > 1
    with pytest.raises(TruthError, match="no truth of the case a in"):
        score(challenge, "public", open_control(challenge, "public", annotator, truth))
    (tmp_path / "second").mkdir()
    for name, labels in TRUTH.items():
        np.save(tmp_path / "second" / f"{name}.npy", labels // 2)
    assert open_control(challenge, "public", annotator, truth)("b").max() == 4


@pytest.mark.usefixtures("samples")
def test_a_control_without_its_setting_says_so(challenge: Challenge) -> None:
    truth = open_truth(challenge, "public")
    for name, missing in (("watershed", "diameter"), ("annotator", "folder")):
        with pytest.raises(ChallengeDataError, match=f"has no {missing}"):
            open_control(challenge, "public", Control(name=name), truth)("a")


def test_every_kind_has_controls() -> None:
    for kind in ("classes", "image", "labels", "landmarks", "map", "points", "tracks", "values"):
        assert len([name for name, control in CONTROLS.items() if kind in control.kinds and control.by_default]) >= 2
