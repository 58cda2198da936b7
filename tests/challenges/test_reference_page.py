from __future__ import annotations

from bioimagehub.challenges.challenge import Challenge
from bioimagehub.challenges.reference_page import FILE, SECTIONS, describe_attributes, write_page


def test_the_page_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == write_page(), "python -m bioimagehub.challenges.reference_page renews it"


def test_every_key_is_described() -> None:
    for _, _, model in SECTIONS:
        assert set(model.model_fields) <= set(describe_attributes(model)), model.__name__


def test_every_part_has_a_section() -> None:
    told = {model.__name__ for _, _, model in SECTIONS}
    assert set(Challenge.model_json_schema()["$defs"]) <= told
