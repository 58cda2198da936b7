"""Credentials go to the addresses that they are for and to no other, and nothing shows them."""

from __future__ import annotations

import logging
import os
import pickle
import traceback
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.errors import InvalidCredentialsError
from bioimagehub.catalogs.reader.credentials import VARIABLE, Bucket, installed_credentials
from bioimagehub.catalogs.reader.credentials_file import read_credentials

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cr3t-6f1ed002ab"

RULES = f"""
- match: https://example.org/private/
  token: {SECRET}
- match: https://example.org/private/old/
  user: researcher
  password: "{SECRET}: é"
- match: https://data.example.org/
  token_env: DATA_TOKEN
- match: http://127.0.0.1:8080/
  token: here
- match: s3://bucket/
  endpoint: https://minio.example.org/
  region: eu-west-2
  access_key_env: MY_KEY
  secret_key_env: MY_SECRET
- match: s3://open/
  anonymous: true
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "credentials.yml"
    found.write_text(RULES)
    found.chmod(0o600)
    monkeypatch.setenv(VARIABLE, str(found))
    return found


def write(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o600)


def header_for(url: str) -> str | None:
    return installed_credentials().headers(url).get("Authorization")


# ---- which address gets which -----------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/private/image.tif",
        "https://example.org/private/a/b?x=1",
        "HTTPS://Example.ORG/private/image.tif",
        "https://example.org:443/private/image.tif",
        "https://example.org/private/a..b/image%20c.tif?up=/../x",
    ],
)
def test_token_goes_to_what_matches(file: Path, url: str) -> None:
    assert header_for(url) == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/public/image.tif",
        "https://example.org/private",
        "https://example.org/privateer/image.tif",
        "http://example.org/private/image.tif",
        "https://example.org:8443/private/image.tif",
        "https://example.org.evil.example/private/image.tif",
        "https://evil.example/https://example.org/private/image.tif",
        "https://example.org@evil.example/private/image.tif",
        "https://example.org\\@evil.example/private/",
        "https://example.org/private/../public/image.tif",
        "https://example.org/private/%2e%2E/public/image.tif",
        "https://example.org/private/a%2f..%2f..%2fpublic",
        "https://example.org/private/..\\public",
        "https://127.0.0.1:8080/image.tif",
        "http://127.0.0.1:80800/image.tif",
        "ftp://example.org/private/image.tif",
        "/private/image.tif",
        "",
    ],
)
def test_token_goes_nowhere_else(file: Path, url: str) -> None:
    assert header_for(url) is None


def test_longest_match_counts(file: Path) -> None:
    """Source of the form of the header: RFC 7617."""
    assert header_for("https://example.org/private/old/image.tif") == (
        "Basic cmVzZWFyY2hlcjpzM2NyM3QtNmYxZWQwMDJhYjogw6k="
    )


def test_token_of_a_variable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_TOKEN", "first")
    assert header_for("https://data.example.org/1") == "Bearer first"
    monkeypatch.setenv("DATA_TOKEN", " second\n")
    assert header_for("https://data.example.org/1") == "Bearer second"


@pytest.mark.parametrize(
    ("value", "said"), [(None, "is not set"), ("", "is not set"), (f"{SECRET}\r\nX: 1", "is made of")]
)
def test_variable_without_a_token(file: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, said: str) -> None:
    if value is None:
        monkeypatch.delenv("DATA_TOKEN", raising=False)
    else:
        monkeypatch.setenv("DATA_TOKEN", value)
    with pytest.raises(InvalidCredentialsError, match=f"DATA_TOKEN.*{said}.*Set it") as caught:
        header_for("https://data.example.org/1")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_buckets(file: Path) -> None:
    found = installed_credentials()
    assert found.bucket("s3://open/bucket/1") == Bucket("s3://open/", anonymous=True)
    assert found.bucket("s3://bucket/1") == Bucket(
        "s3://bucket/", "https://minio.example.org", "eu-west-2", None, "MY_KEY", "MY_SECRET"
    )
    assert found.bucket("s3://bucket2/1") is None


# ---- the file ---------------------------------------------------------------------


def test_no_file_gives_none(file: Path) -> None:
    file.unlink()
    assert header_for("https://example.org/private/1") is None


def test_file_of_the_user_is_the_default(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bioimagehub.catalogs.reader import credentials

    (tmp_path / "bioimagehub").mkdir()
    file.rename(tmp_path / "bioimagehub" / "credentials.yml")
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    credentials._find_file.cache_clear()
    try:
        assert header_for("https://example.org/private/1") == f"Bearer {SECRET}"
    finally:
        credentials._find_file.cache_clear()


def test_empty_file_gives_none(file: Path) -> None:
    for text in ("", "\n", "[]", "# nothing yet\n"):
        write(file, text)
        assert header_for("https://example.org/private/1") is None


def test_changed_file_is_read_again(file: Path) -> None:
    first = installed_credentials()
    assert installed_credentials() is first
    write(file, RULES.replace(SECRET, "another-token-9"))
    assert header_for("https://example.org/private/1") == "Bearer another-token-9"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o777])
def test_file_that_others_may_read_is_refused(file: Path, mode: int) -> None:
    installed_credentials()
    file.chmod(mode)
    with pytest.raises(InvalidCredentialsError, match=f"mode {mode:o}.*chmod 600 {file}"):
        installed_credentials()


def test_file_of_another_user_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(InvalidCredentialsError, match=f"they belong to user {owner}, not to you.*make one"):
        read_credentials(file)


def test_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(InvalidCredentialsError, match=r"cannot be read: Is a directory.*name another one with"):
        installed_credentials()


WRONG = {
    "http": f"- {{match: 'http://example.org/', token: {SECRET}}}",
    "no-slash": f"- {{match: 'https://example.org', token: {SECRET}}}",
    "user-in-address": f"- {{match: 'https://me:{SECRET}@example.org/', token: x}}",
    "no-match": f"- {{token: {SECRET}}}",
    "no-secret": "- {match: 'https://example.org/'}",
    "two-kinds": f"- {{match: 'https://example.org/', token: {SECRET}, token_env: X}}",
    "number": "- {match: 'https://example.org/', token: 123456}",
    "line-break": f"- {{match: 'https://example.org/', token: \"{SECRET}\\nX: 1\"}}",
    "empty-token": "- {match: 'https://example.org/', token: ''}",
    "no-password": "- {match: 'https://example.org/', user: me}",
    "colon-in-user": f"- {{match: 'https://example.org/', user: 'a:b', password: {SECRET}}}",
    "bad-variable": "- {match: 'https://example.org/', token_env: 'A B'}",
    "unknown-key": f"- {{match: 'https://example.org/', tokn: {SECRET}}}",
    "secret-as-key": f"- {{match: 'https://example.org/', {SECRET}: x}}",
    "bucket-token": f"- {{match: 's3://bucket/', token: {SECRET}}}",
    "bucket-half": "- {match: 's3://bucket/', access_key_env: A}",
    "bucket-two": "- {match: 's3://bucket/', profile: a, anonymous: true}",
    "bucket-endpoint": f"- {{match: 's3://bucket/', endpoint: 'https://me:{SECRET}@x.org'}}",
    "bucket-scheme": "- {match: 's3://bucket/', endpoint: 'ftp://x.org'}",
    "bucket-folder": "- {match: 's3://bucket/folder/', anonymous: true}",
    "bucket-text": "- {match: 's3://bucket/', anonymous: 'yes'}",
    "not-an-entry": f"- {SECRET}",
    "not-a-list": f"token: {SECRET}",
    "text": SECRET,
    "number-alone": "5",
    "not-yaml": f"- match: https://example.org/\n  token: {SECRET}\n bad: [",
    "not-text": "- \0",
}


@pytest.mark.parametrize("kind", sorted(WRONG))
def test_what_is_wrong_is_told_without_secrets(file: Path, kind: str) -> None:
    write(file, WRONG[kind])
    with pytest.raises(InvalidCredentialsError) as caught:
        installed_credentials()
    message = str(caught.value)
    assert str(file) in message
    assert "'match' with the beginning of an address that ends in '/'" in message
    assert "Correct t" in message
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_one_of_two_for_the_same_is_not_chosen(file: Path) -> None:
    write(file, f"- {{match: 'https://a.org/', token: {SECRET}}}\n- {{match: 'https://A.org:443/', token: x}}")
    with pytest.raises(InvalidCredentialsError, match=r"say twice what opens https://a.org/.*Remove the other"):
        installed_credentials()


def test_wrong_entry_is_named(file: Path) -> None:
    write(file, f"- {{match: 'https://a.org/', token: {SECRET}}}\n- {{match: 'https://b.org/'}}")
    with pytest.raises(InvalidCredentialsError, match="Entry 2 of the credentials"):
        installed_credentials()


# ---- nothing shows them -----------------------------------------------------------


def test_nothing_shows_a_secret(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        found = installed_credentials()
        found.headers("https://example.org/private/1")
    shown = repr(found) + str(found) + repr(vars(found)) + caplog.text
    assert SECRET not in shown
    assert "https://example.org/private/" in repr(found)


def test_pickle_holds_no_secret_and_reads_anew(file: Path) -> None:
    pickled = pickle.dumps(installed_credentials())
    assert SECRET.encode() not in pickled
    write(file, RULES.replace(SECRET, "of-the-other-machine"))
    found = pickle.loads(pickled)  # noqa: S301
    assert found.headers("https://example.org/private/1") == {"Authorization": "Bearer of-the-other-machine"}
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(found._accesses)
