from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.challenge import Challenge, known_keys, load_challenge, parse_challenge
from bioimagehub.challenges.errors import ChallengeFileError, ChallengeNotFoundError, UnknownSplitError
from bioimagehub.challenges.outlines import OutlineConventions
from bioimagehub.challenges.submissions.contracts import expect
from challenges.challenge_files import TEXT, write_challenge

if TYPE_CHECKING:
    from pathlib import Path


def problems(text: str) -> list[str]:
    """Give the problems of a text, a line each; none if it can be read."""
    try:
        parse_challenge(text)
    except ChallengeFileError as error:
        return [str(problem) for problem in error.problems]
    return []


def changed(old: str, new: str) -> list[str]:
    assert old in TEXT
    return problems(TEXT.replace(old, new, 1))


def test_a_whole_file() -> None:
    challenge = parse_challenge(TEXT, folder="somewhere")
    assert challenge.name == "squares"
    assert challenge.kind == "labels"
    assert [ranked.metric for ranked in challenge.metrics] == ["panoptic_quality", "f1", "average_precision"]
    assert [ranked.aggregate for ranked in challenge.metrics] == ["mean", "pooled", "median"]
    assert challenge.splits["public"].cases[0].selection == {"y": (0, 32), "x": (0, 32)}
    assert challenge.conventions == OutlineConventions()
    assert str(challenge.folder) == "somewhere"
    assert challenge.phases[0].limits.size == 500 * 2**20
    assert challenge.find_phase("practice").hidden is False
    assert challenge.find_case("public", "b").id == "b"


