from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bioimagehub.challenges.boards import Board, Origin, make_board, publishable
from challenges.boards.made_results import make_challenge, make_results

SCRIPT = "<script>alert(1)</script>"
QUOTE = "\"' onmouseover=alert(1) x='"
VOID = {"meta", "line", "circle", "br"}


class Reader(HTMLParser):
    """Checks that tags are closed, and keeps what they are and hold."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def board() -> Board:
    challenge = make_challenge(12)
    results = make_results(challenge, {SCRIPT: 0.8, QUOTE: 0.7, "ünï | *star*\n# x": 0.6})
    origins = {SCRIPT: Origin("javascript:alert(1)", "https://hub.example/runs/7?a=1&b=2"), QUOTE: Origin(SCRIPT)}
    made = make_board(challenge, "final", results, controls=make_results(challenge, {"truth": 1.0}), origins=origins)
    return replace(made, title=SCRIPT, conventions=SCRIPT, organisers=(SCRIPT,), citations=(QUOTE,))


def test_names_are_text_and_nothing_else(board: Board) -> None:
    for shown in (board, publishable(board, hidden=True)):
        reader = read(shown.to_html())
        assert not {"script", "img", "iframe", "link"} & {tag for tag, _ in reader.tags}
        assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]
        assert reader.text.count(SCRIPT) >= 4
        links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
        assert links == ["https://hub.example/runs/7?a=1&b=2"]


def test_the_page_needs_nothing_else(board: Board) -> None:
    page = board.to_html()
    assert "src=" not in page
    assert "@import" not in page
    assert "url(" not in page
    assert 'name="viewport"' in page
    assert board.digest in page


def test_every_cell_says_what_it_is_on_a_phone(board: Board) -> None:
    reader = read(board._repr_html_())
    cells = [attributes for tag, attributes in reader.tags if tag == "td"]
    assert len(cells) == 4 * 7
    assert all(attributes["data-label"] for attributes in cells)


def test_the_unrounded_score_is_at_hand(board: Board) -> None:
    assert f'title="{board.entries[0].score!r}"' in board.to_html()


def test_markdown_stays_one_line_a_row(board: Board) -> None:
    lines = board.to_markdown().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 4
    assert "ünï \\| \\*star\\* \\# x" in board.to_markdown()
    assert all(line.count(" | ") == 7 for line in table)


def test_text_is_aligned(board: Board) -> None:
    lines = board.to_text().splitlines()
    at = lines[0].index("Panoptic quality")
    assert [line[at] for line in lines[1:5]] == ["0"] * 4
    assert lines[1].startswith("control")


def test_of_many_entries_the_matrix_is_left_to_the_file(board: Board) -> None:
    names = tuple(f"e{at}" for at in range(41))
    many = replace(board, pairwise=replace(board.pairwise, entries=names, p=((1.0,) * 41,) * 41))
    assert "too many entries" in many.to_html()


def test_numbers_stay_apart_where_styles_are_lost(board: Board) -> None:
    """As in a notebook that is shown elsewhere: whoever copies the text or hears it does not get `0.6670.597`."""
    for shown in (board, publishable(board, hidden=True)):
        page = shown.to_html()
        before = [page[at - 1] for at in range(len(page)) if page.startswith('<span class="pale">', at)]
        assert before
        assert set(before) == {" "}
