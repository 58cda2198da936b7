"""Where bytes come from: mirrors, redirects to other hosts, TLS, and buckets of S3."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zarr

from bioimagehub.catalogs.downloads import FetchSettings, Selection, fetch, plan_fetch
from bioimagehub.catalogs.reader import installed_reader
from catalogs.downloads.made import FAST, make_bytes
from servers.s3 import PRIVATE, PUBLIC, S3Server, run_s3_server
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bioimagehub.catalogs.downloads import Report

SIZE = 20_000_000
DATA = np.random.default_rng(0).integers(1, 60_000, (1, 64, 64), dtype=np.uint16)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with run_s3_server() as server:
        yield server


@pytest.fixture
def image(folder: Path) -> Path:
    from ome_zarr.format import FormatV04
    from ome_zarr.writer import write_image

    group = zarr.open_group(folder / "set" / "cells.zarr", mode="w", zarr_format=2)
    write_image(DATA, group, axes="zyx", scale_factors=[], fmt=FormatV04(), storage_options={"chunks": (1, 32, 32)})
    return folder / "set" / "cells.zarr"


def take(url: str, into: Path, selection: Selection | None = None) -> Report:
    return fetch(plan_fetch(url, selection=selection), into, settings=FetchSettings(**FAST))


@pytest.mark.parametrize("first", ["empty", "chunks", "old"])
@pytest.mark.parametrize("cut", [None, Selection(region={"y": (0, 32)}), Selection(region={"y": (8, 40)})], ids=str)
def test_an_image_comes_from_the_host_of_its_metadata(
    image: Path, folder: Path, into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    first: str, cut: Selection | None,
) -> None:  # fmt: skip
    other = tmp_path / "first"
    (other / "set" / "cells.zarr").mkdir(parents=True)
    if first == "chunks":
        # Only some chunks are there, and they are others.
        shutil.copytree(image / "s0", other / "set" / "cells.zarr" / "s0")
        (other / "set" / "cells.zarr" / "s0" / ".zarray").unlink()
        shutil.rmtree(other / "set" / "cells.zarr" / "s0" / "0" / "1")
        for chunk in (other / "set" / "cells.zarr" / "s0" / "0").rglob("*"):
            if chunk.is_file():
                chunk.write_bytes(b"wrong")
    elif first == "old":
        (other / "set" / "cells.zarr" / ".zmetadata").write_bytes(b"{}")
    rules = tmp_path / "hosts.yml"
    with StoreServer(other) as stale, StoreServer(folder) as whole:
        rules.write_text(f"- match: https://archive.test/\n  try: [{stale.url}/, {whole.url}/]\n")
        monkeypatch.setenv("BIOIMAGEHUB_HOSTS", str(rules))
        report = take("https://archive.test/set/cells.zarr", into, cut)
        assert report.complete
        assert "absent" not in report.counts or all("/s0/" not in outcome.path for outcome in report.files
                                                    if outcome.status == "absent")  # fmt: skip
        assert not [request for request in stale.requests if "/s0/0/" in request.path]
    rows = slice(*(cut.region["y"] if cut else (0, 64)))
    group = zarr.open_group(into / "cells.zarr", mode="r")
    assert np.array_equal(group["s0"][...], DATA[:, rows])  # type: ignore[index,arg-type]


def test_a_file_may_come_from_a_later_host(
    folder: Path, into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = make_bytes(SIZE)
    (folder / "image.tif").write_bytes(truth)
    (tmp_path / "first").mkdir()
    with StoreServer(tmp_path / "first") as stale, StoreServer(folder) as whole:
        rules = tmp_path / "hosts.yml"
        rules.write_text(f"- match: https://archive.test/\n  try: [{stale.url}/, {whole.url}/]\n")
        monkeypatch.setenv("BIOIMAGEHUB_HOSTS", str(rules))
        assert take("https://archive.test/image.tif", into).complete
    assert (into / "image.tif").read_bytes() == truth


@pytest.mark.parametrize("size", [SIZE, 40_000])
def test_a_redirect_to_another_host_is_followed(
    store: StoreServer, folder: Path, into: Path, tmp_path: Path, size: int
) -> None:
    truth = make_bytes(size)
    (folder / "moved.tif").write_bytes(b"not this")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "image.tif").write_bytes(truth)
    with StoreServer(tmp_path / "second") as second:
        store.fault("moved.tif", status=302, headers={"Location": f"{second.url}/image.tif"})
        assert take(f"{store.url}/moved.tif", into).complete
    assert (into / "moved.tif").read_bytes() == truth


def test_tls_with_a_certificate_that_is_trusted(folder: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = make_bytes(SIZE)
    (folder / "image.tif").write_bytes(truth)
    with StoreServer(folder, tls=True) as store:
        monkeypatch.setenv("SSL_CERT_FILE", str(store.certificate))
        installed_reader.cache_clear()
        report = take(f"{store.url}/image.tif", into)
    assert report.counts == {"fetched": 1}
    assert (into / "image.tif").read_bytes() == truth


@pytest.fixture
def keys(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    def use(signed: bool) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.address)
        monkeypatch.setenv("AWS_REGION", "eu-west-2")
        for name, value in (("AWS_ACCESS_KEY_ID", s3.access_key), ("AWS_SECRET_ACCESS_KEY", s3.secret_key)):
            if signed:
                monkeypatch.setenv(name, value)
            else:
                monkeypatch.delenv(name, raising=False)

    return use


def test_a_public_bucket(s3: S3Server, keys: Callable[[bool], None], into: Path) -> None:
    keys(False)
    truth = make_bytes(SIZE)
    s3.put(PUBLIC, "set/image.tif", truth)
    assert take(f"s3://{PUBLIC}/set/image.tif", into).complete
    assert (into / "image.tif").read_bytes() == truth


def test_a_bucket_that_wants_signatures(s3: S3Server, keys: Callable[[bool], None], into: Path, image: Path) -> None:
    keys(True)
    for file in image.rglob("*"):
        if file.is_file():
            s3.put(PRIVATE, f"set/cells.zarr/{file.relative_to(image).as_posix()}", file.read_bytes())
    with s3.ask_for_signatures():
        assert take(f"s3://{PRIVATE}/set/cells.zarr", into).complete
    group = zarr.open_group(into / "cells.zarr", mode="r")
    assert np.array_equal(group["s0"][...], DATA)  # type: ignore[index,arg-type]
