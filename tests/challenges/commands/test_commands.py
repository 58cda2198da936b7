"""``bioimagehub challenge``: every action, as it is typed, on real files."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges import otsu_watershed
from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.result_files import load_result
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.sources import open_source
from bioimagehub.challenges.submissions import write_submission
from bioimagehub.challenges.tasks import TASKS, find_task
from bioimagehub.challenges.template import TEMPLATES
from bioimagehub.challenges.truth import open_truth
from bioimagehub.hub.cli import main, make_parser

if TYPE_CHECKING:
    from numpy.typing import NDArray

ACTIONS = ("new", "check", "score", "submit", "board", "rescore", "export")
# Truth in a folder, so that it can be corrected.
FOLDER_TRUTH = ("truth: {label: nuclei}  # a label image of the entry; or {folder: truth}, with one file a case",
                "truth: {folder: truth}")  # fmt: skip

pytestmark = pytest.mark.usefixtures("samples")


@pytest.fixture(scope="module")
def made(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new challenge whose truth is in a folder, and the predictions of two entries."""
    folder = tmp_path_factory.mktemp("made")
    place = folder / "nuclei"
    assert main(["challenge", "new", str(place)]) == 0
    challenge = load_challenge(place)
    truth = open_truth(challenge, "public")
    (place / "truth").mkdir()
    predictions: dict[str, dict[str, NDArray[np.integer]]] = {"fine": {}, "coarse": {}}
    for case in challenge.splits["public"].cases:
        np.save(place / "truth" / f"{case.id}.npy", truth.load(case))
        image = open_source(challenge, "public", case).load()
        predictions["fine"][case.id] = otsu_watershed(image, 10)
        predictions["coarse"][case.id] = otsu_watershed(image, 40)
    file = place / "challenge.yaml"
    text = file.read_text()
    assert FOLDER_TRUTH[0] in text
    file.write_text(text.replace(*FOLDER_TRUTH))
    for entry, images in predictions.items():
        write_submission(images, folder / "predictions" / entry, load_challenge(place))
    (folder / "results").mkdir()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return shutil.copytree(made, tmp_path / "copy")


def run_scores(folder: Path) -> None:
    for entry in ("fine", "coarse"):
        into = str(folder / "results" / f"{entry}.json")
        assert (
            main(["challenge", "score", str(folder / "nuclei"), str(folder / "predictions" / entry), "--into", into])
            == 0
        )


def test_every_action_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for action in ACTIONS:
        with pytest.raises(SystemExit) as ended:
            make_parser().parse_args(["challenge", action, "--help"])
        assert ended.value.code == 0
    assert "challenge file, or its folder" in capsys.readouterr().out


FILLED_IN = {
    "ctf_estimation": "item,value\nm/defocus_u,10500\nm/defocus_v,9500\nm/angle,5\n",
    "registration": "y,x\n1,2\n3,4\n",
}
"""What the marked places ask for, by task."""


def test_there_is_a_template_for_each_task() -> None:
    assert set(TEMPLATES) == set(TASKS)


def test_commands_of_the_notebooks_can_be_typed() -> None:
    folder = Path(__file__).resolve().parents[3] / "notebooks" / "challenges"
    text = "".join(file.read_text() for file in folder.glob("*/*.ipynb"))
    told = re.findall(r'"bioimagehub (challenge [^`\\\n]+)', text)
    assert len(told) >= 10
    for command in told:
        make_parser().parse_args(command.split())


