"""The reference pages of the settings and of the command line are current."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from bioimagehub.hub.cli import make_parser
from bioimagehub.hub.reference import FOLDER, PAGES, commands_page, settings_page
from bioimagehub.hub.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_current(name: str) -> None:
    renew = "run: python -m bioimagehub.hub.reference"
    assert (ROOT / FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), renew


def test_every_setting_is_described() -> None:
    page = settings_page()
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`{name}" in page


def test_every_command_has_a_section() -> None:
    headings = [line for line in commands_page().splitlines() if line.startswith("## ")]
    (commands,) = [part.choices for part in make_parser()._actions if isinstance(part, argparse._SubParsersAction)]
    assert {"down", "notebooks", "samples", "up", "users"} <= set(commands)
    for command in commands:
        assert any(heading.startswith(f"## `bioimagehub {command}") for heading in headings), command
    assert "## `bioimagehub samples build`" in headings


def test_arguments_and_choices_are_shown() -> None:
    page = commands_page()
    assert "bioimagehub users {add,list,password,remove,reset} [NAME ...] [--settings FILE]" in page
    assert "| `--settings FILE` | settings file (YAML)" in page


def test_the_page_does_not_depend_on_who_writes_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = commands_page()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.chdir(tmp_path)
    assert commands_page() == before
