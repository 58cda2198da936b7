"""The scorer: predictions and truth in, scores out. The same code runs in a notebook and on the hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import metadata
from math import fsum, inf, isnan, nan
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.case_results import CaseResult, Result
from bioimagehub.challenges.digests import digest_data, digest_json
from bioimagehub.challenges.errors import ChallengeDataError, ChallengeError, SubmissionError, TruthError
from bioimagehub.challenges.kinds import find_fault
from bioimagehub.challenges.truth import open_truth

if TYPE_CHECKING:
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Case, Ranked
    from bioimagehub.challenges.truth import TruthSource

Predictions = Mapping[str, Any] | Callable[[str], Any]
LIBRARIES = ("bioimagehub", "numpy", "scipy", "scikit-image", "scikit-learn")
LISTED = 20
LENGTH, PIXEL = "µm", "px"
MISSING = "there is no prediction"


def score(
    challenge: Challenge,
    split: str,
    predictions: Predictions,
    truth: TruthSource | None = None,
    *,
    known: Mapping[str, CaseResult] | None = None,
) -> Result:
    """Score predictions of a split.

    Parameters
    ----------
    challenge : Challenge
    split : str
        The name of the split.
    predictions : mapping or callable
        The prediction of each case by its name, in the form of the kind of the challenge; None or no item where
        there is none. One is in memory at a time, if the mapping or the function loads them so.
    truth : TruthSource, optional
        The truth; by default `open_truth` of the split.
    known : mapping of str to CaseResult, optional
        Results of earlier runs by their keys, such as ``result.known()``. A case whose key is among them is
        not scored again.

    Returns
    -------
    Result
        The same for the same input, to the last bit. A case without a prediction, or with one that cannot be scored,
        counts the worst value of each metric; `Result.problems` says why.

    Raises
    ------
    UnknownSplitError
        If there is no such split.
    SubmissionError
        If a prediction is of no case; or if one in a dict, which is in memory already, is of another type than the
        challenge asks for.
    TruthError, ChallengeDataError
        If the truth cannot be had.
    """
    cases = challenge.find_split(split).cases
    _check_predictions(challenge, split, predictions)
    source = open_truth(challenge, split) if truth is None else truth
    environment = scoring_environment()
    rules = _describe_rules(challenge, environment)
    results, sized = {}, True
    for case in cases:
        spacing = source.spacing(case)
        sized &= spacing is not None
        results[case.id] = _score_case(challenge, case, predictions, source, rules, known or {}, spacing)
    scores = {ranked.metric: aggregate(challenge, ranked, results) for ranked in challenge.metrics}
    left_out = {
        ranked.metric: 0
        if ranked.aggregate == "pooled"
        else sum(isnan(one.scores[ranked.metric]) for one in results.values())
        for ranked in challenge.metrics
    }
    key = digest_json(
        {
            "challenge": challenge.name,
            "split": split,
            "metrics": [ranked.model_dump() for ranked in challenge.metrics],
            "cases": [one.key for one in results.values()],
        }
    )
    metrics = challenge.rules.METRICS
    units = {name: PIXEL for name in scores if metrics[name].UNIT == LENGTH and not sized}
    return Result(challenge.name, split, results, scores, left_out, str(challenge.conventions), environment, key, units)


def _check_predictions(challenge: Challenge, split: str, predictions: Predictions) -> None:
    """Refuse what is of no case, and, of what is in memory already, what is of another type."""
    if not isinstance(predictions, Mapping):
        if callable(predictions):
            return
        msg = (
            f"The predictions are of the type {type(predictions).__name__}. Expected a mapping of the ids of cases to "
            "predictions, or a function. Give a dict, or what open_predictions returns."
        )
        raise SubmissionError(msg)
    known = [case.id for case in challenge.find_split(split).cases]
    strange = sorted(str(name) for name in set(predictions) - set(known))
    if strange:
        msg = (
            f"There are predictions of {', '.join(strange[:5])}, which are no cases of the split {split!r}. Expected "
            f"some of {', '.join(sorted(known)[:20])}. Use the ids of the challenge."
        )
        raise SubmissionError(msg)
    if isinstance(predictions, dict):
        _check_types(challenge, predictions)


def _check_types(challenge: Challenge, predictions: Mapping[str, Any]) -> None:
    faults = {name: _find_fault(challenge, data) for name, data in predictions.items() if data is not None}
    listed = [f"{name}: {fault}" for name, fault in faults.items() if fault]
    if listed:
        more = [f"and {len(listed) - LISTED} more"] if len(listed) > LISTED else []
        msg = "\n  ".join(["These predictions cannot be scored:", *listed[:LISTED], *more])
        raise SubmissionError(msg)


def _find_fault(challenge: Challenge, prediction: Any) -> str | None:
    fault = find_fault(prediction, challenge.kind)
    return None if fault is None else f"{fault[0]}. Expected {fault[1]}. {fault[2]}"


def aggregate(challenge: Challenge, ranked: Ranked, results: Mapping[str, CaseResult]) -> float:
    """Return one number for all cases, or for some of them.

    The mean and the median leave out cases with NaN, and are NaN if nothing is left. With infinite scores
    the worst wins, so that a missing case is never outweighed. Pooled, a case without statistics makes
    the whole the worst: there is nothing that it could be pooled by.

    Parameters
    ----------
    challenge : Challenge
    ranked : Ranked
        The metric and how it is aggregated.
    results : mapping of str to CaseResult
    """
    metric = challenge.rules.METRICS[ranked.metric]
    if ranked.aggregate == "pooled":
        tallies = [one.tally for one in results.values()]
        if not tallies or None in tallies:
            return float(metric.WORST)
        pooled = challenge.rules.pool(
            [challenge.rules.Tally.from_dict(tally) for tally in tallies if tally is not None]
        )
        return float(metric.score(pooled))
    values = [value for one in results.values() if not isnan(value := one.scores[ranked.metric])]
    if not values:
        return nan
    worst = -inf if metric.BETTER == "higher" else inf
    if worst in values:
        return worst
    if ranked.aggregate == "median":
        return float(median(values))
    return -worst if -worst in values else fsum(values) / len(values)


def scoring_environment() -> dict[str, str]:
    """Return the versions of the libraries on which scores depend."""
    return {name: metadata.version(name) for name in LIBRARIES}


def _describe_rules(challenge: Challenge, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return all that the numbers of a case depend on and that is the same for all cases."""
    metrics = {ranked.metric: challenge.rules.METRICS[ranked.metric].VERSION for ranked in challenge.metrics}
    return {
        "task": challenge.task,
        "metrics": metrics,
        "conventions": challenge.conventions.as_dict(),
        "environment": dict(environment),
    }


