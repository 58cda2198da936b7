"""Pictures of what predictions got wrong, of each kind of prediction."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from bioimagehub.challenges import Points
from bioimagehub.challenges.challenge_parts import Control
from bioimagehub.challenges.controls import open_control
from bioimagehub.challenges.truth import open_truth
from bioimagehub.widgets import challenge
from bioimagehub.widgets.challenge.mistakes import LARGEST_PICTURE, PAGE
from bioimagehub.widgets.errors import PredictionsError
from servers.challenge import squares as draw_squares

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.widgets.challenge.widget import ChallengeWidget

    Ask = Callable[..., tuple[dict[str, Any], list[bytes]]]


def predict(widget: ChallengeWidget, name: str) -> dict[str, Any]:
    """Give a control of the challenge as predictions."""
    split = widget.work.find_phase(widget.phase).split
    control = open_control(widget.challenge, split, Control(name=name), open_truth(widget.challenge, split))
    return {case.id: control(case.id) for case in widget.challenge.splits[split].cases}


def test_mistakes_of_objects_are_counted_and_drawn(squares: Path, ask: Ask) -> None:
    merged = draw_squares(3)
    merged[1:9, 1:29] = 1
    made = challenge(squares, predictions={"a": merged, "b": draw_squares(7), "c": draw_squares(6)})
    made.score_predictions()
    told, (overview,) = ask(made, "case", case="b")
    assert told["kinds"] == [["missed", 2]]
    assert told["cases"][0] == "a"
    assert Image.open(io.BytesIO(overview)).size[0] >= 384
    rows, pictures = ask(made, "mistakes", case="a", kind="merger")
    assert [(one["kind"], one["side"]) for one in rows["rows"]] == [("merger", "prediction")]
    assert len(pictures) == 1
    assert {one.kind for one in made.mistakes("c")} == {"false"}
    assert {one.kind for one in made.mistakes()} == {one.kind for one in made.mistakes("a")}
    made.close()


def test_pictures_come_page_by_page_in_small_messages(samples: Path, ask: Ask) -> None:
    made = challenge("nuclei-2d")
    made.predictions = predict(made, "empty")
    made.score_predictions()
    told, (overview,) = ask(made, "case", case="upper-left")
    assert len(overview) < 500_000
    rows, pictures = ask(made, "mistakes", case="upper-left", kind="missed", offset=PAGE)
    assert rows["total"] == told["total"] > 2 * PAGE
    assert [one["index"] for one in rows["rows"]] == list(range(PAGE, 2 * PAGE))
    assert all(0 < len(picture) <= LARGEST_PICTURE for picture in pictures)
    made.close()


def test_before_a_score_there_are_no_mistakes(squares: Path, ask: Ask) -> None:
    made = challenge(squares, predictions={"a": draw_squares(1)})
    with pytest.raises(PredictionsError, match="Score them first"):
        ask(made, "case")
    made.close()


def test_points_are_drawn_as_rings(samples: Path, ask: Ask) -> None:
    made = challenge("spots")
    truth = open_truth(made.challenge, "public")
    some = {
        case.id: Points(truth.load(case).coordinates[3:], truth.load(case).axes)
        for case in made.challenge.splits["public"].cases
    }
    made.predictions = some
    made.score_predictions()
    told, (overview,) = ask(made, "case")
    assert dict(told["kinds"])["missed"] >= 1
    rows, pictures = ask(made, "mistakes", case=told["case"])
    assert rows["rows"][0]["text"].startswith("true point")
    ask(made, "open", case=told["case"], index=0)
    assert {layer["name"] for layer in made.opened.scene["layers"]} >= {"truth", "prediction"}
    assert Image.open(io.BytesIO(pictures[0])).mode == "RGB"
    assert overview
    made.close()


def test_tracks_of_a_sequence_are_looked_at(samples: Path, ask: Ask) -> None:
    made = challenge("cell-tracking")
    made.predictions = predict(made, "shifted")
    made.score_predictions()
    told, buffers = ask(made, "case")
    assert told["kind"] == "tracks"
    assert len(buffers) == 1
    ask(made, "open", case=told["case"])
    assert {layer["name"] for layer in made.opened.scene["layers"]} >= {"truth", "prediction"}
    made.close()


@pytest.mark.parametrize(("name", "control"), [("tissue", "shifted"), ("denoising", "shifted"), ("half-maps", "truth")])
def test_images_stand_beside_the_truth(samples: Path, ask: Ask, name: str, control: str) -> None:
    made = challenge(name)
    made.predictions = predict(made, control)
    made.score_predictions()
    told, (picture,) = ask(made, "case")
    assert (told["total"], told["kinds"]) == (0, [])
    drawn = np.asarray(Image.open(io.BytesIO(picture)))
    assert drawn.shape[1] > 2 * drawn.shape[0]
    different = drawn[:, -drawn.shape[0] // 2 :]
    assert different.any() == (control != "truth")
    ask(made, "open", case=told["case"])
    made.opened.wait(60)
    assert made.opened.problem is None
    made.close()


def test_answers_stand_beside_the_true_ones(samples: Path, ask: Ask) -> None:
    made = challenge("counting")
    truth = open_truth(made.challenge, "public")
    cases = made.challenge.splits["public"].cases
    made.predictions = {case.id: {"objects": truth.load(case)["objects"] + at} for at, case in enumerate(cases)}
    made.score_predictions()
    first = ask(made, "case", case=cases[0].id)[0]
    assert (first["wrong"], first["asked"], first["viewable"]) == (0, 1, False)
    (answer,) = ask(made, "case", case=cases[1].id)[0]["answers"]
    assert answer["wrong"]
    assert float(answer["answer"]) == float(answer["truth"]) + 1
    with pytest.raises(PredictionsError, match="cannot be opened in the viewer"):
        ask(made, "open", case=cases[0].id)
    made.close()


def test_a_mistake_is_opened_in_the_viewer_where_it_is(squares: Path, ask: Ask) -> None:
    made = challenge(squares, predictions={"a": draw_squares(2), "b": draw_squares(9), "c": draw_squares(5)})
    made.score_predictions()
    ask(made, "open", case="a", index=0)
    viewer = made.opened
    viewer.wait(60)
    assert viewer.problem is None
    assert (made.panel, made.opened_case) == (f"anywidget:{viewer.model_id}", "a")
    assert [layer["name"] for layer in viewer.scene["layers"]][-2:] == ["truth", "prediction"]
    colours = {layer["name"]: viewer.looks[layer["id"]]["colour"] for layer in viewer.scene["layers"]}
    assert (colours["truth"], colours["prediction"]) == ("#0088ff", "#ff8c00")
    mistake = made.mistakes("a")[0]
    steps = mistake.spacing or (1.0, 1.0)
    assert (viewer.y, viewer.x) == pytest.approx([c * s for c, s in zip(mistake.centroid, steps, strict=True)])
    ask(made, "close")
    assert (made.panel, made.opened_case, made.opened) == ("", "", None)
    made.close()
