"""Take part in a challenge from a notebook: data, rules, own score, submissions, leaderboard, what was missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bioimagehub.widgets.challenge.widget import ChallengeWidget

__all__ = ["challenge"]


def challenge(name: Any, *, predictions: Any = None, **traits: Any) -> ChallengeWidget:
    """Take part in a challenge.

    Parameters
    ----------
    name : path or str
        A challenge file, or a folder with ``challenge.yaml``; the name of a challenge of the notebooks, such as
        ``"nuclei-2d"``; or the name of one of the hub.
    predictions : mapping, path or None
        Predictions by case, or a folder, a zip file or a CSV file with them; also ``.predictions`` of the widget.
    **traits
        State to begin with: ``tab``, ``phase``, ``entry``, … as `ChallengeWidget` has them.

    Returns
    -------
    ChallengeWidget
        A widget. ``.score_predictions()`` scores them as the hub does, ``.submit()`` sends them.

    Raises
    ------
    NoSuchChallengeError
        If there is no such challenge; it lists those that there are.
    ChallengeFileError
        If the challenge file has problems; it lists all of them.
    UnknownKeywordError
        If a keyword is no trait.
    """
    from bioimagehub.widgets.challenge.finding import find_challenge
    from bioimagehub.widgets.challenge.portal import find_portal
    from bioimagehub.widgets.challenge.widget import ChallengeWidget

    portal = find_portal()
    return ChallengeWidget(find_challenge(name, portal), portal, predictions=predictions, **traits)
