"""Settings of the reader layer: from the environment, checked, and all told on one page."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from bioimagehub.catalogs.errors import InvalidReaderSettingsError
from bioimagehub.catalogs.reader.settings import PREFIX, ReaderSettings
from bioimagehub.catalogs.reader.settings_page import format_page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "reader.md"


def test_defaults_without_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = ReaderSettings.from_environment({"PATH": "/bin"})
    assert found == ReaderSettings()
    assert found.cache == tmp_path / "bioimagehub" / "chunks"
    assert (found.connections, found.cache_size, found.cache_largest) == (32, 4 * 1024**3, 64 * 1024**2)


def test_every_setting_can_be_given(tmp_path: Path) -> None:
    given = {
        "CONNECTIONS": "8",
        "CONNECT_TIMEOUT": "1.5",
        "STALL_TIMEOUT": "2",
        "TRIES": "1",
        "PATIENCE": "1e3",
        "CACHE": str(tmp_path),
        "CACHE_SIZE": "500 MB",
        "CACHE_DAYS": "0",
        "CACHE_LARGEST": "4096",
    }
    found = ReaderSettings.from_environment({PREFIX + name: value for name, value in given.items()})
    assert found == ReaderSettings(8, 1.5, 2.0, 1, 1000.0, tmp_path, 500 * 1024**2, 0.0, 4096)
    assert len(given) == len(fields(ReaderSettings))


@pytest.mark.parametrize("text", ["", "none", " None "])
def test_no_cache(text: str) -> None:
    assert ReaderSettings.from_environment({f"{PREFIX}CACHE": text}).cache is None


def test_cache_below_the_home() -> None:
    found = ReaderSettings.from_environment({f"{PREFIX}CACHE": "~/chunks"})
    assert found.cache == Path.home() / "chunks"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("CONNECTIONS", "0", "a number from 1 on"),
        ("CONNECTIONS", "many", "a whole number"),
        ("CONNECTIONS", "1.5", "a whole number"),
        ("STALL_TIMEOUT", "-1", "a number from 0.01 on"),
        ("STALL_TIMEOUT", "nan", "a number from 0.01 on"),
        ("PATIENCE", "inf", "a number from 0.01 on"),
        ("PATIENCE", "2 minutes", "a number"),
        ("CACHE", "chunks", "an absolute path, or 'none' for no cache"),
        ("CACHE_SIZE", "4 GiBi", "a number of bytes, such as 4G or 500M"),
        ("CACHE_SIZE", "-4G", "a number of bytes, such as 4G or 500M"),
    ],
)
def test_bad_value_is_refused(name: str, text: str, expected: str) -> None:
    with pytest.raises(InvalidReaderSettingsError) as caught:
        ReaderSettings.from_environment({PREFIX + name: text})
    assert f"expected {expected}. Correct or unset {PREFIX}{name};" in str(caught.value)
    assert f"{name.lower()} is " in str(caught.value)


def test_unknown_variable_is_refused() -> None:
    with pytest.raises(InvalidReaderSettingsError, match=f"{PREFIX}CACHE, {PREFIX}CACHE_DAYS"):
        ReaderSettings.from_environment({f"{PREFIX}CASH": "1"})


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        ReaderSettings().tries = 3  # type: ignore[misc]


def test_import_is_light() -> None:
    code = "import sys; import bioimagehub.catalogs.reader.settings; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not set(done.stdout.split()) & {"pydantic", "yaml", "platformdirs", "numpy"}


def test_page_is_current() -> None:
    command = "python -m bioimagehub.catalogs.reader.settings_page > docs/reference/reader.md"
    assert PAGE.read_text(encoding="utf-8") == format_page(), f"the settings changed; run: {command}"


def test_page_tells_every_setting() -> None:
    rows = [line.split("|") for line in format_page().splitlines() if line.startswith(f"| `{PREFIX}")]
    assert [row[1].strip() for row in rows] == [f"`{PREFIX}{each.name.upper()}`" for each in fields(ReaderSettings)]
    assert all(len(row) == 5 and len(row[3].strip()) > 20 for row in rows)
