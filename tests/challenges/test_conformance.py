"""The table of edge cases that ships with the package, under all conventions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges import Conventions, errors
from bioimagehub.challenges.conformance import HERE, ConformanceCase, load_cases
from bioimagehub.challenges.conventions import REFERENCES
from bioimagehub.challenges.counts import Counts, measure
from bioimagehub.challenges.errors import UnknownMetricError
from bioimagehub.challenges.metrics import find_metric

if TYPE_CHECKING:
    from fractions import Fraction

CASES = load_cases("instances")
SCORED = [case for case in CASES if case.expected]
REFUSED = [case for case in CASES if case.refused]
each_convention = pytest.mark.parametrize("convention", [HERE, *sorted(REFERENCES)])


def by_name(case: ConformanceCase) -> str:
    return case.name


def conventions_of(case: ConformanceCase, name: str) -> Conventions:
    conventions = Conventions() if name == HERE else Conventions.as_in(name)
    return replace(conventions, ignore=case.ignore)


def number(exact: int | Fraction | None) -> float:
    return nan if exact is None else float(exact)


def counted(counts: Counts) -> tuple[int, int, int]:
    return int(counts.tp[counts.at]), int(counts.fp[counts.at]), int(counts.fn[counts.at])


@each_convention
@pytest.mark.parametrize("case", SCORED, ids=by_name)
def test_scores(case: ConformanceCase, convention: str) -> None:
    counts = measure(case.truth, case.prediction, conventions=conventions_of(case, convention))
    expected = dict(case.expected[convention])
    tp, fp, fn = (expected.pop(name) for name in ("tp", "fp", "fn"))
    assert counted(counts) == (tp, fp, fn)
    found = {name: find_metric("instances", name).score(counts) for name in expected}
    assert found == pytest.approx({name: number(value) for name, value in expected.items()}, abs=1e-12, nan_ok=True)


@each_convention
@pytest.mark.parametrize("case", SCORED, ids=by_name)
def test_what_follows_from_the_counts(case: ConformanceCase, convention: str) -> None:
    counts = measure(case.truth, case.prediction, conventions=conventions_of(case, convention))
    expected = case.expected[convention]
    if expected["panoptic_quality"] is None:
        return
    tp, fp, fn = counted(counts)
    score = {name: find_metric("instances", name).score(counts) for name in ("precision", "recall", "f1")}
    assert score["precision"] == (tp / (tp + fp) if tp + fp else 0)
    assert score["recall"] == (tp / (tp + fn) if tp + fn else 0)
    assert score["f1"] == pytest.approx(2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0)
    if tp == 1:
        iou = number(expected["matched_iou"])
        assert find_metric("instances", "matched_dice").score(counts) == pytest.approx(2 * iou / (1 + iou))


@pytest.mark.parametrize("case", REFUSED, ids=by_name)
def test_what_is_refused(case: ConformanceCase) -> None:
    assert case.refused is not None
    with pytest.raises(getattr(errors, case.refused), match=r"Expected"):
        measure(case.truth, case.prediction, conventions=Conventions())


def test_table_is_complete() -> None:
    assert len(SCORED) >= 40
    assert all(set(case.expected) == {HERE, *REFERENCES} for case in SCORED)
    assert all(bool(case.expected) != bool(case.refused) for case in CASES)
    assert Counter(case.name for case in CASES).most_common(1)[0][1] == 1
    assert {case.truth.ndim for case in CASES} == {2, 3}
    assert max(int(case.truth.max()) for case in SCORED) == 2**62
    assert {case.truth.dtype for case in CASES} >= {np.dtype("uint32"), np.dtype("int64"), np.dtype("bool")}


def test_conventions_differ_somewhere() -> None:
    """A switch that changes nothing in the table would be of no use."""
    told = {name: [case.expected[name] for case in SCORED] for name in (HERE, "stardist", "kaggle", "coco", "hovernet")}
    assert all(told[one] != told[other] for one in told for other in told if one != other)


def test_unknown_family() -> None:
    with pytest.raises(UnknownMetricError, match=r"no table of edge cases for 'dice'. These exist: .*instances"):
        load_cases("dice")