def _score_case(
    challenge: Challenge,
    case: Case,
    predictions: Predictions,
    source: TruthSource,
    rules: Mapping[str, Any],
    known: Mapping[str, CaseResult],
    spacing: tuple[float, ...] | None,
) -> CaseResult:
    try:
        prediction = predictions(case.id) if callable(predictions) else predictions.get(case.id)
        problem = MISSING if prediction is None else None
        if prediction is not None and not isinstance(prediction, np.ndarray):
            # Of an array the measure of the task says more.
            problem = _find_fault(challenge, prediction)
            prediction = prediction if problem is None else None
        digest = None if prediction is None else digest_data(prediction)
    except (ChallengeDataError, TruthError):
        # Of the organiser, such as of a control that is made of the images: no fault of a prediction.
        raise
    except ChallengeError as error:
        prediction, digest, problem = None, None, str(error)
    key = digest_json(
        {
            "case": case.id,
            "data": source.version(case),
            "spacing": spacing,
            "truth": source.digest(case),
            "prediction": digest or problem,
            **rules,
        }
    )
    if key in known:
        return known[key]
    task, metrics = challenge.rules, [ranked.metric for ranked in challenge.metrics]
    if prediction is not None:
        truth = source.load(case)
        try:
            tally = task.measure(truth, prediction, conventions=challenge.conventions, spacing=spacing, name=case.id)
        except ChallengeError as error:
            problem = str(error)
        else:
            scores = {name: float(task.METRICS[name].score(tally)) for name in metrics}
            return CaseResult(tally.as_dict(), scores, key)
    return CaseResult(None, {name: float(task.METRICS[name].WORST) for name in metrics}, key, problem)
