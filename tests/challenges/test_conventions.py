from __future__ import annotations

import json
from fractions import Fraction
from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges import Conventions
from bioimagehub.challenges.conventions import parse_threshold
from bioimagehub.challenges.errors import ConventionError, ThresholdError

TEN = [Fraction(k, 20) for k in range(10, 20)]


def test_default() -> None:
    conventions = Conventions()
    assert list(conventions.fractions) == TEN
    assert conventions.at == Fraction(1, 2)
    assert conventions.closed
    assert isnan(conventions.empty_value)


@pytest.mark.parametrize(
    "written",
    [
        np.arange(0.5, 1, 0.05),
        np.linspace(0.5, 0.95, 10),
        np.linspace(0.5, 0.95, 10, dtype=np.float32),
        [0.5 + 0.05 * k for k in range(10)],
        [*reversed(TEN), 0.5],
    ],
)
def test_however_the_ten_thresholds_are_written(written: list[float]) -> None:
    assert list(Conventions(thresholds=tuple(written)).fractions) == TEN


@given(st.fractions(min_value=0, max_value=1, max_denominator=1000))
def test_short_fractions_survive_as_floats(threshold: Fraction) -> None:
    assert parse_threshold(threshold) == threshold
    assert parse_threshold(float(threshold)) == threshold
    assert parse_threshold(np.float32(float(threshold))) == threshold


@pytest.mark.parametrize("threshold", [-0.1, 1.1, 50, nan, inf, -inf])
def test_threshold_out_of_range(threshold: float) -> None:
    with pytest.raises(ThresholdError, match=r"Expected a number from 0 to 1, such as 0.5"):
        parse_threshold(threshold)


def test_threshold_of_too_many_places() -> None:
    with pytest.raises(ThresholdError, match=r"a denominator of at most 1,000 is expected. Round it to three decimals"):
        parse_threshold(0.51234)


def test_single_threshold_has_to_be_one_of_the_thresholds() -> None:
    with pytest.raises(ConventionError, match=r"wanted at IoU 0.5, which is not among the thresholds \(0.6, 0.7\)"):
        Conventions(thresholds=(0.6, 0.7))
    assert Conventions(thresholds=(0.6, 0.7), at=0.7).at == Fraction(7, 10)


def test_no_threshold() -> None:
    with pytest.raises(ConventionError, match=r"thresholds \(none\). Add it to thresholds"):
        Conventions(thresholds=())


def test_unknown_policy() -> None:
    with pytest.raises(ConventionError, match=r"no policy 'skip' .* Choose one of nan, one, zero"):
        Conventions(empty="skip")  # type: ignore[arg-type]


def test_thresholds_that_match_all_or_nothing() -> None:
    with pytest.raises(ThresholdError, match="closed=False"):
        Conventions(thresholds=(0, 0.5))
    with pytest.raises(ThresholdError, match="closed=True"):
        Conventions(thresholds=(0.5, 1), closed=False)


@pytest.mark.parametrize(
    ("conventions", "said"),
    [
        (Conventions(), "IoU ≥ t at 0.5, 0.55, 0.6,"),
        (Conventions(closed=False), "IoU > t"),
        (Conventions(at=0.75), "single-threshold scores at 0.75"),
        (Conventions(empty="nan"), "has no score and is left out of means"),
        (Conventions(empty="one"), "scores 1"),
        (Conventions(empty="zero"), "scores 0"),
        (Conventions(), "bioimagehub 0."),
        (Conventions(ignore=255), "pixels of the truth label 255 are left out; "),
        (Conventions(ignore=255, excuse=True), "left out, and unmatched objects that lie mostly there; "),
    ],
)
def test_all_is_said(conventions: Conventions, said: str) -> None:
    assert said in str(conventions)


def test_equal_conventions_are_equal() -> None:
    assert Conventions(thresholds=(0.5, 0.7)) == Conventions(thresholds=(Fraction(7, 10), Fraction(1, 2)))
    assert len({Conventions(), Conventions(closed=False), Conventions()}) == 2


def test_conventions_come_back_from_json() -> None:
    conventions = Conventions(
        thresholds=(Fraction(2, 3), 0.5), at=Fraction(2, 3), closed=False, empty="one", ignore=2**40, excuse=True
    )
    written = json.loads(json.dumps(conventions.as_dict()))
    assert written["thresholds"] == ["1/2", "2/3"]
    assert Conventions.from_dict(written) == conventions
    old = Conventions.from_dict(written | {"version": "0.0.1"})
    assert old.version == "0.0.1"
    assert "bioimagehub 0.0.1" in str(old)


def test_unknown_field() -> None:
    with pytest.raises(ConventionError, match=r"have no field open. Expected some of at, closed, empty"):
        Conventions.from_dict({"open": True})


def test_threshold_that_is_no_number() -> None:
    with pytest.raises(ThresholdError, match=r"threshold 'half' is no number. Expected a fraction such as '7/10'"):
        Conventions.from_dict({"thresholds": ["half"]})


def test_conventions_of_others() -> None:
    assert Conventions.as_in("stardist") == Conventions(empty="zero")
    assert Conventions.as_in("kaggle") == Conventions(closed=False, empty="zero")
    assert Conventions.as_in("coco") == Conventions(closed=False, excuse=True)
    with pytest.raises(ConventionError, match=r"no conventions of 'voc'. These are known: cellpose, coco, hovernet,"):
        Conventions.as_in("voc")


@pytest.mark.parametrize("label", [0, -1])
def test_background_cannot_be_ignored(label: int) -> None:
    with pytest.raises(ConventionError, match=rf"label {label} cannot be ignored: .* a label of its own"):
        Conventions(ignore=label)