@pytest.mark.parametrize("task", TASKS)
def test_a_new_challenge_passes_the_check(task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenge", "new", str(tmp_path / "My First"), "--task", task]) == 0
    made = load_challenge(tmp_path / "My First")
    assert made.name == "my-first"
    assert made.phases[0].is_open(datetime.now(UTC))
    assert "The challenge is called my-first: names are lower-case words with hyphens" in capsys.readouterr().err
    marked = "FILL IN: put one.csv into the folder truth" in (tmp_path / "My First" / "challenge.yaml").read_text()
    assert marked == (task in FILLED_IN)
    if marked:
        (tmp_path / "My First" / "truth").mkdir()
        (tmp_path / "My First" / "truth" / "one.csv").write_text(FILLED_IN[task])
    assert main(["challenge", "check", str(tmp_path / "My First")]) == 0
    told = capsys.readouterr()
    assert "my-first is sound: the truth ranks first" in told.err
    assert "few-cases" in told.err
    assert main(["challenge", "check", str(tmp_path / "My First"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    metric = find_task(task).METRICS[made.metrics[0].metric]
    scores = {name: control[made.metrics[0].metric] for name, control in found["controls"]["public"].items()}
    assert scores.pop("truth") == metric.BEST
    assert bool(scores) != (task == "ctf_estimation"), "others are there to compare it with"
    assert all(value != metric.BEST for name, value in scores.items() if name != "shifted")


def test_check_tells_which_splits_it_saw(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "nuclei" / "challenge.yaml"
    hidden = "  final:\n    hidden: true\n    truth: {folder: final}\n    cases:\n"
    hidden += '      - {id: a, entry: "samples:bbbc038-nuclei", selection: {y: [0, 256], x: [0, 256]}}\n'
    file.write_text(file.read_text().replace("  public:\n", f"{hidden}  public:\n"))
    arguments = ["challenge", "check", str(folder / "nuclei")]
    assert main(arguments) == 0
    told = capsys.readouterr().err
    assert "nuclei is sound as far as it was checked: the truth ranks first by panoptic_quality on public; " in told
    assert told.rstrip().endswith("Not checked, for want of the truth: final.")
    assert main([*arguments, "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["skipped"]) == ["final"]
    (folder / "nuclei" / "final").mkdir()
    shutil.copy(folder / "nuclei" / "truth" / "upper-left.npy", folder / "nuclei" / "final" / "a.npy")
    assert main(arguments) == 0
    told = capsys.readouterr().err
    assert "nuclei is sound: the truth ranks first by panoptic_quality on final, public; " in told
    assert "Not checked" not in told


def test_new_replaces_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenge", "new", str(tmp_path), "--name", "mine"]) == 0
    before = (tmp_path / "challenge.yaml").read_bytes()
    assert main(["challenge", "new", str(tmp_path), "--name", "other"]) == 1
    assert "cannot be written: File exists. Name a new folder" in capsys.readouterr().err
    assert (tmp_path / "challenge.yaml").read_bytes() == before


def test_new_knows_its_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenge", "new", str(tmp_path), "--task", "baking"]) == 1
    assert "There is no task 'baking'. Did you mean tracking? These exist: classification," in capsys.readouterr().err
    assert main(["challenge", "new", str(tmp_path / "x"), "--name", "No Name"]) == 1
    assert "name: 'No Name' does not fit the pattern" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_score_prints_every_digit_the_conventions_and_the_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["challenge", "score", str(folder / "nuclei"), str(folder / "predictions" / "fine")]
    assert main([*arguments, "--into", str(folder / "fine.json")]) == 0
    told = capsys.readouterr()
    result = load_result(folder / "fine.json")
    lines = [line.split("\t") for line in told.out.splitlines()]
    assert {line[0]: float(line[2]) for line in lines} == result.scores
    assert f"conventions: {result.conventions}" in told.err
    assert f"key: {result.key}" in told.err
    assert main([*arguments, "--json", "--known", str(folder / "fine.json")]) == 0
    assert json.loads(capsys.readouterr().out) == result.as_dict()
    assert main([*arguments, "--cases"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4 + 4
    challenge = load_challenge(folder / "nuclei")
    images = {case.id: open_source(challenge, "public", case).load() for case in challenge.splits["public"].cases}
    local = score(challenge, "public", {name: otsu_watershed(image, 10) for name, image in images.items()})
    assert local.scores == result.scores, "what a notebook computes in memory is what is scored from files"


def test_score_lists_what_is_wrong_with_predictions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in (folder / "predictions" / "fine").glob("upper-*"):
        file.unlink()
    assert main(["challenge", "score", str(folder / "nuclei"), str(folder / "predictions" / "fine")]) == 1
    told = capsys.readouterr()
    assert "upper-left" in told.err
    assert "upper-right" in told.err
    assert told.out == ""


def test_board_and_export(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_scores(folder)
    capsys.readouterr()
    arguments = [str(folder / "nuclei"), str(folder / "results"), "--samples", "50"]
    assert main(["challenge", "board", *arguments]) == 0
    table = capsys.readouterr().out
    assert table.index("fine") < table.index("coarse")
    assert "truth" in table
    assert main(["challenge", "board", *arguments, "--no-controls", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["entry"], row["rank"]) for row in rows] == [("fine", 1), ("coarse", 2)]
    assert main(["challenge", "export", *arguments, "--into", str(folder / "board")]) == 0
    assert {"index.html", "board.json", "scores.parquet", "ro-crate-metadata.json"} <= {
        file.name for file in (folder / "board").iterdir()
    }


def test_rescore_after_a_correction_of_the_truth(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_scores(folder)
    before = load_result(folder / "results" / "fine.json")
    corrected = np.load(folder / "nuclei" / "truth" / "upper-left.npy")
    corrected[corrected == corrected.max()] = 0
    np.save(folder / "nuclei" / "truth" / "upper-left.npy", corrected)
    capsys.readouterr()
    arguments = ["challenge", "rescore", str(folder / "nuclei"), str(folder / "results"), str(folder / "predictions")]
    assert main([*arguments, "--dry-run"]) == 0
    assert load_result(folder / "results" / "fine.json").as_dict() == before.as_dict()
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert "fine: 1 of 4 cases scored again: upper-left" in told.err
    assert "old rank" in told.out
    after = load_result(folder / "results" / "fine.json")
    assert [name for name in before.cases if before.cases[name].key != after.cases[name].key] == ["upper-left"]
    assert main(arguments) == 0
    assert "fine: 0 of 4 cases scored again\n" in capsys.readouterr().err


def test_rescore_goes_on_where_predictions_are_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_scores(folder)
    shutil.rmtree(folder / "predictions" / "coarse")
    kept = (folder / "results" / "coarse.json").read_bytes()
    capsys.readouterr()
    arguments = ["challenge", "rescore", str(folder / "nuclei"), str(folder / "results")]
    assert main([*arguments, str(folder / "predictions")]) == 1
    told = capsys.readouterr()
    assert "fine: 0 of 4 cases scored again" in told.err
    assert "not scored again: coarse: There are no predictions of coarse" in told.err
    assert "old rank" in told.out
    assert (folder / "results" / "coarse.json").read_bytes() == kept
    assert main([*arguments, str(folder / "results")]) == 1
    told = capsys.readouterr()
    assert "There are no predictions of coarse" in told.err
    assert "There are no predictions of fine" in told.err
    assert told.out == ""


def test_rescore_by_other_conventions_or_metrics(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_scores(folder)
    file = folder / "nuclei" / "challenge.yaml"
    text = file.read_text()
    file.write_text(text.replace("conventions: {boundaries", "conventions: {at: 0.75, boundaries"))
    capsys.readouterr()
    board = ["challenge", "board", str(folder / "nuclei"), str(folder / "results"), "--no-controls"]
    assert main(board) == 1
    assert "coarse has other conventions" in capsys.readouterr().err
    arguments = ["challenge", "rescore", str(folder / "nuclei"), str(folder / "results"), str(folder / "predictions")]
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert "fine: 4 of 4 cases scored again" in told.err
    assert "old rank" in told.out
    assert main(board) == 0
    file.write_text(text.replace("  - average_precision\n", "  - average_precision\n  - recall\n"))
    capsys.readouterr()
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert "no board of the old results to compare with" in told.err
    assert "coarse has no recall" in told.err
    assert "fine" in told.out


def test_results_that_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "results" / "bad.json").write_text('{"layout": 1}')
    for given, said in (
        (folder / "results", "is damaged, or is none: KeyError('challenge')"),
        (folder / "nowhere.json", "No such file"),
        (folder / "predictions", "There are no results"),
    ):
        assert main(["challenge", "board", str(folder / "nuclei"), str(given)]) == 1
        assert said in capsys.readouterr().err


def test_a_challenge_with_problems_lists_them_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "nuclei" / "challenge.yaml"
    file.write_text(
        file.read_text().replace("title: Segment", "titel: Segment").replace("split: public", "split: nowhere")
    )
    assert main(["challenge", "check", str(folder / "nuclei")]) == 1
    told = capsys.readouterr().err
    assert "titel: there is no such key here" in told
    assert "there is no split 'nowhere'" in told
