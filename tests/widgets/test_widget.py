"""What all widgets have in common."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import traitlets

from bioimagehub.widgets.errors import UnknownKeywordError
from bioimagehub.widgets.view import view
from bioimagehub.widgets.widget import Answer, HubWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEADLINE = 30


class Counter(HubWidget):
    """A widget that adds, that fails, and that waits."""

    _esm = "export default { render() {} }"
    QUESTIONS = ("add", "fail", "wait")

    start = traitlets.Int(1).tag(sync=True)

    def __init__(self, **state: Any) -> None:
        super().__init__(**state)
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        self.arrived = threading.Condition()
        self.begun = threading.Event()

    def send(self, content: Any, buffers: Any = None) -> None:
        with self.arrived:
            self.sent.append((content, buffers))
            self.arrived.notify_all()

    def expect(self, number: int) -> tuple[dict[str, Any], list[bytes]]:
        def find() -> list[tuple[dict[str, Any], list[bytes]]]:
            return [each for each in self.sent if each[0].get("answer") == number]

        with self.arrived:
            assert self.arrived.wait_for(lambda: bool(find()), DEADLINE), "there was no answer"
            return find()[0]

    def answer_add(self, content: dict[str, Any], buffers: list[Any], stop: threading.Event) -> Answer:
        return {"sum": self.start + content["number"]}, [bytes(each) * 2 for each in buffers]

    def answer_fail(self, content: dict[str, Any], buffers: list[Any], stop: threading.Event) -> Answer:
        msg = "The image x cannot be read. It has no bytes. Fetch it anew."
        raise OSError(msg)

    def answer_wait(self, content: dict[str, Any], buffers: list[Any], stop: threading.Event) -> Answer:
        self.begun.set()
        return {"stopped": stop.wait(DEADLINE)}, []

    def answer_secret(self, content: dict[str, Any], buffers: list[Any], stop: threading.Event) -> Answer:
        return {}, []


@pytest.fixture
def ask() -> Callable[..., None]:
    def ask(widget: Counter, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        widget._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": buffers or []})

    return ask


def test_a_question_is_answered_with_its_number(ask: Callable[..., None]) -> None:
    widget = Counter(start=2)
    ask(widget, {"ask": "add", "id": 7, "number": 3}, [b"ab"])
    assert widget.expect(7) == ({"answer": 7, "sum": 5}, [b"abab"])
    widget.close()


def test_an_error_comes_in_three_parts(ask: Callable[..., None]) -> None:
    widget = Counter()
    ask(widget, {"ask": "fail", "id": 1})
    problem = {"what": "The image x cannot be read.", "found": "It has no bytes.", "cure": "Fetch it anew."}
    assert widget.expect(1)[0] == {"answer": 1, "problem": problem}
    widget.show_problem(ValueError("A. B. C."))
    assert widget.problem == {"what": "A.", "found": "B.", "cure": "C."}
    widget.close()


@pytest.mark.parametrize("name", ["secret", "close", "__init__", 5])
def test_a_page_asks_only_what_it_may(ask: Callable[..., None], name: object) -> None:
    widget = Counter()
    ask(widget, {"ask": name, "id": 1})
    assert widget.expect(1)[0]["problem"]["found"] == "It answers add, fail, wait."
    widget.close()


def test_a_question_that_is_taken_back_is_not_answered(ask: Callable[..., None]) -> None:
    widget = Counter()
    ask(widget, {"ask": "wait", "id": 1})
    assert widget.begun.wait(DEADLINE)
    ask(widget, {"cancel": [1, 99]})
    ask(widget, {"ask": "add", "id": 2, "number": 1})
    widget.expect(2)
    widget.close()
    widget._pool.shutdown(wait=True)
    assert [content["answer"] for content, _ in widget.sent] == [2]


def test_a_slow_question_holds_up_no_other(ask: Callable[..., None]) -> None:
    widget = Counter()
    ask(widget, {"ask": "wait", "id": 1})
    ask(widget, {"ask": "add", "id": 2, "number": 1})
    widget.expect(2)
    widget.close()


def test_several_messages_come_as_one(ask: Callable[..., None]) -> None:
    widget = Counter()
    ask(widget, {"ask": "wait", "id": 1})
    assert widget.begun.wait(DEADLINE)
    several = [{"cancel": [1]}, {"ask": "add", "id": 2, "number": 1}, {"ask": "add", "id": 3, "number": 2}]
    ask(widget, {"all": several})
    assert [widget.expect(number)[0]["sum"] for number in (2, 3)] == [2, 3]
    widget.close()
    widget._pool.shutdown(wait=True)
    assert {content["answer"] for content, _ in widget.sent} == {2, 3}


def test_unknown_keywords_are_refused_with_advice() -> None:
    with pytest.raises(UnknownKeywordError, match=r"made with begin\. It has the keywords problem, start\. Correct"):
        Counter(begin=1)


def test_keywords_that_are_no_traits_are_listed_as_well() -> None:
    with pytest.raises(
        UnknownKeywordError, match=r"with label\. It has the keywords axes, .*, labels, .*, truth, .*zoom"
    ):
        view([[1, 2], [3, 4]], label=3)


def test_a_terminal_shows_the_text_once(tmp_path: Path) -> None:
    code = "from bioimagehub.widgets import view; import numpy; view(numpy.zeros((4, 4)))"
    command = [sys.executable, "-m", "IPython", "--no-banner", "-c", code]
    environment = os.environ | {"IPYTHONDIR": str(tmp_path)}
    told = subprocess.run(command, capture_output=True, check=True, text=True, env=environment, timeout=DEADLINE).stdout
    assert told.count("Viewer: ") == 1
    assert told.count("c0 channel") == 1
