"""The contract: each thing that can be wrong with a prediction that is a whole file, and all of them in one report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.errors import PredictionFileError, SubmissionError
from bioimagehub.challenges.formats import FORMATS, find_format, formats_of
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.submissions import (
    Caps,
    Expected,
    Problem,
    check_files,
    check_submission,
    clean,
    open_files,
    open_predictions,
    receive,
    write_files,
    write_submission,
)
from bioimagehub.challenges.submissions.predicted import find_problems
from challenges.challenge_files import TRUTH, write_challenge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.challenges.submissions import Report

SHAPE = (24, 30)


def check_one(data: Any, folder: Path, suffix: str = ".npy", **contract: Any) -> str:
    """What is said of a prediction of the case a."""
    kind = contract.pop("kind", "labels")
    caps = contract.pop("caps", Caps())
    expected = {"a": Expected("a", kind, **({"shape": SHAPE, "axes": ("y", "x")} | contract))}
    write_files({"a": data}, folder / "s", expected, formats_of(kind), suffix)
    return str(check_files(folder / "s", expected, formats_of(kind), caps))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda a: a.astype(np.int32) - 5, "its lowest label is -5. Expected 0 for background"),
        (lambda a: a.astype(np.float64), "type float64. Expected whole numbers.*astype\\(numpy.uint32\\) keeps"),
        (lambda a: a > 4, "type bool. Expected whole numbers.*Number the objects, such as with skimage"),
        (lambda a: a.T, "its shape is 30 × 24. Expected 24 × 30 along y, x. The axes are in another order; transpose"),
        (lambda a: a[None], "its shape is 1 × 24 × 30. Expected 24 × 30.*Only axes of length 1 differ"),
        (lambda a: a[:-1], "its shape is 23 × 30. Expected 24 × 30.*not a cropped, padded or scaled one"),
        (lambda a: a.astype(np.uint64) + 2**63, "its highest label is 92233720368547758.*at most 4611686018427387904"),
        (lambda a: np.arange(a.size, dtype=np.uint32).reshape(a.shape), "it has more than 700 objects. Expected fewer"),
    ],
)
def test_label_images(change: Callable[[Any], Any], told: str, tmp_path: Path, labels: np.ndarray) -> None:
    report = check_one(change(labels), tmp_path, caps=Caps(objects=700))
    assert "1 problem and" in report
    assert_told(report, told)


def assert_told(report: str, told: str) -> None:
    import re

    assert re.search(told, report), report


@pytest.mark.parametrize("label", [1, 2**31 - 1, 2**32 - 1, 2**62])
def test_one_pixel_with_a_large_label_is_fine(label: int, tmp_path: Path, labels: np.ndarray) -> None:
    one = labels.astype(np.uint64)
    one[0, 0] = label
    assert "can be scored" in check_one(one, tmp_path)


def test_pixel_size(tmp_path: Path, labels: np.ndarray) -> None:
    expected = {"a": Expected("a", "labels", SHAPE, ("y", "x"), (0.5, 0.25))}
    wrong = {"a": Expected("a", "labels", SHAPE, ("y", "x"), (0.25, 0.25))}
    for number, suffix in enumerate((".zarr", ".tif")):
        for contract, told in (
            (expected, "can be scored"),
            (wrong, "its pixel size is 0.25 × 0.25. Expected 0.5 × 0.25 µm"),
        ):
            folder = tmp_path / f"{number}{told[:3]}"
            write_files({"a": labels}, folder, contract, formats_of("labels"), suffix)
            assert told in str(check_files(folder, expected, formats_of("labels"), Caps()))
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        labels,
        metadata={"axes": "YX", "PhysicalSizeX": 0.3, "PhysicalSizeY": 500, "PhysicalSizeYUnit": "nm"},
    )
    report = check_files(tmp_path / "a.ome.tif", expected, formats_of("labels"), Caps())
    assert "neither a zip file nor a table" in str(report)
    (tmp_path / "s").mkdir()
    (tmp_path / "a.ome.tif").rename(tmp_path / "s/a.ome.tif")
    assert "its pixel size is 0.5 × 0.3" in str(check_files(tmp_path / "s", expected, formats_of("labels"), Caps()))


def test_axes(tmp_path: Path) -> None:
    volume = np.zeros((4, 4, 4), np.uint16)
    (tmp_path / "s").mkdir()
    tifffile.imwrite(tmp_path / "s/a.ome.tif", volume, metadata={"axes": "TYX"}, photometric="minisblack")
    expected = {"a": Expected("a", "labels", (4, 4, 4), ("z", "y", "x"))}
    report = str(check_files(tmp_path / "s", expected, ("tiff",), Caps()))
    assert "its axes are t, y, x. Expected z, y, x" in report
    assert 'tifffile.imwrite(path, array, metadata={"axes": "ZYX"})' in report


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite(value: float, tmp_path: Path) -> None:
    image = np.zeros(SHAPE, np.float32)
    image[3, 4] = value
    for kind in ("image", "map"):
        report = check_one(image, tmp_path / kind, kind=kind)
        assert "1 of its pixels are NaN or infinite. Expected finite numbers" in report


def test_classes(tmp_path: Path, labels: np.ndarray) -> None:
    assert "its classes are 0 to 8. Expected 0 to 3" in check_one(labels, tmp_path, kind="classes", highest=3)


def test_shape_that_is_not_known_is_bounded(tmp_path: Path, labels: np.ndarray) -> None:
    assert "it has 720 pixels. Expected at most 700" in check_one(labels, tmp_path, shape=None, caps=Caps(pixels=700))


@pytest.mark.parametrize(
    ("points", "told"),
    [
        (Points([[1, 1]], "yx"), "can be scored"),
        (Points([[12.6, 1]], "yx"), "1 points lie outside the image along y, the first is point 1 at 12.6"),
        (Points([[1, 1], [1, -0.3]], "yx"), "outside the image along x, the first is point 2 at -0.3"),
        (Points([[1, 1, 1]], "zyx"), "its columns for axes are z, y, x. Expected y, x"),
        (Points(np.zeros((11, 2)), "yx"), "it has 11 points. Expected at most 10"),
    ],
)
def test_points(points: Points, told: str, tmp_path: Path) -> None:
    report = check_one(points, tmp_path, ".csv", kind="points", spacing=(0.5, 0.5), caps=Caps(objects=10))
    assert told in report


def test_landmarks_have_a_number(tmp_path: Path) -> None:
    assert "it has 1 points. Expected 2, in the order given" in check_one(
        Points([[1, 1]], "yx"), tmp_path, ".csv", kind="landmarks", count=2
    )


def test_values(tmp_path: Path) -> None:
    contract = {"kind": "values", "items": frozenset("pqr"), "choices": frozenset({"mitosis", "none"}), "shape": None}
    assert "can be scored" in check_one({"p": "none", "q": "mitosis", "r": "none"}, tmp_path / "1", ".csv", **contract)
    report = check_one({"p": "none", "s": "<b>", "q": 3.5}, tmp_path / "2", ".csv", **contract)
    assert "1 items are missing: r. Expected each of 3 items once" in report
    assert "1 items are not asked for: s" in report
    assert "these values are none: 3.5, <b>. Expected one of mitosis, none" in report


def test_all_problems_in_one_report(tmp_path: Path, labels: np.ndarray) -> None:
    expected = {case: Expected(case, "labels", SHAPE, ("y", "x")) for case in "abcdef"}
    np.save(tmp_path / "a.npy", labels)
    np.save(tmp_path / "b.npy", labels.astype(float))
    np.save(tmp_path / "c.npy", labels.astype(np.int16) - 9)
    np.save(tmp_path / "d.npy", labels.T)
    tifffile.imwrite(tmp_path / "d.tif", labels)
    (tmp_path / "e.npy").write_bytes(b"junk")
    np.save(tmp_path / "g.npy", labels)
    (tmp_path / "notes.docx").write_bytes(b"")
    report = check_files(tmp_path, expected, formats_of("labels"), Caps())
    assert [problem.case for problem in report.problems] == ["", "", "b", "c", "d", "d", "e", "f"]
    few = check_files(tmp_path, expected, formats_of("labels"), Caps(problems=3))
    assert few.problems == report.problems[:3]
    assert few.more == 5
    assert "has 8 problems" in str(few)
    assert report.as_dict()["cases"].keys() == set("abcde")


def test_digests_are_those_of_the_content(tmp_path: Path, labels: np.ndarray, check: Callable[..., Report]) -> None:
    import zipfile

    np.save(tmp_path / "a.npy", labels)
    np.save(tmp_path / "b.npy", labels)
    digests = set()
    for number, order in enumerate(("ab", "ba")):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w", (0, 8)[number]) as archive:
            for case in order:
                archive.write(tmp_path / f"{case}.npy", f"{case}.npy")
        digests.add(check(tmp_path / f"{number}.zip").digest)
        (tmp_path / f"{number}.zip").unlink()
    digests.add(check(tmp_path).digest)
    assert len(digests) == 1
    np.save(tmp_path / "b.npy", labels[::-1].copy())
    assert check(tmp_path).digest not in digests


def test_folder_within_the_zip_file(
    tmp_path: Path, labels: np.ndarray, expected: dict[str, Expected], check: Callable[..., Report]
) -> None:
    write_files(dict.fromkeys("ab", labels), tmp_path / "s/my predictions", expected, formats_of("labels"), ".zarr")
    report = check(tmp_path / "s")
    assert report.ok, report
    assert report.cases["a"].digest == check(tmp_path / "s/my predictions").cases["a"].digest
    with open_files(tmp_path / "s", expected, formats_of("labels"), Caps()) as opened:
        assert np.array_equal(opened["b"], labels)


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif", ".npy", ".npz", ".png", ".zarr"])
@pytest.mark.parametrize("name", ["s", "s.zip"])
def test_what_is_written_is_read_and_is_the_same_each_time(
    suffix: str, name: str, tmp_path: Path, labels: np.ndarray, expected: dict[str, Expected]
) -> None:
    contents = []
    for folder in ("one", "two"):
        path = write_files(
            dict.fromkeys("ba", labels), tmp_path / folder / name, expected, formats_of("labels"), suffix
        )
        report = check_files(path, expected, formats_of("labels"), Caps())
        assert report.ok, report
        contents.append((report.digest, path.read_bytes() if path.is_file() else b""))
        with open_files(path, expected, formats_of("labels"), Caps()) as opened:
            assert {case: np.array_equal(opened[case], labels) for case in opened} == {"a": True, "b": True}
        assert sorted(one.name for one in (tmp_path / folder).iterdir()) == [name]
    assert contents[0] == contents[1]


def test_unpacked_where_it_is_told(
    tmp_path: Path, labels: np.ndarray, expected: dict[str, Expected], check: Callable[..., Report]
) -> None:
    path = write_files(dict.fromkeys("ab", labels), tmp_path / "s.zip", expected, formats_of("labels"))
    assert check(path, folder=tmp_path / "place").ok
    assert sorted(one.name for one in (tmp_path / "place").iterdir()) == ["a.tif", "b.tif"]
    with open_files(tmp_path / "place", expected, formats_of("labels"), Caps()) as opened:
        assert len(opened) == 2
    path.write_bytes(path.read_bytes()[:-30])
    assert not check(path, folder=tmp_path / "other").ok
    assert not (tmp_path / "other").exists()


def test_of_a_bad_submission_nothing_is_opened(
    tmp_path: Path, labels: np.ndarray, expected: dict[str, Expected]
) -> None:
    write_files(dict.fromkeys("ab", labels[1:]), tmp_path / "s", expected, formats_of("labels"), ".npy")
    with open_files(tmp_path / "s", expected, formats_of("labels"), Caps()) as opened:
        with pytest.raises(SubmissionError, match="its shape is 23 × 30"):
            opened["a"]
        with pytest.raises(KeyError):
            opened["c"]
    (tmp_path / "s/c.npy").write_bytes(b"")
    with pytest.raises(SubmissionError, match="Check it first with check_submission"):
        open_files(tmp_path / "s", expected, formats_of("labels"), Caps())
    with pytest.raises(SubmissionError, match="which are no cases"):
        write_files({"z": labels}, tmp_path / "t", expected, formats_of("labels"))
    with pytest.raises(SubmissionError, match="Expected a new or empty folder"):
        write_files({"a": labels}, tmp_path / "s", expected, formats_of("labels"))
    with pytest.raises(PredictionFileError, match="does not fit into a PNG"):
        write_files({"a": labels.astype(np.uint32)}, tmp_path / "t", expected, formats_of("labels"), ".png")
    assert not (tmp_path / "t").exists()


def test_received_up_to_the_cap(tmp_path: Path) -> None:
    received = receive([b"ab", b"", b"c"], tmp_path / "one", 3)
    assert (tmp_path / "one").read_bytes() == b"abc"
    assert (received.size, received.digest[:15]) == (3, "sha256:ba7816bf")
    with pytest.raises(SubmissionError, match="larger than 2 bytes"):
        receive(iter([b"ab", b"c"]), tmp_path / "two", 2)
    with pytest.raises(FileExistsError):
        receive([b"other"], tmp_path / "one", 9)
    assert (tmp_path / "one").read_bytes() == b"abc"
    assert [one.name for one in tmp_path.iterdir()] == ["one"]


@given(st.text(max_size=400), st.text(max_size=40))
def test_text_is_fit_to_be_shown(text: str, case: str) -> None:
    problem = Problem(case, text, text, text)
    assert len(problem.what) <= 301
    assert "\n" not in str(problem)
    str(problem).encode()
    assert clean(problem.what) == problem.what or len(problem.what) == 301


@pytest.mark.parametrize("name", FORMATS)
def test_formats_have_one_shape(name: str) -> None:
    module = find_format(name)
    assert module.KINDS
    assert isinstance(module.SUFFIXES, tuple)
    for function in ("inspect", "load", "write"):
        assert callable(getattr(module, function))


@pytest.mark.usefixtures("samples")
def test_submission_of_a_challenge(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path / "c")
    path = write_submission(TRUTH, tmp_path / "s.zip", challenge)
    report = check_submission(path, challenge, "public", challenge.phases[0].limits)
    assert report.ok, report
    assert [one.objects for one in report.cases.values()] == [3, 9, 0]
    with open_predictions(path, challenge, "public") as predictions:
        assert all(np.array_equal(predictions[case], TRUTH[case]) for case in TRUTH)
    small = challenge.phases[0].limits.model_copy(update={"size": 100})
    assert "Expected at most 100" in str(check_submission(path, challenge, "public", small))


def test_probabilities_are_no_choices_and_their_classes_no_items(tmp_path: Path) -> None:
    contract = {"kind": "values", "items": frozenset("pq"), "choices": frozenset({"mitosis", "none"}), "shape": None}
    chances = {"p/mitosis": 0.25, "p/none": 0.75, "q": "mitosis"}
    assert "can be scored" in check_one(chances, tmp_path / "good", ".csv", **contract)
    told = check_one({"p/mitosis": 0.25, "q": "apoptosis"}, tmp_path / "bad", ".csv", **contract)
    assert "these values are none: apoptosis. Expected one of mitosis, none" in told


@pytest.mark.usefixtures("samples")
def test_nothing_is_written_that_would_be_refused(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path / "c")
    target = tmp_path / "s.zip"
    bad = {"a": TRUTH["a"] > 0, "b": TRUTH["b"].astype(np.float32), "c": TRUTH["c"].astype(np.int32) - 1}
    with pytest.raises(SubmissionError) as refused:
        write_submission(bad, target, challenge)
    for told in (
        "The predictions of 3 cases cannot be written",
        "a: its values are of the type bool. Expected whole numbers, 0 for background. Number the objects",
        "b: its values are of the type float32. Expected whole numbers",
        "c: its lowest label is -1. Expected 0 for background",
    ):
        assert told in str(refused.value)
    for data, told in (
        (None, "a: it is None. Expected an array of whole numbers"),
        (Points([[1, 2]]), "a: it is of the type Points. Expected an array"),
        (TRUTH["a"][1:], "a: its shape is 31 × 32. Expected 32 × 32 along y, x"),
    ):
        with pytest.raises(SubmissionError, match=told):
            write_submission({"a": data}, target, challenge)
    with pytest.raises(SubmissionError, match=r"cannot hold these predictions. Expected a folder or a name that ends"):
        write_submission(TRUTH, tmp_path / "s.csv", challenge)
    with pytest.raises(SubmissionError, match=r"There are no predictions. Expected some of a, b, c"):
        write_submission({}, target, challenge)
    target.mkdir()
    with pytest.raises(SubmissionError, match=r"something at .*s.zip already. Expected no folder of that name"):
        write_submission(TRUTH, target, challenge)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["c", "s.zip"]


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("points", [[1, 2]], "a: it is of the type list. Expected Points. Make them with Points"),
        ("points", Points([[1, 2, 3]], "zyx"), "a: its columns for axes are z, y, x. Expected y, x"),
        ("points", Points([[1, 900]], "yx"), "a: 1 points lie outside the image along x"),
        ("landmarks", None, "a: it is None. Expected Points"),
        ("values", [1, 2], "a: it is of the type list. Expected a dict of values by item"),
        ("values", {"p": None, "q": 2, "r": math.nan, "s": " "}, "a: 3 answers are none \\(p: None, r: nan, s: ' '\\)"),
        ("tracks", np.zeros((3, 4, 5), int), "a: it is of the type ndarray. Expected Tracks. Make them with Tracks"),
        ("map", np.zeros(SHAPE, int), "a: its values are of the type int64. Expected floating point"),
        ("image", np.full(SHAPE, np.nan), "a: 720 of its pixels are NaN or infinite"),
    ],
)
def test_problems_of_predictions_in_memory(kind: str, data: Any, told: str) -> None:
    expected = {"a": Expected("a", kind, **({} if kind == "values" else {"shape": SHAPE, "axes": ("y", "x")}))}
    (problem,) = find_problems({"a": data}, expected)
    assert_told(str(problem), told)


def test_fields_of_items_are_written_as_a_table_has_them(tmp_path: Path) -> None:
    expected = {"a": Expected("a", "values")}
    values = {"m1": {"defocus_u": 1.5, "defocus_v": 1}, "m2": "round"}
    assert find_problems({"a": values}, expected) == []
    path = write_files({"a": values}, tmp_path / "s.csv", expected, ("csv",))
    assert path.read_text() == "case,item,value\na,m1/defocus_u,1.5\na,m1/defocus_v,1.0\na,m2,round\n"
