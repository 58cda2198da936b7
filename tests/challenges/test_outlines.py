from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges import counts, surfaces
from bioimagehub.challenges.challenge import parse_challenge
from bioimagehub.challenges.checking import check_challenge
from bioimagehub.challenges.conventions import Conventions
from bioimagehub.challenges.errors import ChallengeFileError, ConventionError
from bioimagehub.challenges.metrics.boundaries import METRICS as BOUNDARIES
from bioimagehub.challenges.metrics.instances import METRICS as INSTANCES
from bioimagehub.challenges.outlines import METRICS, OutlineConventions, OutlineCounts, measure, pool
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.surfaces import BoundaryConventions
from challenges.challenge_files import TEXT, TRUTH, squares, write_challenge

if TYPE_CHECKING:
    from pathlib import Path

BOTH = OutlineConventions(at=0.75, boundaries={"tolerance": 0.5})
SPACING = (0.5, 0.25)


def same(one: float, two: float) -> bool:
    return one == two or (np.isnan(one) and np.isnan(two))


@pytest.mark.parametrize("prediction", [squares(9, 6), squares(5), squares(0)])
def test_every_metric_is_that_of_its_family(prediction: np.ndarray) -> None:
    both = measure(TRUTH["b"], prediction, conventions=BOTH, spacing=SPACING)
    overlaps = counts.measure(TRUTH["b"], prediction, conventions=Conventions(at=0.75))
    boundaries = surfaces.measure(
        TRUTH["b"], prediction, conventions=BoundaryConventions(tolerance=0.5), spacing=SPACING
    )
    for name, metric in METRICS.items():
        expected = INSTANCES[name].score(overlaps) if name in INSTANCES else BOUNDARIES[name].score(boundaries)
        assert same(metric.score(both), expected), name
        assert same(metric.score(OutlineCounts.from_dict(json.loads(json.dumps(both.as_dict())))), expected), name


def test_pooled_is_that_of_its_family() -> None:
    pairs = [(TRUTH["a"], squares(3, 6)), (TRUTH["b"], squares(5))]
    both = pool([measure(*pair, conventions=BOTH) for pair in pairs])
    overlaps = counts.pool([counts.measure(*pair, conventions=Conventions(at=0.75)) for pair in pairs])
    boundaries = surfaces.pool(
        [surfaces.measure(*pair, conventions=BoundaryConventions(tolerance=0.5)) for pair in pairs]
    )
    for name, metric in METRICS.items():
        expected = INSTANCES[name].score(overlaps) if name in INSTANCES else BOUNDARIES[name].score(boundaries)
        assert same(metric.score(both), expected), name


def test_surfaces_are_measured_only_where_it_is_said_how() -> None:
    plain = measure(TRUTH["a"], TRUTH["a"], conventions=OutlineConventions())
    assert plain.surfaces is None
    assert plain.as_dict()["surfaces"] is None
    assert "surfaces:" not in str(OutlineConventions())
    assert "surfaces: tolerance 0.5 µm" in str(BOTH)
    with pytest.raises(ConventionError, match="Hausdorff distance needs surfaces"):
        METRICS["hausdorff"].score(plain)


def test_conventions_are_those_of_both() -> None:
    assert OutlineConventions.from_dict(BOTH.as_dict()) == BOTH
    assert OutlineConventions.as_in("kaggle").closed is False
    with pytest.raises(ConventionError):
        OutlineConventions(boundaries={"tolerance": -1})
    with pytest.raises(ConventionError):
        OutlineConventions(boundaries={"far": 1})


def test_a_challenge_shows_both_and_one_pixel_costs_an_overlap_more_than_a_surface(tmp_path: Path) -> None:
    text = TEXT + "  - normalised_surface_distance\n"
    with pytest.raises(
        ChallengeFileError, match="normalised_surface_distance needs conventions; write, to begin with: b"
    ):
        parse_challenge(text)
    challenge = write_challenge(tmp_path, text + "conventions: {boundaries: {tolerance: 1}}\n")
    review = check_challenge(challenge)
    assert "no-boundary-metric" not in {pitfall.code for pitfall in review.pitfalls}
    shifted = review.controls["public"]["shifted"].scores
    assert shifted["normalised_surface_distance"] == 1
    assert shifted["panoptic_quality"] < 0.8
    assert score(challenge, "public", {}).scores["normalised_surface_distance"] == 0


def test_an_ignored_region_has_no_surface() -> None:
    truth, prediction = np.zeros((2, 20, 20), np.uint8)
    truth[2:8, 2:8] = prediction[2:8, 2:8] = 1
    truth[:, 12:] = 9
    prediction[10:14, 14:18] = 2
    conventions = OutlineConventions(ignore=9, boundaries={})
    found = measure(truth, prediction, conventions=conventions)
    assert METRICS["hausdorff"].score(found) == 0
    assert METRICS["mean_object_boundary_f"].score(found) == 1
    assert METRICS["f1"].score(found) == 1
    seen = measure(truth, prediction, conventions=OutlineConventions(boundaries={}))
    assert METRICS["hausdorff"].score(seen) > 5


def test_objects_end_at_the_edge_of_an_ignored_region() -> None:
    truth, prediction = np.zeros((2, 20, 20), np.uint8)
    truth[2:8, 2:10], truth[2:8, 10:] = 1, 9
    prediction[2:8, 2:16] = 3
    found = measure(truth, prediction, conventions=OutlineConventions(ignore=9, boundaries={"tolerance": 0}))
    assert METRICS["normalised_surface_distance"].score(found) == 1
