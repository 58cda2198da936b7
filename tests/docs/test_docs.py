"""Documentation that cannot rot: its code runs, its links lead somewhere, and every page is in the index."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ROOMS = ("binder", "catalogs", "docs", "environments", "hub", "notebooks", "tests", "widgets")
KINDS = ("tutorials", "how-to", "explanation", "reference", "decisions")
PAGES = sorted({*ROOT.glob("*.md"), *(page for room in ROOMS for page in (ROOT / room).rglob("*.md"))})

VALIDATORS: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "yaml": lambda text: list(yaml.safe_load_all(text)),
}
# These tell what a person types or sees; nothing can be checked in them, so they say why.
SHELLS = {"bash", "console", "sh"}
PLAIN = {"bibtex", "text"}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@dataclass(frozen=True)
class Block:
    """A fenced block: `line` is that of its first line in the page, `note` what follows the language."""

    language: str
    note: str
    text: str
    line: int

    @property
    def is_run(self) -> bool:
        return self.language == "python" and not self.note


def parse(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text())


def blocks(page: Path) -> list[Block]:
    found = []
    for token in parse(page):
        if token.type == "code_block":
            found.append(Block("", "", token.content, token.map[0] + 1 if token.map else 0))
        if token.type == "fence":
            language, _, note = token.info.strip().partition(" ")
            found.append(Block(language, note.strip(), token.content, token.map[0] + 2 if token.map else 0))
    return found


def links(page: Path) -> Iterator[str]:
    """Yield the target of each link and image of a page, those in HTML too."""
    for token in parse(page):
        for part in [token, *(token.children or [])]:
            if part.type == "link_open":
                yield str(part.attrs["href"])
            elif part.type == "image":
                yield str(part.attrs["src"])
            elif part.type in {"html_block", "html_inline"}:
                yield from re.findall(r"""\b(?:href|src)=["']([^"']+)""", part.content)


def headings(page: Path) -> list[tuple[str, str]]:
    """Return the level (such as `h2`) and the text of each heading."""
    tokens = parse(page)
    return [
        (token.tag, "".join(part.content for part in tokens[number + 1].children or []))
        for number, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    counted: Counter[str] = Counter()
    found = set()
    for _, text in headings(page):
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        found.add(f"{slug}-{counted[slug]}" if counted[slug] else slug)
        counted[slug] += 1
    return found


def test_there_are_pages() -> None:
    assert {ROOT / "README.md", DOCS / "README.md"} <= set(PAGES)


@each_page
def test_every_block_runs_or_says_why_not(page: Path) -> None:
    for block in blocks(page):
        place = f"{page}:{block.line}"
        known = {"python", *SHELLS, *VALIDATORS, *PLAIN}
        assert block.language in known, f"{place}: name the language of the block, one of {', '.join(sorted(known))}"
        if block.note:
            assert re.fullmatch(r"no-run: \S.{5,}", block.note), f"{place}: write `no-run: REASON`, not `{block.note}`"
        assert block.note or block.language not in SHELLS, f"{place}: add ` no-run: REASON` after {block.language}"


@each_page
def test_data_in_blocks_is_valid(page: Path) -> None:
    for block in blocks(page):
        if block.language in VALIDATORS and not block.note:
            try:
                VALIDATORS[block.language](block.text)
            except (ValueError, yaml.YAMLError) as error:
                pytest.fail(f"{page}:{block.line}: not valid {block.language}: {error}")


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.is_run for block in blocks(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page share one namespace; a traceback shows the line of the page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    namespace = {"__name__": "__main__"}
    # What a page sets in the environment ends with it.
    with patch.dict(os.environ):
        for block in blocks(page):
            if block.is_run:
                code = "\n" * (block.line - 1) + block.text
                exec(compile(code, str(page), "exec"), namespace)  # noqa: S102


@each_page
def test_internal_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            assert parts.scheme in {"https", "mailto"}, f"{page}: {link} should be https"
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        assert target.is_relative_to(ROOT), f"{page}: {link} leads out of the repository"
        assert target.exists(), f"{page}: {link} leads nowhere"
        if parts.fragment and target.suffix == ".md":
            assert parts.fragment in anchors(target), f"{page}: {link}: {target.name} has {sorted(anchors(target))}"


@each_page
def test_page_has_one_title_and_it_comes_first(page: Path) -> None:
    levels = [level for level, _ in headings(page)]
    assert levels[0] == "h1"
    assert levels.count("h1") == 1


def test_every_page_is_in_the_index() -> None:
    linked = {(DOCS / urlsplit(link).path).resolve() for link in links(DOCS / "README.md")}
    missing = [
        page for page in PAGES if page.is_relative_to(DOCS) and page != DOCS / "README.md" and page not in linked
    ]
    assert not missing, f"docs/README.md does not list {[str(page.relative_to(DOCS)) for page in missing]}"


@pytest.mark.parametrize(
    "page",
    sorted(page for kind in KINDS for page in (DOCS / kind).rglob("*.md")),
    ids=lambda page: str(page.relative_to(DOCS)),
)
def test_name_of_page_is_kebab_case(page: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", page.stem)


def test_every_page_is_of_one_kind() -> None:
    assert {path.name for path in DOCS.iterdir() if path.is_dir()} <= {*KINDS, "images"}


def test_decisions_are_numbered_and_complete() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert numbers == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        assert {"Context", "Decision", "Figures", "Consequences"} <= {text for _, text in headings(page)}, page
