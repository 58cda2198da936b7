from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from platformdirs import user_data_path

from bioimagehub.catalogs.errors import DamagedSampleError, InvalidEntryError, SamplesNotBuiltError
from bioimagehub.catalogs.samples import list_samples, samples_path, verify
from bioimagehub.catalogs.samples.archive import find_dataset, inspect, read_record


def test_place_is_the_variable_or_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_SAMPLES", "/somewhere")
    assert samples_path() == Path("/somewhere")
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv("BIOIMAGEHUB_SAMPLES")
        else:
            monkeypatch.setenv("BIOIMAGEHUB_SAMPLES", unset)
        assert samples_path() == user_data_path("bioimagehub") / "samples"


def test_built_archive_is_whole(samples: Path) -> None:
    assert verify() == verify(samples) == []


def test_record_of_a_dataset_is_that_of_the_catalog(samples: Path) -> None:
    for record in list_samples(samples):
        assert read_record(samples / record.name) == record
        assert record.checksum is not None


def test_dataset_can_be_checked_with_sha256sum(samples: Path) -> None:
    for record in list_samples(samples):
        command = ["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt"]
        subprocess.run(command, cwd=samples / record.name, check=True)


def test_missing_changed_and_extra_files_are_told(damaged: Path) -> None:
    dataset = damaged / "bbbc038-nuclei"
    (dataset / "thumbnail.png").unlink()
    (dataset / "extra.txt").write_text("mine")
    chunk = dataset / "image.ome.zarr" / "0" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"?")
    assert [problem for problem in verify() if problem.startswith("bbbc038-nuclei")] == [
        "bbbc038-nuclei: thumbnail.png is missing",
        "bbbc038-nuclei: extra.txt does not belong there",
        "bbbc038-nuclei: image.ome.zarr/0/c/0/0 was changed",
    ]


def test_unbuilt_datasets_are_told(damaged: Path) -> None:
    assert "emd-3001: is not built" in verify()
    assert not [problem for problem in verify() if problem.startswith("ctc-timelapse")]


def test_folders_of_others_are_left_alone(damaged: Path) -> None:
    before = verify()
    (damaged / "my-own").mkdir()
    assert verify() == before


def test_dataset_of_another_version_is_told(damaged: Path) -> None:
    file = damaged / "ctc-timelapse" / "record.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "title": "An older title"}))
    assert "ctc-timelapse: record.json differs from the catalog: it was built by another version" in verify()
    assert find_dataset("ctc-timelapse")  # it can still be read


def test_broken_record_is_told(damaged: Path) -> None:
    file = damaged / "ctc-timelapse" / "record.json"
    file.write_text("[]")
    with pytest.raises(InvalidEntryError, match=r"record\.json is not a record.*bioimagehub samples build"):
        read_record(file.parent)
    assert inspect(file.parent, content=False) == ["record.json cannot be read"]
    with pytest.raises(DamagedSampleError, match=r"record\.json cannot be read\. Build it with"):
        find_dataset("ctc-timelapse")


def test_missing_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(SamplesNotBuiltError, match="Build it with: bioimagehub samples build"):
        verify(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="sample archive was not found"):
        find_dataset("emd-3001", tmp_path / "none")


def test_a_file_in_the_place_of_the_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SamplesNotBuiltError, match="Build it with"):
        find_dataset("emd-3001", tmp_path / "file")


def test_quick_look_reads_no_pixels(damaged: Path) -> None:
    """A changed byte is left to `verify`, and to the checksum of the chunk."""
    chunk = damaged / "ctc-timelapse" / "image.ome.zarr" / "0" / "c" / "0" / "0" / "0"
    chunk.write_bytes(b"x" * chunk.stat().st_size)
    assert find_dataset("ctc-timelapse")
    assert "ctc-timelapse: image.ome.zarr/0/c/0/0/0 was changed" in verify()
