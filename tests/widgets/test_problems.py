from __future__ import annotations

import pytest

from bioimagehub.widgets.problems import tell_problem


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (ValueError("It failed."), ("It failed.", "", "")),
        (ValueError("It failed. Do this."), ("It failed.", "", "Do this.")),
        (ValueError("It failed. A is 1. B is 2. Do this."), ("It failed.", "A is 1. B is 2.", "Do this.")),
        (ValueError("http://a.b/c.zarr cannot be read. It is v. 3. Fetch it."), None),
        (KeyError("No entry x. Correct it."), ("No entry x.", "", "Correct it.")),
        (TimeoutError(), ("TimeoutError", "", "")),
    ],
)
def test_parts(error: BaseException, parts: tuple[str, str, str] | None) -> None:
    expected = parts or ("http://a.b/c.zarr cannot be read.", "It is v. 3.", "Fetch it.")
    assert tuple(tell_problem(error).values()) == expected
