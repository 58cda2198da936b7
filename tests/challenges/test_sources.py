"""Where images and truth come from: entries, tables and labels of them, simulators, folders, hidden keys."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.pins import write_lock
from bioimagehub.challenges.challenge import parse_challenge
from bioimagehub.challenges.errors import ChallengeDataError, TruthError
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.sources import find_simulator, open_source
from bioimagehub.challenges.truth import FolderTruth, Images, SourceTruth, open_truth
from challenges.challenge_files import TEXT, TRUTH, write_challenge

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.challenges.challenge import Challenge

SIMULATED = """\
name: cells
title: Cells
summary: Find the cells.
task: instance_segmentation
licence: CC0-1.0
organisers: [{name: Ada Example}]
data:
  simulator: {name: cells, parameters: {shape: [48, 40], count: 4}}
splits:
  public:
    truth: {simulator: true}
    cases:
      - {id: one, seed: 1}
      - {id: two, seed: 2, parameters: {count: 2}}
  final:
    hidden: true
    truth: {simulator: true, key: key.txt}
    cases: [{id: one}, {id: two}]
metrics: [f1]
"""
SECRET = "correct horse battery staple"


@pytest.fixture
def generated(tmp_path: Path) -> Challenge:
    (tmp_path / "key.txt").write_text(f"{SECRET}\n")
    return parse_challenge(SIMULATED, folder=tmp_path)


def test_a_part_of_an_entry_is_known_before_pixels_are_read(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path)
    source = open_source(challenge, "public", challenge.find_case("public", "b"))
    assert (source.axes, source.shape, source.spacing) == (("y", "x"), (32, 32), None)
    assert source.version["selection"] == {"y": [32, 64], "x": [0, 32]}
    assert source.version["entry"]["facts"].startswith("sha256:")


@pytest.mark.usefixtures("samples")
def test_a_part_of_an_entry_is_that_part(tmp_path: Path) -> None:
    text = TEXT.replace("{folder: truth}", "{label: nuclei}")
    challenge = write_challenge(tmp_path, text)
    record = open_catalog()["samples:bbbc038-nuclei"]
    case = challenge.find_case("public", "b")
    np.testing.assert_array_equal(open_source(challenge, "public", case).load(), record.open()[32:64, :32].values)
    np.testing.assert_array_equal(
        open_truth(challenge, "public").load(case), record.open(label="nuclei")[32:64, :32].values
    )
    bad = write_challenge(tmp_path / "bad", text.replace("y: [32, 64]", "y: [500, 513]"))
    with pytest.raises(ChallengeDataError, match=r"takes y up to 513 of samples:bbbc038-nuclei, which has 512"):
        open_truth(bad, "public").load(bad.find_case("public", "b"))
    strange = write_challenge(tmp_path / "strange", text.replace("y: [32, 64]", "z: 1"))
    with pytest.raises(ChallengeDataError, match="selects along z, and samples:bbbc038-nuclei has the axes y x"):
        open_truth(strange, "public").load(strange.find_case("public", "b"))


@pytest.mark.usefixtures("samples")
def test_a_table_of_points_is_cut_with_the_image(tmp_path: Path) -> None:
    entry = '"samples:cryoet-tomogram"'
    text = (
        TEXT.replace("instance_segmentation", "particle_picking")
        .replace("samples:bbbc038-nuclei", "samples:cryoet-tomogram")
        .replace("{folder: truth}", "{table: particles}")
        .replace("selection: {y: [32, 64], x: [0, 32]}", "selection: {z: [40, 60]}")
        .replace("selection: {y: [64, 96], x: [0, 32]}", "selection: {z: 50}")
        .replace("selection: {y: [0, 32], x: [0, 32]}", "selection: {}")
    )
    text = text.partition("metrics:")[0] + "metrics: [spot_f1]\n"
    record = open_catalog()["samples:cryoet-tomogram"]
    write_lock(tmp_path / "data.lock.json", [record])
    challenge = parse_challenge(
        text.replace(f'identifier: {entry.strip(chr(34))}\n      version: "1"', f"identifier: {entry}").replace(
            "data:\n", "data:\n  lock: data.lock.json\n"
        ),
        folder=tmp_path,
    )
    table = record.load_table("particles")
    truth = open_truth(challenge, "public")
    whole, part, plane = (truth.load(challenge.find_case("public", name)) for name in "abc")
    assert isinstance(whole, Points)
    assert len(whole) == len(table)
    assert whole.axes == ("z", "y", "x")
    size = 0.004
    inside = table[(table["z"] / size >= 39.5) & (table["z"] / size < 59.5)]
    assert 0 < len(part) == len(inside) < len(whole)
    np.testing.assert_allclose(part.coordinates[:, 0], inside["z"] - 40 * size)
    np.testing.assert_allclose(part.coordinates[:, 1:], inside[["y", "x"]])
    assert plane.axes == ("y", "x")
    assert truth.spacing(challenge.find_case("public", "c")) == (size, size)
    assert truth.version(challenge.find_case("public", "a"))["entry"]["facts"].startswith("sha256:")


def test_the_lock_must_hold_the_entry(tmp_path: Path) -> None:
    text = TEXT.replace('      version: "1"\n', "").replace("data:\n", "data:\n  lock: data.lock.json\n")
    challenge = parse_challenge(text, folder=tmp_path)
    case = challenge.find_case("public", "a")
    with pytest.raises(ChallengeDataError, match="The lock of the challenge squares cannot be used"):
        open_source(challenge, "public", case)
    write_lock(tmp_path / "data.lock.json", [open_catalog()["samples:nuclei-3d"]])
    with pytest.raises(ChallengeDataError, match="does not pin samples:bbbc038-nuclei"):
        open_source(challenge, "public", case)


def test_an_entry_that_is_gone(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path, TEXT.replace("bbbc038-nuclei", "never-was"))
    with pytest.raises(ChallengeDataError, match="which the catalog does not have"):
        open_source(challenge, "public", challenge.find_case("public", "a"))


def test_generated_images_are_the_same_each_time(generated: Challenge) -> None:
    one, two = (open_source(generated, "public", generated.find_case("public", name)) for name in ("one", "two"))
    again = open_source(generated, "public", generated.find_case("public", "one"))
    np.testing.assert_array_equal(one.load(), again.load())
    assert one.version == again.version != two.version
    assert (one.axes, one.shape) == (("y", "x"), (48, 40))
    assert one.spacing == Images(generated, "public").spacing(generated.find_case("public", "one"))
    truth = open_truth(generated, "public")
    assert isinstance(truth, SourceTruth)
    assert truth.load(generated.find_case("public", "two")).max() == 2
    result = score(
        generated, "public", {name: truth.load(generated.find_case("public", name)) for name in ("one", "two")}
    )
    assert result.scores == {"f1": 1.0}


def test_seeds_of_hidden_splits_come_from_the_key(generated: Challenge, tmp_path: Path) -> None:
    def images(challenge: Challenge, root: Path | None = None) -> list[np.ndarray[Any, Any]]:
        cases = challenge.splits["final"].cases
        return [open_source(challenge, "final", case, root=root).load() for case in cases]

    one, two = images(generated)
    assert (one != two).any(), "cases have seeds of their own"
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "key.txt", tmp_path / "elsewhere" / "key.txt")
    with pytest.raises(ChallengeDataError, match="Only the scorer has it"):
        images(generated)
    np.testing.assert_array_equal(images(generated, tmp_path / "elsewhere")[0], one)
    (tmp_path / "elsewhere" / "key.txt").write_text(SECRET + "r")
    assert (images(generated, tmp_path / "elsewhere")[0] != one).any()
    (tmp_path / "elsewhere" / "key.txt").write_text("short")
    with pytest.raises(ChallengeDataError, match="at least 16"):
        images(generated, tmp_path / "elsewhere")


def test_the_secret_is_not_in_what_is_kept(generated: Challenge) -> None:
    truth = open_truth(generated, "final")
    result = score(generated, "final", {})
    seed = open_source(generated, "final", truth.cases["one"]).seed  # type: ignore[union-attr]
    text = str(result.as_dict()) + str(truth.version(truth.cases["one"]))
    assert SECRET not in text
    assert str(seed) not in text


def test_unknown_simulators_and_parameters(tmp_path: Path) -> None:
    with pytest.raises(ChallengeDataError, match=r"no simulator 'cakes'\. There are: .*cells"):
        find_simulator("cakes")
    with pytest.raises(ChallengeDataError, match="no simulator '__init__'"):
        find_simulator("__init__")
    challenge = parse_challenge(SIMULATED.replace("count: 4", "sugar: 4"), folder=tmp_path)
    with pytest.raises(ChallengeDataError, match=r"no parameter sugar. It has: .*count"):
        open_source(challenge, "public", challenge.find_case("public", "one")).load()


def test_truth_of_another_kind_is_the_organisers_fault(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path)
    truth = open_truth(challenge, "public")
    assert isinstance(truth, FolderTruth)
    case = challenge.find_case("public", "a")
    np.testing.assert_array_equal(truth.load(case), TRUTH["a"])
    before = truth.digest(case)
    (tmp_path / "truth" / "a.npy").write_bytes(b"no array")
    assert truth.digest(case) != before
    with pytest.raises(TruthError, match="is not what a challenge with labels takes"):
        truth.load(case)


@pytest.mark.usefixtures("samples")
def test_tables_are_points_and_nothing_else(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path, TEXT.replace("{folder: truth}", "{table: particles}"))
    with pytest.raises(TruthError, match=r"which takes labels. Keep it in a folder"):
        open_truth(challenge, "public").load(challenge.find_case("public", "a"))


@pytest.mark.usefixtures("samples")
def test_a_label_image_is_no_table_of_spots(tmp_path: Path) -> None:
    text = TEXT.replace("{folder: truth}", "{label: nuclei}").replace("instance_segmentation", "spot_detection")
    challenge = write_challenge(tmp_path, text.partition("metrics:")[0] + "metrics: [spot_f1]\n")
    with pytest.raises(TruthError, match=r"which takes points. Keep it in a folder"):
        open_truth(challenge, "public").load(challenge.find_case("public", "a"))


def test_answers_to_generated_cases(tmp_path: Path) -> None:
    """Of a screen the mechanism of each well is its class; of a label image the number of objects is the count."""

    def made(folder: str, task: str, metric: str, simulator: str) -> Challenge:
        text = SIMULATED.replace("instance_segmentation", task).replace("metrics: [f1]", f"metrics: [{metric}]")
        text = text.replace("{name: cells, parameters: {shape: [48, 40], count: 4}}", simulator)
        return write_challenge(tmp_path / folder, text.replace(", parameters: {count: 2}", ""))

    counting = made("counting", "counting", "count_bias", "{name: cells, parameters: {shape: [48, 40], count: 4}}")
    truth, case = open_truth(counting, "public"), counting.find_case("public", "one")
    image = open_source(counting, "public", case).simulated.truth  # type: ignore[union-attr]
    assert truth.load(case) == {"objects": float(len(np.unique(image)) - 1)}
    screen = "{name: phenotypes, parameters: {shape: [24, 24], count: 2, controls: 1}}"
    classes = made("classes", "classification", "accuracy", screen)
    truth, case = open_truth(classes, "public"), classes.find_case("public", "one")
    put_in = open_source(classes, "public", case).simulated.truth  # type: ignore[union-attr]
    found = truth.load(case)
    assert found == {name.partition("/")[0]: moa for name, moa in put_in.items() if name.endswith("/moa")}
    assert found["w0000"] == "aneuploidy"
    assert "no effect" in found.values()
    strange = made("strange", "classification", "accuracy", "{name: cells, parameters: {shape: [48, 40], count: 4}}")
    with pytest.raises(TruthError, match=r"gives no classes\. Expected a field moa .* Take the simulator phenotypes"):
        open_truth(strange, "public").load(strange.find_case("public", "one"))
