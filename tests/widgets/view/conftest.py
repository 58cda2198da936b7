"""Viewers with a page that is no browser's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.widgets.view.viewer import Viewer
from servers.page import DEADLINE, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def show() -> Iterator[Callable[..., Page]]:
    """Make a viewer that is open, or that has a problem, and its page."""
    pages: list[Page] = []

    def show(source: Any, **given: Any) -> Page:
        viewer = Viewer(source, **given)
        assert viewer._opened.wait(DEADLINE), "it was not opened"
        pages.append(Page(viewer))
        return pages[-1]

    yield show
    for page in pages:
        page.viewer.close()
