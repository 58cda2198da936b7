"""The reference page of the settings is current."""

from __future__ import annotations

from pathlib import Path

from bioimagehub.hub.reference import settings_page
from bioimagehub.hub.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_page_is_current() -> None:
    renew = f"run: python -m bioimagehub.hub.reference {PAGE.relative_to(PAGE.parents[2])}"
    assert PAGE.read_text(encoding="utf-8") == settings_page(), renew


def test_every_setting_is_described() -> None:
    page = settings_page()
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`{name}" in page
