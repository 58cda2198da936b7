"""Widgets for notebooks: browse the archives, look at images, fetch them, take part in challenges, watch clusters."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Not when they are asked for: the packages of their names would take the functions' place.
from bioimagehub.widgets.browse import browse
from bioimagehub.widgets.challenge import challenge
from bioimagehub.widgets.cluster import cluster
from bioimagehub.widgets.download import download
from bioimagehub.widgets.view import view

if TYPE_CHECKING:
    from bioimagehub.widgets.errors import UnknownKeywordError, WidgetError

_PLACES = {"UnknownKeywordError": "errors", "WidgetError": "errors"}

__all__ = ["UnknownKeywordError", "WidgetError", "browse", "challenge", "cluster", "download", "view"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        msg = f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(__all__))}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
