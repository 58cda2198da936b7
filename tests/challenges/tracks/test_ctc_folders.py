from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from bioimagehub.catalogs.drivers import tracking
from bioimagehub.catalogs.samples.sources import ctc_timelapse
from bioimagehub.challenges.errors import (
    LabelFileNotFoundError,
    LabelShapeError,
    LineageError,
    UnreadableLabelsError,
)
from bioimagehub.challenges.tracks import (
    Conventions,
    Lineage,
    Segmentation,
    Tracks,
    measure,
    open_ctc_folder,
    write_ctc_folder,
)
from challenges.tracks.movies import make_movie
from challenges.tracks.worked import PAIR

if TYPE_CHECKING:
    from pathlib import Path


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def same(one: Tracks, other: Tracks) -> bool:
    frames = range(one.first, one.last + 1)
    equal = all(np.array_equal(one.load(frame), other.load(frame)) for frame in frames)
    return equal and one.lineage.rows() == other.lineage.rows() and (one.first, one.last) == (other.first, other.last)


def test_result_there_and_back(tmp_path: Path) -> None:
    _, prediction = make_movie(3)
    write_ctc_folder(prediction, tmp_path / "01_RES")
    opened = open_ctc_folder(tmp_path / "01_RES")
    assert same(opened, prediction)
    assert opened.segmentation is None
    assert opened.frames.shape == prediction.frames.shape
    assert opened.frames.dtype == np.uint16
    names = sorted(path.name for path in (tmp_path / "01_RES").iterdir())
    assert names == [*(f"mask{number:03d}.tif" for number in range(12)), "res_track.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["01_RES"]


def test_the_same_bytes_each_time(tmp_path: Path) -> None:
    truth, _ = make_movie(3)
    for name in ("one", "two"):
        write_ctc_folder(truth, tmp_path / name, truth=True)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert len(digest(tmp_path / "one")) == 25


def test_truth_there_and_back(tmp_path: Path) -> None:
    """Volumes, numbered from 998 on, with a segmented frame and segmented slices of another."""
    volumes = np.zeros((4, 3, 5, 6), np.uint32)
    volumes[:, :, 1:3, 1:3] = 2**32 - 1
    parts = (Segmentation(998, volumes[:1]), Segmentation(1000, volumes[2, [0, 2]], (0, 2)))
    truth = Tracks(volumes, Lineage.from_rows([(2**32 - 1, 998, 1001, 0)]), 998, parts)
    write_ctc_folder(truth, tmp_path / "01_GT", truth=True)
    assert (tmp_path / "01_GT" / "SEG" / "man_seg_1000_002.tif").exists()
    opened = open_ctc_folder(tmp_path / "01_GT")
    assert same(opened, truth)
    assert [(each.frame, each.slices) for each in opened.segmentation] == [(998, ()), (1000, (0, 2))]
    assert np.array_equal(opened.segmentation[1].load(), volumes[2, [0, 2]])
    counts = measure(opened, truth, conventions=Conventions())
    assert (counts.segmented, counts.iou_sum, counts.nodes, counts.fn) == (2, 2, 4, 0)
    assert same(open_ctc_folder(tmp_path / "01_GT" / "TRA"), truth)


def test_markers_are_no_outlines(tmp_path: Path) -> None:
    write_ctc_folder(PAIR, tmp_path / "01_GT", truth=True)
    for path in (tmp_path / "01_GT" / "SEG").iterdir():
        path.unlink()
    assert open_ctc_folder(tmp_path / "01_GT").segmentation == ()
    (tmp_path / "01_GT" / "SEG").rmdir()
    assert open_ctc_folder(tmp_path / "01_GT").segmentation == ()


def test_the_catalog_reads_what_is_written(tmp_path: Path) -> None:
    truth, prediction = make_movie(5)
    write_ctc_folder(truth, tmp_path / "01_GT", truth=True)
    write_ctc_folder(prediction, tmp_path / "01_RES")
    table = tracking.load_tracks(str(tmp_path), check=True, result=True)
    assert [tuple(row) for row in table.itertuples(index=False)] == prediction.lineage.rows()
    assert np.array_equal(tracking.open_array(str(tmp_path), label="TRA").values, truth.frames)


def test_tracks_of_the_time_lapse_of_the_samples(tmp_path: Path) -> None:
    """Marks at the points of the tracks without a gap of a real sequence of the challenge."""
    tracks = ctc_timelapse.read().tables["tracks"].sort_values(["track", "t"])
    tracks["track"] += 1
    spans = tracks.groupby("track").t.agg(["min", "max", "count"])
    spans = spans[spans["max"] - spans["min"] + 1 == spans["count"]]
    frames = np.zeros((int(tracks.t.max()) + 1, 512, 512), np.uint16)
    whole = tracks[tracks.track.isin(spans.index)]
    frames[whole.t, whole.y.astype(int), whole.x.astype(int)] = whole.track
    rows = [(int(track), int(begin), int(end), 0) for track, begin, end, _ in spans.itertuples()]
    assert len(rows) > 5
    real = Tracks(frames, Lineage.from_rows(rows))
    write_ctc_folder(real, tmp_path / "01_GT", truth=True)
    write_ctc_folder(real, tmp_path / "01_RES")
    counts = measure(
        open_ctc_folder(tmp_path / "01_GT"), open_ctc_folder(tmp_path / "01_RES"), conventions=Conventions()
    )
    assert counts.complete == counts.tracks == len(rows)
    assert counts.iou_sum == counts.segmented == counts.nodes


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(
        LabelFileNotFoundError, match=r"found no folder. Expected res_track.txt .* Give the folder such as"
    ):
        open_ctc_folder(tmp_path / "nowhere")
    with pytest.raises(LabelFileNotFoundError, match="found nothing"):
        open_ctc_folder(tmp_path)
    (tmp_path / "01_RES").mkdir()
    with pytest.raises(LabelFileNotFoundError, match="found 01_RES"):
        open_ctc_folder(tmp_path)


def test_no_frames(tmp_path: Path) -> None:
    (tmp_path / "res_track.txt").write_text("")
    with pytest.raises(LabelFileNotFoundError, match=r"has no frames. Expected label images mask000.tif and so on"):
        open_ctc_folder(tmp_path)


@pytest.fixture
def result(tmp_path: Path) -> Path:
    write_ctc_folder(make_movie(1)[1], tmp_path / "01_RES")
    return tmp_path / "01_RES"


def test_missing_frame(result: Path) -> None:
    (result / "mask003.tif").unlink()
    (result / "mask007.tif").unlink()
    with pytest.raises(LabelFileNotFoundError, match=r"lacks frames between 0 and 11: 3, 7. .* an image of zeros"):
        open_ctc_folder(result)


def test_frame_twice(result: Path) -> None:
    (result / "mask0003.tif").write_bytes((result / "mask003.tif").read_bytes())
    with pytest.raises(UnreadableLabelsError, match=r"the frame 3 twice: mask0003.tif and mask003.tif. Remove one"):
        open_ctc_folder(result)


def test_segmentation_twice(tmp_path: Path) -> None:
    write_ctc_folder(PAIR, tmp_path / "01_GT", truth=True)
    seg = tmp_path / "01_GT" / "SEG"
    (seg / "man_seg_001_000.tif").write_bytes((seg / "man_seg001.tif").read_bytes())
    with pytest.raises(UnreadableLabelsError, match=r"frame 1 more than once: .*Remove what is too much"):
        open_ctc_folder(tmp_path / "01_GT")


def test_damaged_lines(result: Path) -> None:
    (result / "res_track.txt").write_bytes(b"1 0 5 0\n2;6;7;0\n\xff\xfe\n")
    with pytest.raises(
        LineageError, match=r"res_track.txt has 2 problems: line 2 is '2;6;7;0' and not four whole"
    ) as caught:
        open_ctc_folder(result)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("content", [b"", b"II*\0", b"not a TIFF at all", b"II*\0\xff\xff\xff\xff"])
def test_damaged_frame(result: Path, content: bytes) -> None:
    (result / "mask004.tif").write_bytes(content)
    opened = open_ctc_folder(result)
    with pytest.raises(UnreadableLabelsError, match=r"mask004.tif cannot be read: .* Write or copy it again"):
        opened.load(4)
    (result / "mask000.tif").write_bytes(content)
    with pytest.raises(UnreadableLabelsError, match=r"mask000.tif cannot be read"):
        _ = open_ctc_folder(result).frames.shape


def test_frame_of_another_shape_is_not_decoded(result: Path) -> None:
    tifffile.imwrite(result / "mask004.tif", np.zeros((40_000, 30_000), np.uint8), compression="zlib")
    with pytest.raises(LabelShapeError, match=r"mask004.tif has the shape \(40000, 30000\). Expected \(36, 36\)"):
        open_ctc_folder(result).load(4)


def test_no_other_file_is_read(tmp_path: Path) -> None:
    """An OME-TIFF says that its second half is in another file."""
    work = tmp_path / "work"
    work.mkdir()
    names = [work / "mask000.tif", tmp_path / "secret.ome.tif"]
    ome = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="4" SizeY="3" SizeZ="2" '
        'SizeC="1" SizeT="1">'
        '<TiffData FirstZ="0" IFD="0"><UUID FileName="mask000.tif">urn:uuid:1</UUID></TiffData>'
        '<TiffData FirstZ="1" IFD="0"><UUID FileName="../secret.ome.tif">urn:uuid:2</UUID></TiffData>'
        "</Pixels></Image></OME>"
    )
    for value, name in enumerate(names, start=1):
        tifffile.imwrite(name, np.full((3, 4), value, np.uint8), description=ome, metadata=None)
    (work / "res_track.txt").write_text("1 0 0 0\n")
    opened = open_ctc_folder(work)
    assert opened.frames.shape == (1, 3, 4)
    assert opened.load(0).tolist() == [[1] * 4] * 3


def test_a_wrong_table_is_not_written(tmp_path: Path) -> None:
    wrong = Tracks(PAIR.frames, Lineage.from_rows([(1, 0, 2, 2), (2, 0, 2, 0)]))
    with pytest.raises(LineageError, match=r"is not written, as its table of tracks has problems: track 1 begins"):
        write_ctc_folder(wrong, tmp_path / "01_RES")
    assert not list(tmp_path.iterdir())


def test_labels_that_no_tiff_of_the_challenge_holds(tmp_path: Path) -> None:
    large = Tracks(np.full((1, 2, 2), 2**32), Lineage.from_rows([(2**32, 0, 0, 0)]))
    with pytest.raises(
        LineageError, match=r"mask000.tif has the label 4294967296. Expected at most 4294967295. Number"
    ):
        write_ctc_folder(large, tmp_path / "01_RES")
    assert not (tmp_path / "01_RES").exists()
