from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from bioimagehub.challenges.boards.pooled import Pooling
from bioimagehub.challenges.boards.sums import find_rules
from bioimagehub.challenges.statistics import resample
from challenges.boards.made_results import make_challenge, make_tally


@dataclass(frozen=True)
class Tally:
    conventions: str
    found: int
    error: float
    longest: float
    shells: tuple[float, ...]
    image: np.ndarray


def pool(tallies: list[Tally]) -> Tally:
    return Tally(
        tallies[0].conventions,
        sum(one.found for one in tallies),
        sum(one.error for one in tallies),
        max(one.longest for one in tallies),
        tuple(map(sum, zip(*(one.shells for one in tallies), strict=True))),
        np.sum([one.image for one in tallies], axis=0),
    )


def make(rng: np.random.Generator) -> Tally:
    return Tally("r = 3", int(rng.integers(9)), rng.random(), rng.random(), tuple(rng.random(3)), rng.random((2, 2)))


def test_rules_are_found() -> None:
    rng = np.random.default_rng(0)
    rules = find_rules([make(rng) for _ in range(7)], pool)
    assert rules == {
        "conventions": "same",
        "found": "sum",
        "error": "sum",
        "longest": "largest",
        "shells": "sum",
        "image": "sum",
    }


def test_one_case_that_is_unlike_all_others_decides() -> None:
    rng = np.random.default_rng(0)
    tallies = [replace(make(rng), longest=1.0) for _ in range(300)]
    tallies[237] = replace(tallies[237], longest=2.0)
    assert find_rules(tallies, pool)["longest"] == "largest"


@pytest.mark.parametrize("strange", ["mean", "concatenated"])
def test_what_does_not_add_up_has_no_rules(strange: str) -> None:
    def other(tallies: list[Tally]) -> Tally:
        one = pool(tallies)
        if strange == "mean":
            return Tally(one.conventions, one.found, one.error / len(tallies), one.longest, one.shells, one.image)
        shells = tuple(value for tally in tallies for value in tally.shells)
        return Tally(one.conventions, one.found, one.error, one.longest, shells, one.image)

    rng = np.random.default_rng(0)
    assert find_rules([make(rng) for _ in range(7)], other) is None


def test_pooled_at_once_is_pooled_one_by_one() -> None:
    challenge = make_challenge(9)
    rng = np.random.default_rng(1)
    rules, metrics = challenge.rules, challenge.rules.METRICS
    tallies = [[make_tally(challenge, skill, 20, rng) for _ in range(9)] for skill in (0.4, 0.8)]
    tallies[1][4] = None
    scores = {name: metrics[name].score for name in ("average_precision", "f1", "panoptic_quality", "precision")}
    pooling = Pooling(tallies, rules.pool, scores, dict.fromkeys(scores, -1.0))
    weights = resample(9, 20, seed=2)
    found = pooling.score(weights, list(scores))
    assert find_rules(tallies[0], rules.pool) is not None
    for sample, weight in enumerate(weights.astype(int)):
        for entry, cases in enumerate(tallies):
            drawn = [case for case, times in zip(cases, weight, strict=True) for _ in range(times)]
            for name, score in scores.items():
                expected = -1.0 if None in drawn else score(rules.pool(drawn))
                assert found[name][sample, entry] == pytest.approx(expected, rel=1e-12, nan_ok=True)
