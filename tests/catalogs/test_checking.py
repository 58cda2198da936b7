from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.archives.client import Client
from bioimagehub.catalogs.checking import check_file, check_live
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.health import find_health

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "sources:\n"
ENTRY = """\
  NAME:
    driver: ome_zarr
    args: {url: "volume.zarr"}
    metadata:
      identifier: lab:NAME
      title: Cells
      source: Our laboratory
      source_url: https://example.org
      licence: CC-BY-4.0
"""


def _write(tmp_path: Path, *entries: str) -> Path:
    file = tmp_path / "lab.yml"
    file.write_text(HEAD + "".join(entries).replace("volume.zarr", str(tmp_path / "volume.zarr")))
    return file


@pytest.mark.parametrize(
    ("line", "changed", "told"),
    [
        ("licence: CC-BY-4.0", "licence: CC-BY-9.9", "lab:a: the licence 'CC-BY-9.9' is no SPDX identifier"),
        ("licence: CC-BY-4.0", "licence: LicenseRef-Ours", "lab:a: the licence 'LicenseRef-Ours' has no text in SPDX"),
        ("source_url: https://example.org", "source_url: example.org", "expected an address that begins with https"),
        ("title: Cells", "title: Cells\n      part_of: lab:b", "part of lab:b, which the file does not hold"),
        ("title: Cells", "title: Cells\n      organisms: [{name: Cell, taxon: null}]", "'Cell' has no taxon"),
        ("title: Cells", "titel: Cells", "titel: Extra inputs are not permitted"),
        ("identifier: lab:a", "identifier: lab:b", "has the identifier lab:b; expected one that ends in :a"),
    ],
)
def test_each_fault_is_told_and_hides_no_other(
    volume: Path, tmp_path: Path, line: str, changed: str, told: str
) -> None:
    good = ENTRY.replace("NAME", "z")
    records, problems = check_file(_write(tmp_path, ENTRY.replace("NAME", "a").replace(line, changed), good))
    assert len(problems) == 1
    assert told in problems[0]
    assert records[-1].identifier == "lab:z"


def test_good_entries_have_no_problem(volume: Path, tmp_path: Path) -> None:
    records, problems = check_file(_write(tmp_path, ENTRY.replace("NAME", "a"), ENTRY.replace("NAME", "b")))
    assert (len(records), problems) == (2, [])


def test_missing_image_is_told(tmp_path: Path) -> None:
    _, (problem,) = check_file(_write(tmp_path, ENTRY.replace("NAME", "a")))
    assert "its image was not found at" in problem


def test_what_is_no_catalog_is_told(tmp_path: Path) -> None:
    (tmp_path / "lab.yml").write_text("- a list")
    with pytest.raises(InvalidEntryError, match="not a catalog"):
        check_file(tmp_path / "lab.yml")


def test_objects_of_yaml_are_not_built(tmp_path: Path) -> None:
    (tmp_path / "lab.yml").write_text(f"sources: !!python/object/apply:os.mkdir ['{tmp_path / 'owned'}']")
    with pytest.raises(InvalidEntryError, match="cannot be read"):
        check_file(tmp_path / "lab.yml")
    assert not (tmp_path / "owned").exists()


def test_live_check_reads_the_image_and_reports_drift(volume: Path, tmp_path: Path) -> None:
    facts = "title: Cells\n      axes: [c, z, y, x]\n      shape: [2, 4, 6, 9]\n      dtype: uint16"
    (record,), _ = check_file(_write(tmp_path, ENTRY.replace("NAME", "a").replace("title: Cells", facts)))
    record = record.model_copy(update={"source_url": "here"})
    assert check_live([record]) == [
        "lab:a: shape is (2, 4, 6, 8) where it lies and (2, 4, 6, 9) in the entry; correct the entry."
    ]
    kept = find_health(record)
    assert kept is not None
    assert not kept.good
    assert check_live([record.model_copy(update={"shape": (2, 4, 6, 8)})]) == []
    kept = find_health(record)
    assert kept is not None
    assert kept.good


def test_live_check_reports_an_image_that_is_gone(volume: Path, tmp_path: Path) -> None:
    (record,), _ = check_file(_write(tmp_path, ENTRY.replace("NAME", "a")))
    (problem,) = check_live([record.model_copy(update={"source_url": "here", "url": str(tmp_path / "none.zarr")})])
    assert problem.startswith("lab:a: No OME-Zarr image could be opened")


def test_live_check_of_a_sample(samples: Path) -> None:
    record = open_catalog()["samples:nuclei-3d"].model_copy(update={"source_url": "here"})
    assert check_live([record]) == []


def test_live_check_gives_up_on_a_host_that_is_silent(volume: Path, tmp_path: Path) -> None:
    (record,), _ = check_file(_write(tmp_path, ENTRY.replace("NAME", "a")))
    shown: list[int] = []
    with socket.socket() as nobody:  # bound and not listening: each connection is refused
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/a"
        many = [record.model_copy(update={"source_url": address, "driver": None}) for _ in range(6)]
        with Client(tries=1, timeout=2.0, patience=1.0, rate=1000.0) as client:
            problems = check_live(many, client=client, progress=lambda done, _total, _name: shown.append(done))
    assert len(problems) == 4
    assert problems[-1].endswith("did not answer; its other links were not checked.")
    assert shown == [0, 1, 2, 3, 4, 5]
