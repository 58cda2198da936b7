from __future__ import annotations

from pathlib import Path

from bioimagehub.challenges.challenge import Challenge
from bioimagehub.challenges.reference_page import SECTIONS, describe_attributes, format_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "challenge-file.md"


def test_the_page_is_current() -> None:
    command = "python -m bioimagehub.challenges.reference_page > docs/reference/challenge-file.md"
    assert PAGE.read_text(encoding="utf-8") == format_page(), f"the model changed; run: {command}"


def test_every_key_is_described() -> None:
    for _, _, model in SECTIONS:
        assert set(model.model_fields) <= set(describe_attributes(model)), model.__name__


def test_every_part_has_a_section() -> None:
    told = {model.__name__ for _, _, model in SECTIONS}
    assert set(Challenge.model_json_schema()["$defs"]) <= told
