"""Submissions in the database: what counts, and what may be taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bioimagehub.hub.errors import LimitReachedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.hub.portal.store.models import SubmissionRow

pytestmark = pytest.mark.usefixtures("squares_edition")


def test_many_at_the_same_moment_do_not_pass_a_limit(add_to: Callable[..., SubmissionRow]) -> None:
    """However many the portal lets in at once: the limit is counted in the transaction that adds the row."""

    def try_to(_: int) -> str:
        try:
            return add_to("ann").state
        except LimitReachedError as error:
            return str(error)

    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(try_to, range(60)))
    assert told.count("waiting") == 3
    assert sum("3 a day" in one for one in told) == 57
