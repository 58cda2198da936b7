"""The contract of answers: which items, which fields, and numbers where they are scored as numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.submissions import Caps, Expected, check_files, write_files
from bioimagehub.challenges.submissions.contracts import expect

CHALLENGES = Path(__file__).parents[3] / "notebooks" / "challenges"


def check(values: dict[str, Any], folder: Path, **contract: Any) -> str:
    """What is said of a table of answers to the case a."""
    expected = {"a": Expected("a", "values", **contract)}
    folder.mkdir(exist_ok=True)
    write_files({"a": values}, folder / "s", expected, ("csv",), ".csv")
    return str(check_files(folder / "s", expected, ("csv",), Caps()))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"objects": "<script>"}, "the answer to the item objects is <script>. Expected a finite number of at least 0"),
        ({"objects": -1.0}, "the answer to the item objects is -1.0. Expected a finite number of at least 0"),
        ({"objects": 3.0, "cells": 4.0}, "1 items are not asked for: cells. Expected each of 1 items once"),
        ({"objects/low": 3.0}, "the item objects has the fields low. Expected one number"),
        ({"objects": 3.0, "objects/value": 4.0}, "an answer is given twice.*Leave one out"),
    ],
)
def test_a_count_is_one_number(data: dict[str, Any], told: str, tmp_path: Path) -> None:
    contract: dict[str, Any] = {"items": frozenset({"objects"}), "fields": ("value",), "lowest": 0.0}
    report = check(data, tmp_path, **contract)
    assert "1 problem and" in report
    assert re.search(told, report)
    assert "can be scored" in check({"objects": 0.0}, tmp_path / "fine", **contract)


def test_answers_have_the_fields_that_are_scored(tmp_path: Path) -> None:
    fields = ("defocus_u", "defocus_v", "angle")
    fine = {f"m1/{field}": -1.0 for field in fields}
    assert "can be scored" in check(fine, tmp_path, fields=fields)
    report = check(fine | {"m2/angle": 1.0}, tmp_path / "more", fields=fields)
    assert "the item m2 has the fields angle. Expected the fields angle, defocus_u, defocus_v" in report
    wrong = {f"m{number}/angle": 1.0 for number in range(40)}
    assert "20 more answers are wrong" in check(wrong, tmp_path / "wrong", fields=fields)


def test_what_a_challenge_counts_is_one_number_an_image() -> None:
    challenge = load_challenge(CHALLENGES / "counting")
    for expected in expect(challenge, "public").values():
        assert (expected.items, expected.fields, expected.lowest) == (frozenset({"objects"}), ("value",), 0.0)
        assert Expected.from_dict(json.loads(json.dumps(expected.as_dict()))) == expected


def test_a_contract_comes_back_whole() -> None:
    full = Expected("a", "labels", (3, 4), ("y", "x"), (0.5, 0.5), 7, frozenset("pq"), frozenset("r"), ("u",), 0.0, 5)
    for one in (full, Expected("a", "values")):
        assert Expected.from_dict(json.loads(json.dumps(one.as_dict()))) == one
