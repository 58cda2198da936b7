"""An entry is indexed once; then it opens without a request, and a change of its file is noticed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import mrcfile
import numpy as np
import pytest

from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.cost import cost
from bioimagehub.catalogs.errors import (
    ChangedFileError,
    CostNotKnownError,
    NotReadableError,
    ReadError,
    UnknownAxisError,
    UnknownOptionError,
    UnreadableImageError,
)
from bioimagehub.catalogs.health import check_health, find_health, save_health
from bioimagehub.catalogs.layouts import find_layout, save_layout
from bioimagehub.catalogs.reader import Place
from bioimagehub.catalogs.records import Record, parse_record
from bioimagehub.catalogs.scanning import index_record
from bioimagehub.hub.cli import main
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHAPE = (16, 128, 256)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_LAYOUTS", str(tmp_path / "layouts"))


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).random(SHAPE, dtype=np.float32)


@pytest.fixture
def store(tmp_path: Path, pixels: np.ndarray) -> Iterator[StoreServer]:
    folder = tmp_path / "store"
    folder.mkdir()
    mrcfile.write(folder / "map.mrc", pixels, voxel_size=2.0)
    with StoreServer(folder) as server:
        yield server


@pytest.fixture
def record(store: StoreServer) -> Record:
    return make_record(store)


def make_record(store: StoreServer, **fields: object) -> Record:
    plain = {
        "identifier": "course:map",
        "title": "A map",
        "source": "A course",
        "source_url": "https://example.org/map",
        "driver": "mrc",
        "url": f"{store.url}/map.mrc",
    }
    return parse_record(plain | fields, "test")


def test_indexed_record_opens_without_a_request(record: Record, store: StoreServer, pixels: np.ndarray) -> None:
    layout = index_record(record)
    assert layout.verified is not None
    assert layout.summary["axes"] == ["z", "y", "x"]
    assert layout.summary["levels"][0]["shape"] == list(SHAPE)
    store.reset()
    image = record.open()
    assert image.shape == SHAPE
    assert store.count == 0
    np.testing.assert_array_equal(image[3].values, pixels[3])
    assert store.count == 1


def test_changed_file_is_an_error_that_tells_to_index_anew(record: Record, store: StoreServer) -> None:
    index_record(record)
    mrcfile.write(store.folder / "map.mrc", np.zeros(SHAPE, np.float32), overwrite=True)
    with pytest.raises(ChangedFileError, match=r"(?s)^course:map: .*catalog index"):
        record.open()[0].load()
    index_record(record)
    assert not record.open()[0].values.any()


def test_layout_of_another_version_than_the_entry_tells_is_not_used(record: Record, store: StoreServer) -> None:
    """Entry and store both know the new version; the offsets are those of the old one."""
    old = index_record(record)
    mrcfile.write(store.folder / "map.mrc", np.zeros(SHAPE, np.float32), overwrite=True)
    new = Place(str(record.url)).stat()
    assert old.version is not None
    assert new.etag != old.version.etag
    with pytest.raises(ChangedFileError, match=r"catalog index"):
        make_record(store, checksum=f"etag:{str(new.etag).strip(chr(34))}").open()


def test_failed_index_leaves_the_old_one(record: Record, store: StoreServer) -> None:
    kept = index_record(record)
    (store.folder / "map.mrc").unlink()
    with pytest.raises(ReadError):
        index_record(record)
    found = find_layout(str(record.url))
    assert found is not None
    assert json.dumps(found.facts) == json.dumps(kept.facts)


def test_only_what_a_driver_reads_is_indexed(store: StoreServer) -> None:
    with pytest.raises(NotReadableError, match=r"See https://example.org/map"):
        index_record(make_record(store, driver=None))
    with pytest.raises(NotReadableError, match=r"Leave it out"):
        index_record(make_record(store, url="samples://nuclei-3d/image.ome.zarr", driver="ome_zarr"))


def test_health_is_kept(record: Record, store: StoreServer) -> None:
    good = check_health(record)
    assert good.good
    assert "first tile reads" in str(good)
    save_health(good)
    assert find_health(record) == good
    drifted = check_health(make_record(store, axes=["z", "y", "x"], shape=[1, 2, 3]))
    assert not drifted.good
    assert "correct the entry" in str(drifted)
    store.fault("map.mrc", skip=1, cut=100)
    cut = check_health(record)
    assert cut.opens is None
    assert cut.tile is not None
    store.mend()
    (store.folder / "map.mrc").unlink()
    assert "map.mrc" in str(check_health(record).opens)


@pytest.mark.parametrize("content", ["{", "[]", '{"checked": "2026-11-22", "seconds": "?"}', "\0"])
def test_damaged_health_is_none(record: Record, content: str) -> None:
    file = save_health(check_health(record))
    file.write_text(content)
    assert find_health(record) is None


def test_what_is_kept_is_shown(record: Record) -> None:
    assert "last check" not in str(record)
    layout = index_record(record)
    save_health(check_health(record))
    for shown in (str(record), record._repr_html_()):
        assert f"without a request, as indexed on {layout.verified}; 1 level" in shown
        assert "opens, and its first tile reads" in " ".join(shown.split())
    file = save_layout(replace(layout, summary={"levels": 3}))
    assert f"as indexed on {layout.verified}" in str(record)
    file.write_bytes(b"PK\3\4")
    assert "make it anew" in " ".join(str(record).split())
    assert "make it anew" in record._repr_html_()


def test_entries_of_one_file_are_told_apart(record: Record, store: StoreServer) -> None:
    index_record(record)
    save_health(check_health(record))
    stack = make_record(store, identifier="course:stack", options='{"stack": true}')
    assert find_health(stack) is None
    assert "1 level" not in str(stack)
    assert "without a request" in str(stack)


def test_layout_of_another_driver_is_not_taken(record: Record, store: StoreServer) -> None:
    index_record(record)
    other = make_record(store, driver="tiff")
    assert "without a request" not in str(other)
    with pytest.raises(UnreadableImageError, match=r"course:map: .*map\.mrc"):
        other.open()


def test_wrong_options_are_told_before_anything_is_asked(store: StoreServer) -> None:
    with pytest.raises(UnknownOptionError, match=r"course:map: .*with serie: the driver mrc takes"):
        index_record(make_record(store, options='{"serie": 1}'))
    assert store.count == 0


def test_level_of_an_entry_does_not_limit_its_layout(store: StoreServer) -> None:
    record = make_record(store, options='{"level": 0}')
    assert len(index_record(record).summary["levels"]) == 1
    assert check_health(record).good


def test_cost_is_what_reading_takes(record: Record, store: StoreServer) -> None:
    image = record.open()
    for part in (image, image[3], image[2:5, 10:20], image[:, 5, 5], image[[1, 9], ::40]):
        told = cost(part)
        store.reset()
        part.copy().load()
        assert store.count <= told.requests
        assert store.bytes <= told.bytes
        assert told.memory == part.nbytes
    assert "to fetch" in str(cost(image, {"z": 3}))
    assert record.cost({"z": 3}) == cost(record, {"z": 3}) == cost(image[3])
    with pytest.raises(UnknownAxisError, match=r"no axis q: its axes are z, y, x"):
        record.cost({"q": 3})
    assert "<b>" in cost(image)._repr_html_()


def test_cost_of_what_is_no_lazy_image(record: Record) -> None:
    for array in (record.open().load(), record.open() + 1, record.open(chunks=())):
        with pytest.raises(CostNotKnownError, match=r"without `chunks`"):
            cost(array)


def test_command(
    record: Record,
    store: StoreServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry = {"driver": "mrc", "args": {"url": record.url}}
    metadata = {"identifier": "course:map", "title": "A map", "source": "A course", "source_url": record.source_url}
    gone = {"driver": "mrc", "args": {"url": f"{store.url}/gone.mrc"}}
    sources = {
        "map": entry | {"metadata": metadata},
        "gone": gone | {"metadata": metadata | {"identifier": "course:gone"}},
    }
    (tmp_path / "course.yml").write_text(json.dumps({"sources": sources}))
    monkeypatch.setenv("BIOIMAGEHUB_CATALOGS", str(tmp_path / "course.yml"))
    assert main(["catalog", "index", "course:map"]) == 0
    assert "course:map: zyx 16 x 128 x 256 float32, 1 level; opens" in capsys.readouterr().out
    store.reset()
    open_catalog()["course:map"].open()
    assert store.count == 0
    assert main(["catalog", "index", "course:gone", "course:map"]) == 1
    printed = capsys.readouterr()
    assert "gone.mrc" in printed.err
    assert "course:map" in printed.out
    shared = str(tmp_path / "shared")
    assert main(["catalog", "index", "--into", shared, "course:map"]) == 0
    assert main(["catalog", "index", "--into", shared, "--remove", "course:map"]) == 0
    assert not list((tmp_path / "shared").iterdir())
    assert find_health(record) is not None
    capsys.readouterr()
    assert main(["catalog", "index", "--remove", "course:map", "course:gone"]) == 0
    assert capsys.readouterr().out == "course:map: forgotten\ncourse:gone: nothing was kept of it\n"
    assert find_layout(str(record.url)) is None
    assert find_health(record) is None
