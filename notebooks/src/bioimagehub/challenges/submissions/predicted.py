"""Holds predictions in memory against their contract, before they are written."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import ChallengeError
from bioimagehub.challenges.formats.found import Found
from bioimagehub.challenges.kinds import TYPES, find_fault
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.submissions.contract import check_claims, check_values
from bioimagehub.challenges.submissions.expected import Caps
from bioimagehub.challenges.submissions.report import Problem

if TYPE_CHECKING:
    from bioimagehub.challenges.submissions.expected import Expected

    Finding = tuple[str, str, str]


def find_problems(predictions: Mapping[str, Any], expected: Mapping[str, Expected]) -> list[Problem]:
    """Find all that the check of a submission would find, case by case. Each is in memory when it is looked at.

    Parameters
    ----------
    predictions : mapping of str to data
    expected : mapping of str to Expected
        The contract of each of them.
    """
    caps = Caps()
    return [
        Problem(case, *finding)
        for case in sorted(predictions)
        for finding in _find_faults(predictions[case], expected[case], caps)
    ]


def _find_faults(data: Any, expected: Expected, caps: Caps) -> list[Finding]:
    fault = find_fault(data, expected.kind)
    if fault is not None:
        return [fault]
    if isinstance(data, Mapping):
        data = flatten(data)
        strange = [item for item, value in data.items() if not _is_answer(value)]
        if strange:
            what = ", ".join(f"{item}: {data[item]!r:.60}" for item in strange[:5])
            return [(f"{len(strange)} answers are none ({what})", "finite numbers or texts", "Answer each item.")]
    elif isinstance(data, Points):
        found = Found(data.coordinates.dtype, data.coordinates.shape, data.axes)
        if findings := check_claims(found, expected, caps):
            return findings
    elif expected.kind in TYPES and expected.kind != "tracks":
        data = np.asarray(data)
        if findings := check_claims(Found(data.dtype, data.shape), expected, caps):
            return findings
    try:
        return check_values(data, expected, caps)[0]
    except ChallengeError as error:
        return [(str(error), f"{expected.kind} that can be read", "Correct it.")]


def flatten(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Write the fields of items as ``item/field``, as a table has them.

    Examples
    --------
    >>> flatten({"a": {"u": 1, "v": 2}, "b": "round"})
    {'a/u': 1, 'a/v': 2, 'b': 'round'}
    """
    found: dict[str, Any] = {}
    for item, value in values.items():
        fields = {f"{item}/{field}": one for field, one in value.items()} if isinstance(value, Mapping) else None
        found |= {str(item): value} if fields is None else fields
    return found


def _is_answer(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return number and isfinite(value)
