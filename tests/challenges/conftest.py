from __future__ import annotations

import pytest

from challenges.cases import CASES, Case


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """Each pair of the zoo."""
    return request.param
