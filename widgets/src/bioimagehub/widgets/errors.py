"""What goes wrong in a widget.

::

    WidgetError
    ├── QuestionError (ValueError)            a page asked what its widget does not answer
    └── UnknownKeywordError (TypeError)       a widget was made with a keyword that it does not have
"""

from __future__ import annotations


class WidgetError(Exception):
    """Base of all errors of this room."""


class QuestionError(WidgetError, ValueError):
    """A page asked what its widget does not answer: it is of another version, or it is no page of ours."""


class UnknownKeywordError(WidgetError, TypeError):
    """A widget was made with a keyword that it does not have."""
