from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.errors import SamplesNotBuiltError
from bioimagehub.catalogs.locations import resolve

if TYPE_CHECKING:
    from pathlib import Path


def test_samples_lead_to_the_archive(samples: Path) -> None:
    assert resolve("samples://emd-3001/image.ome.zarr") == str(samples / "emd-3001" / "image.ome.zarr")


@pytest.mark.parametrize("url", ["/a/b.mrc", "https://example.org/a.zarr", "s3://bucket/samples://a"])
def test_other_addresses_stay(url: str) -> None:
    assert resolve(url) == url


def test_missing_archive_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_SAMPLES", str(tmp_path / "none"))
    with pytest.raises(SamplesNotBuiltError, match=r"The sample archive was not found.*bioimagehub samples build"):
        resolve("samples://emd-3001/image.ome.zarr")
