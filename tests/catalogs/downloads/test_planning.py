"""What would be fetched: studies of archives, samples, files and folders; and what is refused before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.archives.client import Client
from bioimagehub.catalogs.downloads import Selection, fetch, plan_fetch
from bioimagehub.catalogs.downloads.journal import Piece
from bioimagehub.catalogs.downloads.partial import missing_ranges
from bioimagehub.catalogs.downloads.selection import parse_region
from bioimagehub.catalogs.downloads.stored_arrays import parse_array
from bioimagehub.catalogs.errors import (
    InvalidSelectionError,
    MissingFileError,
    NoAccessError,
    UnknownEntryError,
    UnreadableImageError,
)
from bioimagehub.catalogs.records import parse_record
from catalogs.downloads.made import make_bytes
from servers.archives import ArchiveServer
from servers.bia import API, FOLDER, INFO, play_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers.store import StoreServer

CONTENTS = {"raw/a.tif": make_bytes(3000, 1), "raw/#1 ä.tif": make_bytes(7, 2), "notes.txt": b"notes"}


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    """The BioImage Archive with a study of three files, to which all addresses lead."""
    with ArchiveServer() as server:
        hosts = tmp_path / "hosts.yml"
        hosts.write_text(json.dumps([{"match": "https://", "try": [server.url]}]))
        monkeypatch.setenv("BIOIMAGEHUB_HOSTS", str(hosts))
        server.add(f"{API}/studies/S-BIAD599/info", json=INFO | {"files": 3})
        play_files(server, [{"path": path, "Size": len(content)} for path, content in CONTENTS.items()])
        for path, content in CONTENTS.items():
            server.add(f"{FOLDER}/Files/{path.replace('#', '%23')}", body=content)
            server.add(f"{FOLDER}/Files/{path}", body=content)
        yield server


def test_a_study_is_fetched_from_its_archive(archive: ArchiveServer, into: Path) -> None:
    with Client(rate=1000.0, pause=0.01) as client:
        plan = plan_fetch("bia:S-BIAD599", client=client)
    assert {item.path: item.size for item in plan.items} == {path: len(each) for path, each in CONTENTS.items()}
    assert plan.size == plan.most == sum(map(len, CONTENTS.values()))
    assert plan.licence is not None
    assert plan.title is not None
    report = fetch(plan, into)
    assert report.complete, [outcome.reason for outcome in report.files]
    assert {path: (into / path).read_bytes() for path in CONTENTS} == CONTENTS


def test_files_are_chosen_by_patterns(archive: ArchiveServer) -> None:
    with Client(rate=1000.0, pause=0.01) as client:
        plan = plan_fetch("bia:S-BIAD599", client=client, selection=Selection(paths=("raw/*", "n*.txt")))
        assert sorted(item.path for item in plan.items) == sorted(CONTENTS)
        with pytest.raises(InvalidSelectionError, match=r"No file fits '\*\.nd2': there are 3 files, such as"):
            plan_fetch("bia:S-BIAD599", client=client, selection=Selection(paths=("*.nd2",)))
        with pytest.raises(InvalidSelectionError, match="has no OME-Zarr image among what is selected"):
            plan_fetch("bia:S-BIAD599", client=client, selection=Selection(levels=(1,)))


def test_a_sample_is_copied_with_its_tables(samples: Path, into: Path) -> None:
    plan = plan_fetch("samples:ctc-timelapse")
    assert plan.forbids is not None
    assert fetch(plan, into).complete
    files = {path.relative_to(samples / "ctc-timelapse") for path in (samples / "ctc-timelapse").rglob("*")}
    assert {path.relative_to(into) for path in into.rglob("*") if ".bioimagehub" not in path.parts} == files


def test_a_level_of_a_sample_is_cut_out(samples: Path, into: Path) -> None:
    import zarr

    plan = plan_fetch("samples:nuclei-3d", selection=Selection(levels=(1,), region={"y": (0, 32)}))
    assert fetch(plan, into).complete
    (image,) = [path for path in into.iterdir() if path.suffix == ".zarr"]
    told: Any = zarr.open_group(image, mode="r").attrs["bioimagehub"]
    assert told["source"] == "samples:nuclei-3d"
    assert told["levels"] == [1]


def test_a_file_and_a_folder_of_this_machine(tmp_path: Path, into: Path) -> None:
    (tmp_path / "set" / "deep").mkdir(parents=True)
    (tmp_path / "set" / "deep" / "a.tif").write_bytes(b"a")
    assert [item.path for item in plan_fetch(tmp_path / "set").items] == ["deep/a.tif"]
    assert [item.path for item in plan_fetch(str(tmp_path / "set" / "deep" / "a.tif")).items] == ["a.tif"]
    with pytest.raises(MissingFileError, match="no file and no folder"):
        plan_fetch(tmp_path / "none")


def test_a_file_that_is_not_in_the_store_is_told_before(store: StoreServer) -> None:
    with pytest.raises(MissingFileError, match=r"none\.tif"):
        plan_fetch(f"{store.url}/none.tif")


def test_a_name_that_nobody_knows_is_told(samples: Path) -> None:
    with pytest.raises(UnknownEntryError):
        plan_fetch("samples:none")


@pytest.mark.parametrize(
    ("access", "told"),
    [
        ({"kind": "controlled", "how": "Apply to the committee."}, "controlled. Apply to the committee"),
        ({"kind": "embargoed", "until": "2999-01-01"}, "embargoed until 2999-01-01"),
        ({"kind": "none", "how": "Ask the authors."}, "none. Ask the authors"),
    ],
)
def test_what_is_not_open_is_refused(fields: dict[str, Any], access: Any, told: str) -> None:
    record = parse_record(fields | {"access": access}, "test")
    with pytest.raises(NoAccessError, match=told):
        plan_fetch(record)


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        ({"region": {"c": (0, 1)}}, "a region has the axes t, x, y, z"),
        ({"region": {"y": (5, 5)}}, "y from 5 to 5"),
        ({"levels": (-1,)}, "numbers from 0 on"),
        ({"channels": ("a", "a")}, "name one twice"),
    ],
    ids=str,
)
def test_a_selection_that_is_none_is_refused(selection: Any, told: str) -> None:
    with pytest.raises(InvalidSelectionError, match=told):
        Selection(**selection)


@pytest.mark.parametrize("text", ["y", "y=1", "y=1-2", "y=a:b", "y=0:1,y=2:3", "Y=0:1", ""])
def test_a_region_that_cannot_be_parsed_is_told(text: str) -> None:
    with pytest.raises(InvalidSelectionError, match="expected each axis once, as y=0:512"):
        parse_region([text])


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 20)), max_size=10), st.integers(1, 120))
def test_what_is_missing_is_all_that_no_piece_holds(spans: list[tuple[int, int]], size: int) -> None:
    pieces: list[Piece] = []
    for start, length in sorted(spans):
        if start + length <= size and (not pieces or start >= pieces[-1].stop):
            pieces.append(Piece(start, start + length, 0))
    held = {at for piece in pieces for at in range(piece.start, piece.stop)}
    gaps = missing_ranges(pieces, size)
    assert {at for start, stop in gaps for at in range(start, stop)} == set(range(size)) - held
    assert all(start < stop for start, stop in gaps)


@pytest.mark.parametrize("separator", [".", "/"])
@pytest.mark.parametrize("version", [2, 3])
def test_chunks_are_named_as_zarr_names_them(tmp_path: Path, version: int, separator: str) -> None:
    import numpy as np
    import zarr

    encoding: Any = {"name": "v2" if version == 2 else "default", "separator": separator}
    array = zarr.create_array(
        tmp_path / "a", shape=(5, 7), chunks=(2, 3), dtype="u2", zarr_format=version, chunk_key_encoding=encoding
    )
    array[...] = np.ones((5, 7))
    name = "zarr.json" if version == 3 else ".zarray"
    found = parse_array("a", {name: (tmp_path / "a" / name).read_bytes()})
    keys = {found.key(index) for index in found.indices((0, 0), (5, 7))}
    stored = {path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*") if path.is_file()}
    assert stored - {"zarr.json", ".zarray", ".zattrs"} == keys


@pytest.mark.parametrize(
    "change",
    [{"chunk_grid": {"name": "rectilinear"}}, {"shape": "x"}, {"shape": [-1]}, {"chunk_grid": None}, {"shape": [1, 2]}],
    ids=str,
)
def test_arrays_that_cannot_be_found_are_told(change: dict[str, Any]) -> None:
    grid = {"name": "regular", "configuration": {"chunk_shape": [4]}}
    document = {"zarr_format": 3, "node_type": "array", "shape": [8], "chunk_grid": grid, "data_type": "uint8"}
    parse_array("0", {"zarr.json": json.dumps(document).encode()})
    with pytest.raises(UnreadableImageError, match="chunks on a regular grid"):
        parse_array("0", {"zarr.json": json.dumps(document | change).encode()})
