"""What goes wrong in a widget.

::

    WidgetError
    ├── QuestionError (ValueError)            a page asked what its widget does not answer
    ├── UnknownKeywordError (TypeError)       a widget was made with a keyword that it does not have
    └── ViewError                             an image cannot be shown
        ├── NotOpenYetError                   it is still being opened, or could not be
        ├── SlowStoreError (TimeoutError)     its store does not answer
        ├── TakenBackError                    what was asked for is not wanted any more
        ├── TooLargeError                     far too much would have to be read
        └── UnviewableError (ValueError)      it is no image, or of a kind that has no one brightness
"""

from __future__ import annotations


class WidgetError(Exception):
    """Base of all errors of this room."""


class QuestionError(WidgetError, ValueError):
    """A page asked what its widget does not answer: it is of another version, or it is no page of ours."""


class UnknownKeywordError(WidgetError, TypeError):
    """A widget was made with a keyword that it does not have."""


class ViewError(WidgetError):
    """An image cannot be shown."""


class NotOpenYetError(ViewError):
    """An image is still being opened, or could not be opened."""


class SlowStoreError(ViewError, TimeoutError):
    """The store of an image does not answer."""


class TakenBackError(ViewError):
    """What was asked for is not wanted any more."""


class TooLargeError(ViewError):
    """Far too much would have to be read."""


class UnviewableError(ViewError, ValueError):
    """What was given is no image, or of a kind that cannot be shown as it is."""
