"""Turns what pages show into HTML. All text is escaped; no page needs a script."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from bioimagehub.hub.portal.people import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

    from bioimagehub.hub.portal.people import Person
    from bioimagehub.hub.portal.views import PhaseView

STYLE = files("bioimagehub.hub.portal.pages").joinpath("style.css").read_text(encoding="utf-8")
HEADINGS = {
    403: "Not allowed",
    404: "Not found",
    409: "Not now",
    413: "Too large",
    429: "The limit is used up",
    503: "The hub is busy",
}


def _moment(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _when(phase: PhaseView) -> str:
    if phase.is_open:
        return "open" if phase.closes is None else f"open until {_moment(phase.closes)}"
    if phase.opens is not None and phase.opens > datetime.now(UTC):
        return f"opens {_moment(phase.opens)}"
    return "closed" if phase.closes is None else f"closed since {_moment(phase.closes)}"


def _bytes(count: int) -> str:
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"


def _score(value: Any) -> str:
    """Write a score with all its digits: on a public split it is the one that a notebook prints."""
    return "–" if value is None else str(value)


def _number(value: Any, step: float | None = None) -> str:
    """Write a score of a board with the digits that its step leaves; four where nothing is rounded."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, str) or math.isinf(value):
        return str(value)
    digits = 4 if not step else max(0, -math.floor(math.log10(step)))
    return f"{value:.{digits}f}"


def _is_sure(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _words(text: str) -> str:
    return text.replace("_", " ")


def _make_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bioimagehub.hub.portal.pages", "html"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "bytes": _bytes, "moment": _moment, "number": _number, "score": _score, "when": _when, "words": _words,
    }  # fmt: skip
    environment.tests["sure"] = _is_sure
    return environment


_environment = _make_environment()


def show(request: Request, name: str, person: Person | None, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page.

    Parameters
    ----------
    request : Request
        What is answered.
    name : str
        Of the template, without ``.html``.
    person : Person or None
        Who sees it.
    status : int
        Of HTTP.
    values
        What the template shows.
    """
    configuration = context_of(request).configuration
    text = _environment.get_template(f"{name}.html").render(
        person=person, prefix=configuration.prefix, hub=configuration.hub_public, **values
    )
    return HTMLResponse(text, status)


def show_problem(request: Request, status: int, text: str, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """Return the page that says why something was not done."""
    answer = show(request, "problem", None, status, heading=HEADINGS.get(status, "Not done"), text=text)
    answer.headers.update(headers or {})
    return answer
