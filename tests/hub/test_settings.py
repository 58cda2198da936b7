"""Settings: what is taken, and what is said of what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.hub.errors import SettingsError
from bioimagehub.hub.settings import Settings, load_settings, parse_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_an_empty_file_means_the_defaults() -> None:
    assert parse_settings(None, "x") == Settings()


def test_values_are_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("port: 8123\nservers:\n  memory: 3G\nusers: [ann, bob]\n")
    settings = load_settings(path)
    assert settings.port == 8123
    assert settings.servers.memory == 3_000_000_000
    assert settings.users == ["ann", "bob"]


def test_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = parse_settings({"catalogs": ["a.yml"], "notebooks": "nb", "state": "s"}, "x")
    assert (settings.catalogs, settings.notebooks, settings.state) == (
        [tmp_path / "a.yml"], tmp_path / "nb", tmp_path / "s",
    )  # fmt: skip


def test_the_environment_names_file_and_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIOIMAGEHUB_SETTINGS", raising=False)
    monkeypatch.setenv("BIOIMAGEHUB_STATE", str(tmp_path))
    assert load_settings().state == tmp_path
    (tmp_path / "settings.yaml").write_text("port: 8200\n")
    assert load_settings().port == 8200
    other = tmp_path / "other.yaml"
    other.write_text("port: 8300\n")
    monkeypatch.setenv("BIOIMAGEHUB_SETTINGS", str(other))
    assert load_settings().port == 8300


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"prot": 1}, ["prot: there is no such setting", "did you mean 'port'?"]),
        ({"servers": {"memroy": "1G"}}, ["servers.memroy", "did you mean 'memory'?"]),
        ({"oauth": {"foo": 1, "provider": "github"}}, ["oauth.foo", "known here: ", "callback_url", "oauth.client_id"]),
        ({"xyzzy": 1}, ["known here: ", "clusters", "users"]),
        ({"port": 99999}, ["port: ", "65535", "99999"]),
        ({"users": ["Ann Smith"]}, ["users.0", "1 to 31 of a-z", "Ann Smith"]),
        ({"servers": {"memory": "much"}}, ["servers.memory", "much"]),
        ({"port": 18081}, ["uses a port for two things: 18081"]),
        ({"port": "x", "prot": 2}, ["2 of the settings are", "port: ", "prot: "]),
        (["port"], ["expected names with values, found list"]),
        (
            {
                "oauth": {
                    "provider": "github", "client_id": "a", "client_secret_file": "/x", "callback_url": "https://x",
                }
            },
            ["allows nobody", "allowed_users"],
        ),
    ],
)  # fmt: skip
def test_each_problem_is_named_with_what_to_do(values: object, parts: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(values, "hub.yaml")
    for part in ["hub.yaml", *parts]:
        assert part in str(caught.value)
    assert "docs/reference/settings.md" in str(caught.value) or "name: value" in str(caught.value)


@pytest.mark.parametrize("content", [b"port: [1", b"\xff\xfe\x00", b"a: b: c"])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"not YAML(.|\n)*Correct the file"):
        load_settings(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no\.yaml: No such file.*Check the path"):
        load_settings(tmp_path / "no.yaml")


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_anything_else_is_a_settings_error(values: object) -> None:
    try:
        parse_settings(values, "x")
    except SettingsError as error:
        assert "x" in str(error)  # noqa: PT017 (most values are wrong, the empty ones are not)


def test_settings_in_force_can_be_read_back() -> None:
    settings = parse_settings({"servers": {"memory": "2G", "cpus": 0.5}, "users": ["ann"]}, "x")
    assert parse_settings(settings.model_dump(mode="json"), "x") == settings
