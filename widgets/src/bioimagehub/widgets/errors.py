"""What goes wrong in a widget.

::

    WidgetError
    ├── NoSuchChallengeError (LookupError)    no challenge of that name on this machine or the hub
    ├── NothingToFetchError (ValueError)      a download is given nothing that can be fetched, or nothing is chosen
    ├── NotNowError (RuntimeError)            a download is told to do what it cannot do in its state
    ├── PortalError (OSError)                 the portal of the hub is not reached, or does not answer as expected
    ├── PredictionsError (ValueError)         predictions are missing, are none, or cannot be scored here
    ├── QuestionError (ValueError)            a page asked what its widget does not answer
    ├── StoppedError                          what was begun was stopped by its user
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


class NoSuchChallengeError(WidgetError, LookupError):
    """There is no challenge of that name on this machine or on the hub."""


class NothingToFetchError(WidgetError, ValueError):
    """A download is given nothing that can be fetched, or nothing of it is chosen."""


class NotNowError(WidgetError, RuntimeError):
    """A download is told to do what it cannot do in the state that it is in."""


class PortalError(WidgetError, OSError):
    """The portal of the hub is not reached, refuses, or does not answer as expected."""


class PredictionsError(WidgetError, ValueError):
    """Predictions are missing, are none, have problems, or cannot be scored here."""


class QuestionError(WidgetError, ValueError):
    """A page asked what its widget does not answer: it is of another version, or it is no page of ours."""


class StoppedError(WidgetError):
    """What was begun was stopped by its user."""


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