def test_a_phase_is_open_from_its_first_moment_to_its_last() -> None:
    phase = parse_challenge(TEXT).phases[0]
    opens, closes = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    assert [phase.is_open(when) for when in (opens - moment, opens, closes - moment, closes)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_unknown_names_list_the_known() -> None:
    challenge = parse_challenge(TEXT)
    for find, said in (
        (lambda: challenge.find_split("x"), "no split 'x'. There are: public"),
        (lambda: challenge.find_phase("x"), "no phase 'x'. There are: practice"),
        (lambda: challenge.find_case("public", "x"), "called 'x'. There are: a, b, c"),
    ):
        with pytest.raises(UnknownSplitError, match=said):
            find()


def test_all_problems_are_told_with_their_lines() -> None:
    text = (
        TEXT.replace("title: Squares", "titel: Squares")
        .replace("task: instance_segmentation", "task: baking")
        .replace('version: "1"', "version: 1")
        .replace("{id: b, ", "{id: A, ")
        .replace("y: [64, 96]", "y: [96, 64]")
        .replace("split: public", "split: pubic")
        .replace("2027-02-01T00:00:00Z", "2026-02-01T00:00:00Z")
        .replace("aggregate: median", "aggregate: mode")
    )
    found = problems(text)
    lines = [int(problem.split(":")[0].removeprefix("line ")) for problem in found]
    assert lines == sorted(lines)
    for line, said in (
        (1, "title: this key is missing; add it"),
        (2, "titel: there is no such key here; the keys are: baselines, citation"),
        (4, "task: there is no task 'baking'; did you mean tracking? There are: classification, counting"),
        (11, "data.entries[0].version: Input should be a valid string, found 1; put it in quotes"),
        (16, "splits.public.cases[0].id: the id 'a' is given to 2 cases"),
        (17, "splits.public.cases[1].id: the id 'A' is given to 2 cases"),
        (18, "splits.public.cases[2].selection.y"),
        (21, "phases[0].split: there is no split 'pubic'; did you mean public?"),
        (23, "phases[0].closes: the phase closes at 2026-02-01"),
        (27, "metrics[2].aggregate: Input should be 'mean', 'median' or 'pooled', found 'mode'"),
    ):
        assert any(problem.startswith(f"line {line}: ") and said in problem for problem in found), (line, said, found)
    assert len(found) == 10


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("  - panoptic_quality", "  - panotic_quality", 25, "did you mean panoptic_quality?"),
        ("  - panoptic_quality", "  - f1", 26, "the metric f1 is listed twice"),
        ('      version: "1"\n', "", 10, "the entry is not pinned"),
        ('      version: "1"', "      version: null", 10, "the entry is not pinned"),
        ("{folder: truth}", "{folder: truth, label: nuclei}", 14, "the truth comes from folder and label"),
        ("{folder: truth}", "{simulator: true}", 14, "the simulator knows nothing of a case that is an entry"),
        ("{folder: truth}", "{}", 14, "the truth comes from nowhere"),
        ("{folder: truth}", "{folder: truth, key: secret}", 14, "this split is not hidden"),
        ("  public:\n    truth: {folder: truth}", "  public:\n    hidden: true\n    truth: {label: nuclei}", 15,
         "its truth is in the catalog for all to see"),
        ('{id: a, entry: "samples:bbbc038-nuclei",', "{id: a, seed: 1,", 16, "there is no simulator to take the seed"),
        ('{id: a, entry: "samples:bbbc038-nuclei",', '{id: a, entry: "samples:x",', 16, "no entry under data.entries"),
        ('{id: a, entry: "samples:bbbc038-nuclei",', "{id: a,", 16, "give one of entry and seed"),
        ("{id: a, ", "{id: ../a, ", 16, "does not fit the pattern"),
        ("{id: a, ", "{id: a., ", 16, "does not fit the pattern"),
        ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00", 22, "has no time zone; add one"),
        ("2027-01-01T00:00:00Z", "2027-01-01", 22, "has no time zone"),
        ("2027-01-01T00:00:00Z", "2027-13-01T00:00:00Z", 22,
         "there is no date 2027-13-01T00:00:00Z: month must be in 1..12; correct the date, such as 2027-03-01T12:00"),
        ("2027-01-01T00:00:00Z", "tomorrow", 22, "'tomorrow' is no date and time; correct the date, such as 2027-03"),
        ("task: instance_segmentation", "task: instance-segmentation", 4, "did you mean instance_segmentation?"),
        ("task: instance_segmentation", "task: Instance Segmentation", 4, "did you mean instance_segmentation?"),
        ("metrics:\n", "metrics: []\nmetric:\n", 24, "there is nothing here; give at least one"),
        ("name: squares", "name: squares\nname: circles", 2, "this key stands already on line 1"),
        ("name: squares", "name: &x squares\nsummary: *x", 2, "an alias"),
        ("name: squares", "name: squares\nconventions: {close: true}", 2, "Conventions have no field close"),
        ("name: squares", "name: squares\nconventions: {as_in: nobody}", 2, "no conventions of 'nobody'"),
        ("name: squares", "name: squares\nconventions: {version: '3'}", 2, "is that of the scorer"),
        ("name: squares", "name: squares\ncontrols: [truht]", 2, "did you mean truth?"),
        ("name: squares", "name: squares\ncontrols: [watershed]", 2, "the control watershed needs diameter"),
        ("name: squares", "name: squares\ncontrols: [majority]", 2, "no control of labels 'majority'"),
        ("name: squares", "name: squares\nsubmission: {formats: [csv]}", 2, "no format of labels 'csv'"),
        ("name: squares", "name: [squares", 2, "this is not YAML"),
        ("name: squares", "? [a, b]\n: 1\nname: squares", 1, "a key is a text"),
        ("name: squares", "name: !!python/name:os.system x", 1, "a value cannot be read"),
        ("name: squares", "name: !!python/object:os.x {a: 1}", 1, "the tag tag:yaml.org,2002:python/object:os.x"),
        ("name: squares", "name: !!set {a, b}", 1, "the tag tag:yaml.org,2002:set is not known"),
        ("name: squares", "<<: {name: squares}", 1, "a key is a text"),
        ("name: squares", "name: =", 1, "a value cannot be read"),
        ("name: squares", "name: squares\x07", 1, "this is not YAML"),
    ],
)  # fmt: skip
def test_one_problem(old: str, new: str, line: int, said: str) -> None:
    found = changed(old, new)
    assert any(problem.startswith(f"line {line}: ") and said in problem for problem in found), found


@pytest.mark.parametrize("name", ["Panoptic Quality", "panotic_quality", "{metric: PQ!}"])
def test_one_wrong_name_is_one_problem(name: str) -> None:
    (found,) = changed("  - panoptic_quality", f"  - {name}")
    assert "metrics[0]: there is no metric of this task" in found
    guess = "choose one of: " if "PQ" in name else "did you mean panoptic_quality? There are: "
    assert f"{guess}aggregated_jaccard, " in found
    (found,) = changed("task: instance_segmentation", "task: Sums!")
    assert "there is no task 'Sums!'; choose one of: classification" in found


