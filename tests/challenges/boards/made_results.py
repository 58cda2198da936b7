"""Results of made-up entries, with statistics that a scorer could have counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.case_results import CaseResult, Result
from bioimagehub.challenges.challenge import Challenge, parse_challenge
from bioimagehub.challenges.scoring import aggregate

if TYPE_CHECKING:
    from collections.abc import Mapping

METRICS = """\
  - panoptic_quality
  - {metric: f1, aggregate: pooled}
  - {metric: average_precision, aggregate: median, weight: 0}
"""
TEXT = """\
name: nuclei
title: Nuclei in tissue
summary: Find the nuclei.
task: instance_segmentation
licence: CC0-1.0
organisers:
  - name: Ada Example
citation:
  - {text: "Example et al., A set of nuclei.", doi: 10.1234/nuclei}
data:
  entries:
    - identifier: samples:bbbc038-nuclei
      version: "1"
splits:
  test:
    hidden: HIDDEN
    truth: {folder: truth}
    cases:
CASES
phases:
  - name: final
    split: test
metrics:
METRICS
"""


def make_challenge(cases: int = 24, *, hidden: bool = False, metrics: str = METRICS) -> Challenge:
    """A challenge whose cases lie side by side; two of three are of the staining DAPI."""
    lines = [
        f'      - {{id: case-{at:02}, entry: "samples:bbbc038-nuclei", selection: {{x: [{at}, {at + 1}]}}, '
        f"strata: {{staining: {'H&E' if at % 3 == 0 else 'DAPI'}}}}}"
        for at in range(cases)
    ]
    text = TEXT.replace("CASES", "\n".join(lines)).replace("METRICS\n", metrics)
    return parse_challenge(text.replace("HIDDEN", str(hidden).lower()))


def make_tally(challenge: Challenge, skill: float, objects: int, rng: np.random.Generator) -> Any:
    """Measure a case of objects in a line each, of which a method finds a part, and more of each the better it is."""
    truth = np.zeros((objects, 22), np.int64)
    truth[:, 1:21] = np.arange(1, objects + 1)[:, None]
    lengths = np.clip(np.round(20 * (skill + rng.normal(0, 0.1, objects))), 0, 20)
    lengths[rng.random(objects) > skill + 0.1] = 0
    prediction = np.where(np.arange(-1, 21) < lengths[:, None], truth, 0)
    return challenge.rules.measure(truth, prediction, conventions=challenge.conventions)


def make_result(
    challenge: Challenge,
    tallies: Mapping[str, Any],
    split: str = "test",
) -> Result:
    """Score statistics as the scorer does; None is a case without a prediction."""
    metrics = challenge.rules.METRICS
    cases = {}
    for name, one in tallies.items():
        scores = {
            ranked.metric: float(metrics[ranked.metric].WORST if one is None else metrics[ranked.metric].score(one))
            for ranked in challenge.metrics
        }
        cases[name] = CaseResult(None if one is None else one.as_dict(), scores, f"sha256:{name}")
    scores = {ranked.metric: aggregate(challenge, ranked, cases) for ranked in challenge.metrics}
    key = f"sha256:{sum(scores.values())}"
    return Result(challenge.name, split, cases, scores, {}, str(challenge.conventions), {}, key)


def make_results(challenge: Challenge, skills: Mapping[str, float], seed: int = 0) -> dict[str, Result]:
    """Results of entries of given skill, from 0 to 1, on cases that are hard or easy for all."""
    rng = np.random.default_rng(seed)
    names = [case.id for case in challenge.splits["test"].cases]
    ease, objects = rng.normal(0, 0.12, len(names)), rng.integers(20, 80, len(names))
    results = {}
    for entry, skill in skills.items():
        parts = np.clip(skill + ease + rng.normal(0, 0.04, len(names)), 0, 1)
        results[entry] = make_result(
            challenge,
            {
                name: make_tally(challenge, part, int(n), rng)
                for name, part, n in zip(names, parts, objects, strict=True)
            },
        )
    return results


def make_probe(challenge: Challenge, empty: set[str], predicted: Mapping[str, bool | None]) -> Result:
    """Result of someone who predicts nothing (False), an object in the wrong place (True), or leaves out (None)."""
    there, elsewhere, nothing = np.array([[0, 1, 0, 0]]), np.array([[0, 0, 0, 1]]), np.array([[0, 0, 0, 0]])
    tallies = {
        name: None
        if what is None
        else challenge.rules.measure(
            nothing if name in empty else there, elsewhere if what else nothing, conventions=challenge.conventions
        )
        for name, what in predicted.items()
    }
    return make_result(challenge, tallies)
