"""Places in S3 buckets: public ones, and private ones of a store that checks signatures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.errors import MissingFileError, NoAccessError
from bioimagehub.catalogs.reader import Dataset, Place, open_place
from bioimagehub.catalogs.reader.counts import counting
from bioimagehub.catalogs.reader.credentials import VARIABLE
from servers.s3 import PRIVATE, PUBLIC, REGION, S3Server, run_s3_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def store() -> Iterator[S3Server]:
    with run_s3_server() as found:
        for bucket in (PUBLIC, PRIVATE):
            for key in ("image.zarr/zarr.json", "image.zarr/0/c/0/0", "image.zarr/0/c/0/1 é+", "image.zarr2/zarr.json"):
                found.put(bucket, key, DATA)
        yield found


@pytest.fixture(autouse=True)
def home(store: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "credentials.yml"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.address)
    return tmp_path


@pytest.fixture
def keys(store: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", store.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", store.secret_key)
    monkeypatch.setenv("AWS_REGION", REGION)
    with store.ask_for_signatures():
        yield


def check_read(bucket: str) -> None:
    folder = open_place(f"s3://{bucket}/image.zarr")
    place = folder / "0/c/0/0"
    assert bytes(place.read()) == DATA
    assert bytes(place.read(1000, 300)) == DATA[1000:1300]
    assert bytes(place.read(-100)) == DATA[-100:]
    assert place.stat().size == len(DATA)
    assert folder.names() == ["0/", "zarr.json"]
    assert (folder / "0" / "c" / "0").names() == ["0", "1 é+"]
    assert bytes((folder / "0/c/0/1 é+").read()) == DATA
    with pytest.raises(MissingFileError, match=f"s3://{bucket}/image.zarr/1"):
        (folder / "1").read()


def test_public_bucket_without_keys() -> None:
    check_read(PUBLIC)


def test_private_bucket_with_keys(keys: None) -> None:
    check_read(PRIVATE)


def test_private_bucket_without_keys() -> None:
    with pytest.raises(NoAccessError, match=f"s3://{PRIVATE}/image.zarr/zarr.json.*check those that are set"):
        open_place(f"s3://{PRIVATE}/image.zarr/zarr.json").read()


def test_private_bucket_with_other_keys(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(NoAccessError, match=f"s3://{PRIVATE}/image.zarr/zarr.json"):
        open_place(f"s3://{PRIVATE}/image.zarr/zarr.json").read()


def test_keys_of_a_rule(keys: None, store: S3Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        f"[laboratory]\naws_access_key_id = {store.access_key}\naws_secret_access_key = {store.secret_key}\n"
    )
    rules = home / "credentials.yml"
    rules.write_text(f"- {{match: 's3://{PRIVATE}/', endpoint: '{store.address}', profile: laboratory}}")
    rules.chmod(0o600)
    check_read(PRIVATE)


def test_it_is_counted(store: S3Server) -> None:
    with counting() as read:
        Place(f"s3://{PUBLIC}/image.zarr/zarr.json", dataset=Dataset("test:image", "3")).read()
    (found,) = read.counted
    assert (found.identifier, found.version, found.requests, found.bytes) == ("test:image", "3", 1, len(DATA))