def test_limits() -> None:
    found = changed("split: public\n", "split: public\n    limits: {per_day: 0, size: 5 ells}\n")
    assert [problem.split(": ")[:2] for problem in found] == [
        ["line 22", "phases[0].limits.per_day"],
        ["line 22", "phases[0].limits.size"],
    ]


def test_the_contract_of_a_challenge_is_checked_before_its_scoring(tmp_path: Path) -> None:
    values = TEXT.replace("instance_segmentation", "classification").replace("{id: a, ", "{id: a, items: [w1, w2], ")
    values = values.partition("metrics:")[0] + "metrics: [macro_f1]\nsubmission: {choices: [yes, 'no']}\n"
    expected = expect(parse_challenge(values.replace("[yes,", "['yes',")), "public")
    assert (expected["a"].items, expected["b"].items) == ({"w1", "w2"}, None)
    assert expected["a"].choices == {"yes", "no"}
    classes = TEXT.replace("instance_segmentation", "semantic_segmentation").partition("metrics:")[0]
    text = f"{classes}metrics: [mean_class_iou]\nsubmission: {{highest: 2}}\n"
    assert expect(write_challenge(tmp_path / "classes", text), "public")["a"].highest == 2
    landmarks = TEXT.replace("instance_segmentation", "registration").replace("{id: a, ", "{id: a, count: 4, ")
    landmarks = f"{landmarks.partition('metrics:')[0]}metrics: [mean_tre]\n"
    assert [one.count for one in expect(write_challenge(tmp_path / "marks", landmarks), "public").values()] == [
        4, None, None,
    ]  # fmt: skip
    found = changed("{id: a, ", "{id: a, items: [w1], count: 3, ")
    assert [one.partition(": ")[2] for one in found] == [
        "splits.public.cases[0].count: predictions are labels here, and only landmarks have count; leave it out",
        "splits.public.cases[0].items: predictions are labels here, and only values have items; leave it out",
    ]
    (found,) = changed("name: squares", "name: squares\nsubmission: {choices: [a]}")
    assert "only values have choices; leave it out" in found


def test_hidden_splits_keep_their_secrets() -> None:
    text = TEXT.replace("data:\n", "data:\n  simulator: {name: discs}\n")
    hidden = "splits:\n  secret:\n    hidden: true\n    truth: {simulator: true%s}\n    cases: [{id: one%s}]\n"
    assert problems(text.replace("splits:\n", hidden % (", key: key.txt", ""))) == []
    (found,) = problems(text.replace("splits:\n", hidden % ("", ", seed: 3")))
    assert "anyone can make its truth from the seeds; give key" in found
    (found,) = problems(text.replace("splits:\n", hidden % (", key: key.txt", ", seed: 3")))
    assert "leave out those of the cases" in found
    challenge = parse_challenge(
        text.replace("splits:\n", hidden % (", key: key.txt", "")).replace("split: public", "split: secret")
    )
    assert challenge.phases[0].hidden


def test_a_file_can_be_large_but_not_huge_or_deep() -> None:
    assert "more than 1,048,576 characters" in problems("# " + "x" * 2**20)[0]
    assert "this is not YAML" in problems("[" * 5000)[0]
    assert "nested too deep" in problems("name: " + "[" * 30 + "]" * 30)[0]
    assert "has keys and values" in problems("- a\n- b")[0]
    assert "has keys and values" in problems("")[0]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from([*sorted(known_keys(())), "x", ""]), inner, max_size=4),
                    max_leaves=12))  # fmt: skip
def test_whatever_is_in_a_file_is_told_and_not_raised(values: object) -> None:
    text = yaml.safe_dump({"name": "x", "splits": values, "phases": values, "data": values, "controls": values})
    assert problems(text)
    assert problems(yaml.safe_dump(values))


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ChallengeNotFoundError, match="make one with: bioimagehub challenge new"):
        load_challenge(tmp_path)
    (tmp_path / "challenge.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ChallengeNotFoundError, match="Expected text in UTF-8"):
        load_challenge(tmp_path)
    (tmp_path / "challenge.yaml").write_text(TEXT)
    assert load_challenge(tmp_path) == load_challenge(tmp_path / "challenge.yaml")
    assert load_challenge(tmp_path).folder == tmp_path


def test_the_schema_refuses_unknown_keys() -> None:
    schema = Challenge.model_json_schema()
    assert schema["additionalProperties"] is False
    assert all(part.get("additionalProperties", False) is False for part in schema["$defs"].values())
    assert "conventions" in schema["properties"]
