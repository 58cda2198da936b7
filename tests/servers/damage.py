"""Documents that were damaged on the way or made to do harm: real ones with some of their values replaced."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "x" * 5000, "\x00\x1b[31m", "../../etc/passwd", "1e999", "9" * 400, "2019-13-45", "NCBITaxon:0", "٣", "²",
            10**400, [], {}, [[1]], ["a", {}], {"valueOf_": []}, {"@id": {}},
        ]
    ),
)  # fmt: skip

_PIECES = ["\t", "\n", "\r", '"', ",", "9" * 30, "\x00", "²"]


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """Give a document with up to three of its values, however deep, replaced by others."""
    broken = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        places = [place for place in _places(broken) if place]
        if places:
            *above, last = draw(st.sampled_from(places))
            inside = broken
            for step in above:
                inside = inside[step]
            inside[last] = copy.deepcopy(draw(_VALUES))
    return broken


@st.composite
def damaged_text(draw: st.DrawFn, text: str) -> str:
    """Give a text with pieces left out, and others put in."""
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, len(text)))
        piece = draw(st.one_of(st.text(max_size=5), st.sampled_from(_PIECES)))
        text = text[:place] + piece + text[place + draw(st.integers(0, 30)) :]
    return text


def _places(document: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    if isinstance(document, dict):
        steps: Any = document.items()
    elif isinstance(document, list):
        steps = enumerate(document)
    else:
        return
    for step, value in steps:
        yield from _places(value, (*above, step))
