from __future__ import annotations

import dataclasses
import inspect
from math import inf, isnan
from pathlib import Path

import pytest

from bioimagehub.challenges.metrics import find_metric
from bioimagehub.challenges.metrics.tracks import METRICS
from bioimagehub.challenges.tracks import TrackCounts

PAGES = Path(__file__).resolve().parents[3] / "docs" / "reference" / "metrics"
each_metric = pytest.mark.parametrize("name", METRICS)


@each_metric
def test_shape_of_a_metric(name: str) -> None:
    metric = find_metric("tracks", name)
    assert (metric.UNIT, metric.VERSION) == ("1", 1)
    told = (metric.BETTER, metric.BEST, metric.WORST)
    assert told == (("lower", 0, inf) if name == "aogm" else ("higher", 1, 0))
    assert list(inspect.signature(metric.score).parameters) == ["counts"]


@each_metric
def test_page_of_a_metric(name: str) -> None:
    page = f"{name.replace('_', '-')}.md"
    assert (PAGES / page).read_text().startswith(f"# {METRICS[name].TITLE.split(',')[0]}")
    assert f"({page})" in (PAGES / "index.md").read_text()


@each_metric
def test_no_counts_say_nothing(name: str) -> None:
    score = METRICS[name].score(TrackCounts())
    assert score == 0 if name == "aogm" else isnan(score)


def test_one_part_of_a_mean_is_missing() -> None:
    """No division and no cycle: BIO is the mean of CT and TF. No outlines: no OP_CSB."""
    counts = TrackCounts(nodes=4, edges=2, tracks=2, predicted_tracks=2, complete=1, detected=2, fraction_sum=1.5)
    assert METRICS["bio"].score(counts) == (0.5 + 0.75) / 2
    assert METRICS["op_clb"].score(counts) == (1 + 0.625) / 2
    assert isnan(METRICS["op_csb"].score(counts))


@pytest.mark.parametrize(
    ("cycles", "predicted", "expected"),
    [
        ((0, 1), (0, 1), 1),
        ((0, 0, 1), (1,), 0),
        ((2, 0, 2), (0, 1, 0, 1), 0.5),
        ((1, 1, 1, 1), (0, 2, 2), 0.75),
        ((3,), (), 0),
        ((3,), (0, 0), 0),
    ],
)
def test_cell_cycles_by_hand(cycles: tuple[int, ...], predicted: tuple[int, ...], expected: float) -> None:
    """Third: 1/2, 1/2, 1, 1 and 0, 1/2, 1/2, 1. Fourth: 1/4, 1/2, 3/4, 1 and 0, 1/2, 1, 1."""
    assert METRICS["cca"].score(TrackCounts(cycles=cycles, predicted_cycles=predicted)) == expected


def test_costs_have_an_upper_bound() -> None:
    counts = TrackCounts(nodes=1, predicted_nodes=1000, edges=1, fn=1, fp=1000, ed=10, ea=1)
    assert METRICS["det"].score(counts) == METRICS["tra"].score(counts) == METRICS["lnk"].score(counts) == 0
    assert METRICS["aogm"].score(counts) == 10 + 1000 + 10 + 1.5


def test_every_count_is_told() -> None:
    doc = inspect.getdoc(TrackCounts) or ""
    for field in dataclasses.fields(TrackCounts):
        assert field.name in doc
